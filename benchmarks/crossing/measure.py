"""Contenders in turns.

All contenders of a crossing are up at the same time, each in a process of its own, and each idle but for its turn: A B C, A B C.
A round is one turn of each at the same order, so what the machine does meanwhile strikes neighbors alike, and ratios are taken
within a round. What is measured is CPU time of the whole process, all threads, user and system.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.crossing.bridges import contenders
from benchmarks.crossing.crossings import OURS, Contender, Crossing

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("return", "yield")
FLIGHTS = (1, 100, 1000)
START, TURN = 120.0, 90.0  # Seconds that a contender may take to start, and for one turn, on a machine with other work to do.
Cell = tuple[str, int]  # function, calls in flight


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: turns of each contender in each cell.
        times: by calls in flight, how often they are made in one turn.
    """

    rounds: int = 9
    times: dict[int, int] = field(default_factory=lambda: {1: 150, 100: 3, 1000: 1})


QUICK = Plan(rounds=3, times={1: 20, 100: 1, 1000: 1})


@dataclass
class Found:
    """One contender's figures on one crossing.

    Attributes:
        cost: by cell, CPU microseconds a call, one figure a round.
        failed: by cell or, for all, by None: why there are none.
    """

    name: str
    kind: str
    cost: dict[Cell, list[float]] = field(default_factory=dict)
    failed: dict[Cell | None, str] = field(default_factory=dict)

    def ratio(self, other: Found, cell: Cell) -> list[float]:
        """This one's cost as a multiple of the other's, round by round."""
        return [mine / theirs for mine, theirs in zip(self.cost[cell], other.cost[cell], strict=False)]


class Failed(Exception):
    """A contender's process did not do what it was told; the text says why."""


class Child:
    """A contender's process."""

    def __init__(self, crossing: Crossing, contender: Contender, cpu: int | None) -> None:
        self.found = Found(contender.name, contender.kind)
        self.complaint = tempfile.TemporaryFile("w+")  # noqa: SIM115
        command = [sys.executable, "-m", "benchmarks.crossing.worker", crossing.caller, crossing.callee, crossing.topology]
        self.process = subprocess.Popen(
            [*command, contender.name],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaint,
            bufsize=0,
        )
        if cpu is not None:
            os.sched_setaffinity(self.process.pid, {cpu})
        self.selector = selectors.DefaultSelector()
        assert self.process.stdout is not None
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def answer(self, seconds: float) -> float:
        """The CPU seconds that it reports."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline() if self.selector.select(seconds) else None
        if line is None:
            raise Failed(f"hung: nothing for {seconds:.0f} s")
        if not line:
            raise Failed(self._last_words())
        return float(line)

    def turn(self, cell: Cell, times: int) -> float:
        """Have it do one cell, and give microseconds a call."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps([*cell, times]).encode() + b"\n")
        return round(self.answer(TURN) / (times * cell[1]) * 1e6, 3)

    def _last_words(self) -> str:
        self.process.wait(5)
        self.complaint.seek(0)
        said = [line.strip() for line in self.complaint.read().splitlines() if line.strip()]
        return f"ended with {self.process.returncode}: {said[-1][:200] if said else 'no word'}"

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.complaint):
            if file is not None:
                file.close()
        self.selector.close()


def measure(crossing: Crossing, plan: Plan, cpu: int | None = None) -> list[Found]:
    """Measure all contenders of a crossing; one that fails or hangs is found with its reason, and the rest go on."""
    found: list[Found] = []
    children: list[Child] = []
    try:
        for contender in contenders(crossing):
            missing = contender.missing()
            if missing:
                found.append(Found(contender.name, contender.kind, failed={None: f"{', '.join(missing)} not installed"}))
                continue
            children.append(Child(crossing, contender, cpu))
            found.append(children[-1].found)
        for child in list(children):
            with _or_out(child, children, None):
                child.answer(START)
        for cell in [(function, flight) for flight in FLIGHTS for function in FUNCTIONS]:
            _rounds(children, cell, plan)
    finally:
        for child in children:
            child.end()
    return found


def _rounds(children: list[Child], cell: Cell, plan: Plan) -> None:
    times = plan.times[cell[1]]
    for number in range(-1, plan.rounds):  # One turn each to warm up.
        for child in list(children):
            with _or_out(child, children, cell):
                cost = child.turn(cell, times)
                if number >= 0:
                    child.found.cost.setdefault(cell, []).append(cost)


@contextlib.contextmanager
def _or_out(child: Child, children: list[Child], cell: Cell | None) -> Iterator[None]:
    try:
        yield
    except Failed as reason:
        child.found.failed[cell] = str(reason)
        if cell is not None:
            child.found.cost.pop(cell, None)
        children.remove(child)
        child.end()


def fastest(found: list[Found], kind: str, cell: Cell) -> Found | None:
    """Of the contenders of a kind that have figures in this cell, the one with the lowest median."""
    able = [one for one in found if one.kind == kind and cell in one.cost]
    return min(able, key=lambda one: median(one.cost[cell]), default=None)


def ours(found: list[Found]) -> Found:
    """Our own bridge."""
    return next(one for one in found if one.kind == OURS)


def machine() -> dict[str, Any]:
    """On what, and with which versions."""
    import importlib.metadata
    import platform

    names = [
        "uvloop", "tornado", "anyio", "trio", "twisted", "gevent", "eventlet", "greenlet", "trio-asyncio", "crochet", "asgiref",
        "greenback", "asyncio-gevent",
    ]  # fmt: skip
    versions = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    cpuinfo = Path("/proc/cpuinfo")
    said = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    cpu = next((line.partition(":")[2].strip() for line in said if "model name" in line), platform.machine())
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": cpu,
        "cpus": os.cpu_count(),
        "versions": versions,
    }
