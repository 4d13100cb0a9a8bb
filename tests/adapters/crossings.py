"""Which crossings there are to test, and their promises run in a process of their own."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interop.portal import FRAMEWORKS

ROOT = Path(__file__).parents[2]
TESTED = ["asyncio", "trio", "threads"]


@dataclass(frozen=True)
class Crossing:
    caller: str
    callee: str
    topology: str

    def __str__(self) -> str:
        return f"{self.caller}->{self.callee}/{self.topology}"

    @property
    def missing(self) -> str | None:
        """What is not installed here."""
        for name in (self.caller, self.callee):
            package = FRAMEWORKS[name][2]
            if package and importlib.util.find_spec(package) is None:
                return f"{package} is not installed"
        return None


CROSSINGS = [Crossing(caller, callee, "thread") for caller in TESTED for callee in TESTED]


@functools.cache
def findings(crossing: Crossing) -> tuple[dict[str, dict[str, Any]], str]:
    """The finding of each promise, and what the worker said on standard error; it must say nothing."""
    command = [sys.executable, "-X", "dev", "-W", "error"]
    command += ["-m", "tests.adapters.worker", crossing.caller, crossing.callee, crossing.topology]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    found: dict[str, dict[str, Any]] = {}
    begun = None
    for line in done.stdout.splitlines():
        finding = json.loads(line)
        if "begin" in finding:
            begun = finding["begin"]
        elif "promise" in finding:
            found[finding["promise"]] = finding
            begun = None
    if begun is not None:
        found[begun] = {"verdict": "hung or crashed", "text": f"exit code {done.returncode}\n{done.stderr}"}
    complaint = done.stderr if done.stderr.strip() or done.returncode == 0 else f"exit code {done.returncode}"
    return found, complaint
