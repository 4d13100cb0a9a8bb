"""law_tests(): the laws of a bridge as one parametrized test function.

All laws of a crossing are checked in one worker process, when the first item of that crossing runs, and only those laws whose
items are selected; the items then report. It needs pytest and no plugin.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop.bridges.bridge import Bridge
from interop.bridges.crossing import Crossing
from interop.errors import InteropError
from interop.laws.departures import Departure, find, read
from interop.laws.law import CHAPTERS, Law, catalogue
from interop.portal import FRAMEWORKS

if TYPE_CHECKING:
    from interop.record import Finding

PARAMETER = "interop_law"


class Case:
    """One item: a law on a crossing of a bridge."""

    def __init__(self, kind: type[Bridge], crossing: Crossing, law: Law) -> None:
        self.kind, self.crossing, self.law = kind, crossing, law

    @property
    def cell(self) -> tuple[type[Bridge], Crossing]:
        """Those that are checked in one process."""
        return self.kind, self.crossing

    def __str__(self) -> str:
        return f"{self.law.id}[{self.crossing}]"


def law_tests(
    *kinds: type[Bridge],
    laws: Sequence[str] = (),
    crossings: Sequence[str] = (),
    departures: str | Path | Sequence[Departure] = (),
) -> Callable[..., None]:
    """A test function: one item for each law on each crossing, "C2[trio->asyncio/guest]".

    A law that is kept passes; one that does not apply is skipped, with the reason; a broken law that is a known departure is an
    expected failure, and an error once it is kept; everything else fails, with evidence.

    Args:
        kinds: bridges' classes. A worker process imports them, so each is at the top of a module that can be imported.
        laws: ids or chapters, "C2" or "C"; all by default.
        crossings: like "trio->asyncio/guest"; all that the bridges name by default.
        departures: known broken laws, or a TOML file of them beside the test file; see docs/testing-a-bridge.md.

    Raises:
        InteropError: a bridge without a name or a crossing, or a name that nothing has.

    Example:
        test_law = law_tests(MyBridge, departures="departures.toml")
    """
    if "_pytest" not in sys.modules:  # A worker process imports this test file for the bridge in it.
        return _not_here
    import pytest

    cases = [Case(kind, crossing, law) for kind in kinds for crossing in _crossings(kind, crossings) for law in _laws(laws)]
    if not cases:
        raise InteropError("law_tests() has no law to check: none of the crossings is one of the bridges'")
    known = _departures(departures, Path(sys._getframe(1).f_code.co_filename).parent)
    names = [f"{case.kind.name}:{case}" if len(kinds) > 1 else str(case) for case in cases]

    @pytest.mark.parametrize(PARAMETER, cases, ids=names)
    def test_law(interop_law: Case, request: Any) -> None:
        _report(_finding(interop_law, request.session), interop_law, known, request.node.nodeid)

    return test_law  # type: ignore[no-any-return]


def _not_here() -> None:
    raise RuntimeError("law_tests() was called outside pytest")


def _laws(asked: Sequence[str]) -> Iterator[Law]:
    known = catalogue()
    for name in asked:
        if name not in known and name not in CHAPTERS:
            raise InteropError(f"no law or chapter is called {name!r}; `interop laws` lists them")
    return (law for law in known.values() if not asked or law.id in asked or law.chapter in asked)


def _crossings(kind: type[Bridge], asked: Sequence[str]) -> list[Crossing]:
    if not kind.name or not kind.crossings:
        raise InteropError(f"{kind.__qualname__} needs a name and at least one crossing to be tested")
    if "<locals>" in kind.__qualname__:
        raise InteropError(f"{kind.__qualname__} is inside a function, where a worker process cannot import it")
    for crossing in kind.crossings:
        for name in (crossing.caller, crossing.callee):
            if name not in FRAMEWORKS:
                raise InteropError(f"no framework is called {name!r}; there are {', '.join(FRAMEWORKS)}")
    return [crossing for crossing in kind.crossings if not asked or str(crossing) in asked]


def _departures(given: str | Path | Sequence[Departure], folder: Path) -> list[Departure]:
    return read(folder / given) if isinstance(given, (str, Path)) else list(given)


_found: Any = weakref.WeakKeyDictionary()  # of a pytest session: its cells, and what was found in each


def _finding(case: Case, session: Any) -> Finding:
    """What was found; the first item of a cell has all of its selected laws checked."""
    findings: dict[str, Finding] = _found.setdefault(session, {}).setdefault(case.cell, {})
    if case.law.id not in findings:
        selected = [other for item in session.items if (other := _case(item)) is not None and other.cell == case.cell]
        ids = [other.law.id for other in selected if other.law.id not in findings]
        findings |= _check(case, tuple(dict.fromkeys(ids)))
    return findings[case.law.id]


def _case(item: Any) -> Case | None:
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get(PARAMETER) if callspec else None
    return case if isinstance(case, Case) else None


def _check(case: Case, ids: tuple[str, ...]) -> dict[str, Finding]:
    from interop.harness import runner
    from interop.harness.cell import Cell

    cell = Cell(f"{case.kind.__module__}:{case.kind.__qualname__}", case.crossing, ids)
    return {finding.check: finding for finding in runner.check(cell, threading.Event())}


def _report(finding: Finding, case: Case, known: Sequence[Departure], node: str) -> None:
    import pytest

    entry = find(known, finding.check, finding.subject, finding.bridge)
    if finding.verdict in ("not-applicable", "inconclusive"):
        pytest.skip(f"inconclusive: {finding.reason}" if finding.verdict == "inconclusive" else finding.reason)
    if finding.verdict == "kept" and entry and not entry.race:
        pytest.fail(f"{case} is kept: its departure is not needed any more: {entry.said}", pytrace=False)
    if finding.verdict == "broken" and entry:
        pytest.xfail(entry.said)
    if finding.verdict != "kept":
        from interop.harness import controls

        pytest.fail(_told(controls.beside([finding], jobs=2)[0], case, node), pytrace=False)


def _told(finding: Finding, case: Case, node: str) -> str:
    law = case.law
    parts = [
        f"{law.id} {finding.verdict} on {finding.subject} ({finding.bridge}): {finding.reason}",
        f"the law ({law.strength}): {law.sentence}\nits source: {law.source}\n{law.look}",
    ]
    if finding.evidence.get("flavours"):
        parts.append("by flavour: " + ", ".join(f"{name} {verdict}" for name, verdict in finding.evidence["flavours"].items()))
    if finding.evidence.get("control"):
        parts += [f"{name} by itself, without a bridge: {said}" for name, said in finding.evidence["control"].items()]
    for title, text in (
        ("what happened", "\n".join(f"- {step}" for step in finding.trace)),
        ("traceback", str(finding.evidence.get("traceback", ""))),
        ("who waited for whom, and what was printed", finding.stacks),
    ):
        if text.strip():
            parts.append(f"--- {title}\n{text.rstrip()}")
    return "\n\n".join([*parts, f"again: pytest '{node}'"])
