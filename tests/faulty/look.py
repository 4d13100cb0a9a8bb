"""Show what a fault breaks, and why: python -m tests.faulty.look NAME ..."""

from __future__ import annotations

import sys
import time

from tests.faulty.matrix import BAD, faults, findings

if __name__ == "__main__":
    names = sys.argv[1:]
    chapters = [name for name, kind in faults().items() if kind.__module__.rpartition(".")[2] in names]
    shown = set[str]()
    began = time.monotonic()
    for finding in findings([*names, *chapters]):
        if finding.verdict in BAD or finding.verdict in ("blocked", "kit-error"):
            print(f"{finding.bridge:40} {finding.check:4} {finding.verdict:8} {finding.reason[:150]}", flush=True)
            if finding.verdict in ("blocked", "crashed") and finding.bridge not in shown:
                shown.add(finding.bridge)
                print(finding.stacks[-1500:])
    print(f"{time.monotonic() - began:.1f} s")
