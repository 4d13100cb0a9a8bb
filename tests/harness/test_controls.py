"""What broke is tried again without a bridge: what a framework does by itself is told beside what the bridge did."""

import sys

from interop.bridges.control import Control
from interop.harness import controls, runner
from interop.harness.cell import Cell
from interop.harness.judging import judged
from interop.laws import departures
from interop.laws.law import catalogue
from interop.record import Finding
from interop.report.facts import why

ALL = frozenset(crossing.caller for crossing in Control.crossings)
TRIO = {"trio", "anyio[trio]"}
STRUCTURED = {*TRIO, "anyio[asyncio]"}
DEFERRED = {"twisted", "twisted[asyncio]"}
GREEN = {"gevent", "eventlet"}
# A plain call does not keep these; docs/decisions/0013 says what each of them asks for.
NOT_KEPT = {
    "C4": ALL - STRUCTURED,
    "C7": ALL - TRIO,
    "C14": ALL - STRUCTURED - DEFERRED,
    "C16": ALL - STRUCTURED,
    "X2": ALL,
    "X5": ALL - DEFERRED - {"threads"},
    "X10": ALL,
    "L10": ALL - {"threads"},
    "S3": ALL,
    "H4": ALL - STRUCTURED - {"threads"},
    "H5": {"gevent"},  # Greenlet.get() gives the GreenletExit of a killed greenlet as a value
    "H21": {"gevent"},  # likewise
    "H7": GREEN,
    "H9": {"threads"} if sys.version_info < (3, 13, 4) else set[str](),
    "H12": {"asyncio", "asyncio[uvloop]"} if sys.version_info < (3, 11) else set[str](),  # a Future forgets the message
    "H10": {*GREEN, "threads"},
    "V22": {*GREEN, "threads"},
}


def broken(law: str, subject: str) -> Finding:
    return Finding(law, law[0], subject, "broken", "saw nothing", bridge="somebody's")


def test_each_framework_by_itself_breaks_what_it_is_known_to_break_and_nothing_else() -> None:
    kept = [law for law in catalogue() if not law.startswith("F") and law not in NOT_KEPT]
    cells = [Cell(controls.SPEC, crossing, (*NOT_KEPT, *kept)) for crossing in Control.crossings]
    seen: dict[str, set[str]] = {}
    for finding in runner.run([cell for cell in cells if not cell.missing], jobs=2):
        name = finding.subject.partition("->")[0]
        if finding.verdict not in ("kept", "not-applicable"):
            seen.setdefault(finding.check, set()).add(name)
    there = {cell.crossing.caller for cell in cells if not cell.missing}
    assert seen == {law: names & there for law, names in NOT_KEPT.items() if names & there}


def test_a_broken_finding_says_what_either_side_does_by_itself() -> None:
    kept = Finding("H5", "H", "asyncio->threads/thread", "kept", bridge="somebody's")
    told, same = controls.beside([broken("H5", "asyncio->gevent/thread"), kept], jobs=2)
    assert told.evidence["control"]["asyncio"] == "kept"
    assert told.evidence["control"]["gevent"].startswith("broken: saw ('Greenlet', 'value', GreenletExit(")
    assert why(told) == "saw nothing; gevent does so without a bridge, too"
    assert same is kept


def test_what_a_framework_does_by_itself_excuses_no_bridge() -> None:
    [told] = controls.beside([broken("X2", "twisted->twisted[private]/thread")], jobs=1)
    assert told.against
    assert list(told.evidence["control"]) == ["twisted"]


def test_a_control_speaks_against_nobody() -> None:
    control = Finding("X2", "X", "trio->trio/alone", "broken", "saw", bridge="control")
    [found], _ = judged([control])
    assert not found.against
    assert controls.beside([found], jobs=1) == [found]


def test_the_departures_for_hubs_that_print_stand_on_what_the_hubs_do_by_themselves() -> None:
    prints = [one for one in departures.read() if "H7" in one.laws]
    assert {crossing.partition("->")[2].rstrip("/*") for one in prints for crossing in one.crossings} == GREEN
    assert NOT_KEPT["H7"] == GREEN
