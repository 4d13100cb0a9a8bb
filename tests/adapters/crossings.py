"""Which crossings there are to test, and their promises run in a process of their own."""

from __future__ import annotations

import concurrent.futures
import functools
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interop.portal import FRAMEWORKS

ROOT = Path(__file__).parents[2]


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


NAMES = [
    "asyncio", "asyncio[uvloop]", "tornado", "twisted", "twisted[asyncio]", "gevent", "eventlet", "trio", "anyio[asyncio]",
    "anyio[trio]", "threads",
]  # fmt: skip
ON_ASYNCIO = ["asyncio", "asyncio[uvloop]", "tornado", "twisted[asyncio]", "anyio[asyncio]"]
ON_TRIO = ["trio", "anyio[trio]"]
PARKS_ASYNCIO = ["gevent", "eventlet", "twisted", *ON_TRIO]


def every() -> Iterator[Crossing]:
    """Every crossing that there is; "hosted" is a guest crossing whose caller is the guest."""
    for caller in NAMES:
        for callee in NAMES:
            # The process has one default reactor: the other one has to be private.
            busy = callee == "twisted" and caller.startswith("twisted")
            yield Crossing(caller, "twisted[private]" if busy else callee, "thread")
    for caller in ON_ASYNCIO:
        for callee in ON_ASYNCIO:
            if callee != "asyncio[uvloop]" or caller == callee:
                yield Crossing(caller, callee, "loop")
    pairs = [(host, guest) for guest in ON_TRIO for host in NAMES if host not in (*ON_TRIO, "threads")]
    pairs += [(host, guest) for guest in ON_ASYNCIO for host in PARKS_ASYNCIO if guest != "asyncio[uvloop]"]
    for host, guest in pairs:
        if (host, guest) != ("twisted", "twisted[asyncio]"):  # Both would be the process's reactor.
            yield Crossing(host, guest, "guest")
            yield Crossing(guest, host, "hosted")


def some() -> Iterator[Crossing]:
    """Every framework on either side of every topology that it has, but not every pair."""
    seen: set[tuple[str, str, str]] = set()
    for crossing in sorted(every(), key=lambda crossing: [*NAMES, "twisted[private]"].index(crossing.callee) * 7 % 11):
        sides = {("caller", crossing.caller, crossing.topology), ("callee", crossing.callee, crossing.topology)}
        if sides - seen and (len(sides - seen) == 2 or crossing.topology != "thread"):
            seen |= sides
            yield crossing


CROSSINGS = list(every() if os.environ.get("INTEROP_CROSSINGS") == "all" else some())
WORKERS = concurrent.futures.ThreadPoolExecutor(2)


@functools.cache
def findings(crossing: Crossing) -> tuple[dict[str, dict[str, Any]], str]:
    """The finding of each promise, and what the worker said on standard error; it must say nothing."""
    if not _begun:
        _begun.update({crossing: WORKERS.submit(_run, crossing) for crossing in CROSSINGS if not crossing.missing})
    return _begun[crossing].result()


_begun: dict[Crossing, concurrent.futures.Future[tuple[dict[str, dict[str, Any]], str]]] = {}


def _run(crossing: Crossing) -> tuple[dict[str, dict[str, Any]], str]:
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
