"""What a file of `interop reproduce` runs: one check, and whether it shows the finding.

Exit codes: 1 it shows the finding, 0 it does not, 3 something is not installed or has no place here, 4 the file itself failed.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from interop.record import Finding

SHOWN, NOT_SHOWN, MISSING, FAILED = 1, 0, 3, 4
RUNS = 5  # of a law: a race does not show itself each time


def main(job: Mapping[str, Any]) -> int:
    """Run what the file says, and say what came of it on standard output. Returns the exit code."""
    try:
        return _probe(job) if "probe" in job else _law(job)
    except KeyboardInterrupt:
        return 130
    except BaseException:
        traceback.print_exc()
        sys.stderr.write("the file itself failed: this says nothing about the finding\n")
        return FAILED


def _law(job: Mapping[str, Any]) -> int:
    from interop.bridges.crossing import Crossing
    from interop.harness import runner
    from interop.harness.cell import Cell

    program, seeds = job.get("program", ""), range(*job.get("seeds", (0, 0)))
    cell = Cell(job["bridge"], Crossing.parse(job["crossing"]), (job["law"],), seeds=seeds, program=program)
    return _until_shown(lambda: next(iter(runner.run([cell], jobs=1))))


def _until_shown(find: Callable[[], Finding]) -> int:
    for number in range(1, RUNS + 1):
        finding = find()
        _say(finding, f"run {number} of at most {RUNS}")
        if finding.verdict in ("broken", "hung", "crashed"):
            return SHOWN
        if finding.verdict == "not-applicable":
            return MISSING
        if finding.verdict == "blocked":
            return MISSING if " cannot be imported: " in finding.reason else FAILED
        if finding.verdict != "kept":
            return FAILED
    return NOT_SHOWN


def _probe(job: Mapping[str, Any]) -> int:
    from interop.harness import probing
    from interop.probes.one import find

    finding = probing.observe(find(job["probe"]))
    if finding.verdict != "observed":
        _say(finding, "")
        return MISSING if finding.verdict == "not-applicable" else FAILED
    value = finding.evidence["value"]
    shows = "value" not in job or value == job["value"]
    if isinstance(value, dict) and "import fails" in value and not shows:
        sys.stdout.write(f"{job['probe']}: {finding.subject} cannot be imported: {value['import fails']}\n")
        return MISSING
    sys.stdout.write(f"{job['probe']} on {finding.subject}: {finding.name.replace('_', ' ')}\n")
    sys.stdout.write(f"  seen here: {json.dumps(value)}\n")
    if "value" in job:
        sys.stdout.write(f"  the finding: {json.dumps(job['value'])}\n")
    return SHOWN if shows else NOT_SHOWN


def _say(finding: Finding, which: str) -> None:
    words = f"{finding.check} {finding.verdict} on {finding.subject}"
    words += f" by {finding.bridge}" if finding.bridge else ""
    sys.stdout.write(words + (f": {finding.reason}" if finding.reason else "") + (f" ({which})" if which else "") + "\n")
    for step in finding.trace if finding.verdict != "kept" else ():
        sys.stdout.write(f"  - {step}\n")
    for text in (str(finding.evidence.get("traceback", "")), finding.stacks):
        if text.strip():
            sys.stdout.write("".join(f"  | {line}\n" for line in text.rstrip().splitlines()))
    sys.stdout.flush()
