"""What runs in each environment, by its own interpreter: imports, probes and laws into a record.

python -m interop.upgrade.inside REQUEST.json; it says what it has done on standard output, a line a finding: "DONE TOTAL NAME".
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from interop.harness import judging, planner, probing, runner
from interop.harness.cell import Cell
from interop.laws.law import catalogue as laws
from interop.laws.law import revision
from interop.probes.probe import Probe, catalogue
from interop.record import Finding, new, write

PATIENCE = 60.0  # seconds for the import of one distribution
IMPORT = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"


def main(path: str) -> int:
    """Do what the request says, and write the record where it says."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent's way to end it, and all that it started
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    known = catalogue()
    probes = [known[id] for id in request["probes"]]
    cells = [cell for entry in request["laws"] for cell in _cells(entry)]
    findings = [Finding(**finding) for finding in request["findings"]]
    total = len(findings) + len(request["imports"]) + len(probes) + sum(len(cell.laws) for cell in cells)
    for finding in _all(request["imports"], probes, cells, request["jobs"]):
        findings.append(finding)
        sys.stdout.write(f"{len(findings)} {total} {finding.check} {finding.subject}\n")
        sys.stdout.flush()
    findings, _ = judging.judged(findings)
    checks = {**{probe.id: probe.revision for probe in probes}, **{id: law.revision for id, law in laws().items()}}
    write(new(findings, expected=total, laws=revision(), checks=checks), request["record"])
    return 0


def _cells(entry: Mapping[str, Any]) -> list[Cell]:
    return planner.cells(crossings=[entry["crossing"]], bridges=[entry["bridge"]], laws=entry["ids"])


def _all(imports: Mapping[str, list[str]], probes: Sequence[Probe], cells: Sequence[Cell], jobs: int) -> Iterator[Finding]:
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        yield from pool.map(_imported, imports, imports.values())
    if probes:
        yield from probing.run(probes, jobs=jobs)
    if cells:
        yield from runner.run(cells, jobs=jobs)


def _imported(distribution: str, modules: Sequence[str]) -> Finding:
    """Import a distribution's modules in a process of their own; warnings are for the probes."""
    command = [sys.executable, "-W", "ignore", "-X", "faulthandler", "-c", IMPORT, *modules]
    verdict, reason = "kept", ""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, errors="replace"
        )
    except subprocess.TimeoutExpired:
        verdict, reason = "hung", f"the import takes more than {PATIENCE:.0f} s"
    else:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        if done.returncode < 0:
            verdict, reason = "crashed", signal.Signals(-done.returncode).name
        elif done.returncode:
            verdict, reason = "broken", last
    return Finding(
        "import", "import", distribution, verdict, reason, name="it_can_be_imported", evidence={"modules": list(modules)}
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
