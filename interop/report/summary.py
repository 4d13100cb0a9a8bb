"""The table that every report shows: a row for a subject and bridge, a column for a chapter, how much was kept in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interop.record import Finding, Record
from interop.report.facts import MARKS, label, outcome


@dataclass(frozen=True)
class Cell:
    """All findings of one subject and bridge in one chapter."""

    findings: Sequence[Finding]

    @property
    def state(self) -> str:
        """The word of MARKS for the cell: the worst that is in it."""
        states = {outcome(finding) for finding in self.findings}
        if not states:
            return ""
        if any(finding.against for finding in self.findings):
            return "broken"
        return next(state for state in ("inconclusive", "departure", "kept", "observed", "not-applicable") if state in states)

    @property
    def text(self) -> str:
        """A mark, and how many were kept, of how many if it was not all; empty where there is nothing."""
        applicable = [finding for finding in self.findings if finding.verdict != "not-applicable"]
        good = sum(finding.verdict in ("kept", "observed") for finding in applicable)
        if not applicable:
            return "-" if self.findings else ""
        return f"{MARKS[self.state]} {good}" if good == len(applicable) else f"{MARKS[self.state]} {good}/{len(applicable)}"


@dataclass(frozen=True)
class Summary:
    """Rows are labels and their cells, one for each chapter."""

    chapters: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def summary(record: Record) -> Summary:
    """Sort the findings into cells; rows and chapters come in the order of the record."""
    chapters = list(dict.fromkeys(finding.chapter for finding in record.findings))
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in record.findings:
        found.setdefault((label(finding), finding.chapter), []).append(finding)
    labels = dict.fromkeys(label for label, _ in found)
    return Summary(chapters, [(label, [Cell(found.get((label, chapter), ())) for chapter in chapters]) for label in labels])
