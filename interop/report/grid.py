"""The matrix in small: callers down, callees across, in each cell how much was kept over all topologies."""

from __future__ import annotations

from interop.record import Finding, Record
from interop.record.crossing import crossing
from interop.report.summary import Cell


def grid(record: Record) -> tuple[list[str], list[list[str]]] | None:
    """Heads and rows, the first of each a name; None if there are too few crossings for a matrix to say more than a list."""
    cells: dict[tuple[str, str], list[Finding]] = {}
    subjects = set()
    for finding in record.findings:
        where = crossing(finding.subject)
        if where is not None:
            subjects.add(finding.subject)
            cells.setdefault((where.caller, _shared(where.callee)), []).append(finding)
    if len(subjects) <= MOST_LISTED or len({finding.bridge for found in cells.values() for finding in found}) > 1:
        return None
    callers, callees = (list(dict.fromkeys(pair[side] for pair in cells)) for side in (0, 1))
    rows = [[caller, *(Cell(cells.get((caller, callee), ())).text for callee in callees)] for caller in callers]
    return ["calls", *callees], rows


MOST_LISTED = 24  # crossings; more are drawn as a matrix


def _shared(callee: str) -> str:
    """A private reactor is Twisted's default one where another framework is the caller: one column."""
    return "twisted" if callee == "twisted[private]" else callee
