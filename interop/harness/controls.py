"""What broke is tried again with no bridge: each framework calls itself. What it does by itself, no bridge has done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from interop.bridges.control import Control
from interop.bridges.crossing import Crossing
from interop.harness import runner
from interop.harness.cell import Cell
from interop.laws.law import catalogue
from interop.record import Finding

BAD = ("broken", "hung", "crashed")
SPEC = f"{Control.__module__}:{Control.__qualname__}"


def beside(findings: Sequence[Finding], *, jobs: int) -> list[Finding]:
    """The same findings; each that speaks against a bridge has under "control" what either framework does by itself.

    It excuses nothing, for a plain call promises less than a bridge does; only departures excuse (docs/decisions/0013).
    """
    wanted: dict[str, set[str]] = {}
    for finding in findings:
        for name in _sides(finding):
            wanted.setdefault(name, set()).add(finding.check)
    alone = {crossing.caller: crossing for crossing in Control.crossings}
    cells = [Cell(SPEC, alone[name], tuple(id for id in catalogue() if id in ids)) for name, ids in wanted.items()]
    seen = {(finding.subject, finding.check): finding for finding in runner.run(cells, jobs=jobs)}
    found = []
    for finding in findings:
        control = {name: _said(seen[str(alone[name]), finding.check]) for name in _sides(finding)}
        found.append(replace(finding, evidence={**finding.evidence, "control": control}) if control else finding)
    return found


def _sides(finding: Finding) -> list[str]:
    if not finding.against or finding.verdict not in BAD or finding.bridge in ("", Control.name):
        return []
    crossing = Crossing.parse(finding.subject)
    # A private reactor is a reactor like any other.
    return list(dict.fromkeys(name.replace("twisted[private]", "twisted") for name in (crossing.caller, crossing.callee)))


def _said(finding: Finding) -> str:
    return finding.verdict + (f": {finding.reason}" if finding.reason else "")
