"""From findings to judgments: known departures are excused, and repeated runs are taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from interop.bridges.control import Control
from interop.laws import departures
from interop.record import Finding


def judged(findings: Sequence[Finding]) -> tuple[list[Finding], list[str]]:
    """The findings with their departures, and what is wrong with the list of departures.

    A departure excuses "broken", and nothing else.
    """
    known = departures.read()

    def excuse(finding: Finding) -> str:
        if finding.bridge == Control.name:
            return "a framework by itself: there is no bridge here that could keep it"
        entry = departures.find(known, finding.check, finding.subject, finding.bridge)
        return entry.said if entry else ""

    found = [
        replace(finding, departure=excuse(finding)) if finding.verdict == "broken" and finding.bridge else finding
        for finding in findings
    ]
    checked = [
        (finding.check, finding.subject, finding.bridge, finding.verdict == "broken")
        for finding in findings
        if finding.bridge and finding.verdict in ("broken", "kept")
    ]
    return found, departures.stale(known, checked)


GOOD_TO_BAD = ("observed", "kept", "not-applicable", "inconclusive", "blocked", "kit-error", "broken", "hung", "crashed")


def together(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each that was made several times: the worst, with the rate at which the others differ from it."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.key, []).append(finding)
    found = []
    for group in groups.values():
        # What could not be told once, and could another time, is told.
        group = [finding for finding in group if finding.verdict != "inconclusive"] or group
        worst = max(group, key=lambda finding: GOOD_TO_BAD.index(finding.verdict))
        verdicts = Counter(finding.verdict for finding in group)
        if len(verdicts) > 1:
            rate = verdicts[worst.verdict] / len(group)
            worst = replace(
                worst,
                reason=f"flaky, {worst.verdict} in {verdicts[worst.verdict]} of {len(group)} runs: {worst.reason}",
                evidence={**worst.evidence, "verdicts": dict(verdicts), "rate": round(rate, 4)},
            )
        found.append(worst)
    return found
