"""What differs is observed again before it is called a change: a probe once, a law until it has said the same five times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from interop.record import Finding, Record, new
from interop.record.diff import compare
from interop.upgrade.comparison import Side, again
from interop.upgrade.observe import Request

CROSSING = "trio->twisted/thread"
LAW = Finding("C2", "C", CROSSING, "kept", name="the_caller_resumes_after_cleanup", bridge="somebody-s")
PROBE = Finding("P12", "P", "tornado", "observed", evidence={"value": 1}, name="gen_multi", strength="PROBE")
REQUEST = Request(probes=["P12"], laws=[{"crossing": CROSSING, "bridge": "somebody-s", "ids": ["C2", "C3"]}])


def asked(
    old: Sequence[str], new_: Sequence[str], probes: tuple[int, int] = (1, 2)
) -> tuple[Any, list[tuple[str, int, Request]]]:
    """The comparison where the law's verdicts come in this order on each side, and what was asked after the first run."""
    environment: Any = None
    sides = [Side(name, environment, REQUEST) for name in ("before", "after")]
    verdicts, value = {"before": old, "after": new_}, dict(zip(("before", "after"), probes, strict=True))
    questions: list[tuple[str, int, Request]] = []

    def observed(side: Side, number: int) -> Record:
        name = side.name.split()[0]
        findings = [replace(LAW, verdict=verdicts[name][number - 1])] if side.request.laws else []
        findings += [replace(PROBE, evidence={"value": value[name]})] if side.request.probes else []
        questions.append((name, number, side.request))
        return new(findings, expected=len(findings))

    records = [[observed(side, 1)] for side in sides]
    questions.clear()
    again(sides, records, {"C2", "C3"}, observed)
    return compare(*records), questions


def test_a_law_that_is_another_one_each_time_on_both_sides_is_a_change() -> None:
    difference, questions = asked(["broken"] * 5, ["kept"] * 5)
    assert [change.id for change in difference.mends] == ["C2"]
    assert [number for name, number, _ in questions if name == "after"] == [2, 3, 4, 5]


@pytest.mark.parametrize("time", [2, 3, 4, 5])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_law_that_says_something_else_once_is_noise(side: str, time: int) -> None:
    verdicts = {"before": ["broken"] * 5, "after": ["kept"] * 5}
    verdicts[side][time - 1] = "kept" if side == "before" else "broken"
    difference, questions = asked(verdicts["before"], verdicts["after"])
    assert [noise.id for noise in difference.noise] == ["C2"]
    assert [change.id for change in difference.changes] == ["P12"]
    assert max(number for _, number, _ in questions) == time


def test_a_probe_is_observed_once_more_and_what_does_not_differ_is_not() -> None:
    difference, questions = asked(["kept"], ["kept"])
    assert [change.id for change in difference.changes] == ["P12"]
    assert questions == [(name, 2, Request(probes=["P12"], laws=[])) for name in ("before", "after")]
    assert asked(["kept"], ["kept"], (1, 1))[1] == []
