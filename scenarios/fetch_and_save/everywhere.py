"""The same errands in many frameworks, each in processes of its own, and what came of each errand.

A framework that hangs is ended and its open errands are "hung"; one that dies leaves "crashed". The caller survives both.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any

from scenarios.fetch_and_save import urls
from scenarios.fetch_and_save.deadline import TIMEOUT
from scenarios.fetch_and_save.errors import one_line
from scenarios.fetch_and_save.job import Errand

PATIENCE = 60.0  # seconds beyond an errand's own deadline, for starting up and on a busy machine


@dataclass(frozen=True)
class Outcome:
    """How one errand ended in one framework. `kind` is "ok", a kind of the contract, "hung" or "crashed"."""

    framework: str
    errand: Errand
    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.kind == "ok":
            return "status {status}, {bytes} bytes, sha256 {sha256}, from {final_url}".format_map(self.details)
        return f"{self.kind}: {self.details.get('says', '')}"

    @property
    def shown_url(self) -> str:
        """The URL, less credentials."""
        return one_line(urls.without_credentials(self.errand.url), urls.MAX_URL)

    @property
    def value(self) -> tuple[Any, ...]:
        """What must be the same in every framework."""
        return (self.kind, *(self.details.get(name) for name in ("url", "final_url", "status", "bytes", "sha256")))


@dataclass(frozen=True)
class Figures:
    """What one process measured: resident memory once the framework was imported and at its peak, in bytes, and how long
    after its deadline the latest errand ended, in seconds.
    """

    base: int
    peak: int
    latest: float


class Worker:
    """One process of one framework.

    Args:
        environment: variables to add to this process's own.
    """

    def __init__(
        self,
        framework: str,
        errands: Sequence[Errand],
        *,
        store: str | None = None,
        concurrency: int = 10,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._framework, self._errands = framework, errands
        entries = [{"number": n, "url": errand.url, "limits": errand.limits} for n, errand in enumerate(errands)]
        self._order = json.dumps({"framework": framework, "store": store, "concurrency": concurrency, "errands": entries})
        self._environment = {**os.environ, **(environment or {})}
        self.figures: Figures | None = None
        self.said = ""
        self._process: subprocess.Popen[str] | None = None
        self._ended = False

    @property
    def pid(self) -> int | None:
        """Of the process, once there is one."""
        return None if self._process is None else self._process.pid

    def end(self) -> None:
        """Kill the process: the errands that are still open are "crashed". From any thread, at any time."""
        self._ended = True
        if self._process is not None:
            self._process.kill()

    def outcomes(self) -> Iterator[Outcome]:
        """Run the process and yield each outcome as it is known: exactly one an errand, whatever happens."""
        open_errands = dict(enumerate(self._errands))
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "scenarios.fetch_and_save.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self._environment,
        )
        assert process.stdin and process.stdout and process.stderr
        if self._ended:
            process.kill()
        with process, ThreadPoolExecutor(2) as readers:
            try:
                lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
                errors = readers.submit(process.stderr.read)
                readers.submit(_pump, process.stdout, lines)
                with contextlib.suppress(OSError):
                    process.stdin.write(self._order)
                    process.stdin.close()
                end = yield from self._follow(lines, open_errands)
                if end == "crashed":
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(PATIENCE)
            finally:
                process.kill()
                process.wait()
            self.said = errors.result()
        last = (self.said.strip().splitlines() or ["it said nothing"])[-1]
        what = f"exit code {process.returncode}: {last}" if end == "crashed" else "no outcome in time"
        for errand in open_errands.values():
            yield Outcome(self._framework, errand, end, {"says": one_line(what)})

    def _follow(self, lines: "queue.SimpleQueue[str | None]", open_errands: dict[int, Errand]) -> Generator[Outcome, None, str]:
        longest = max((float(errand.limits.get("timeout", TIMEOUT)) for errand in self._errands), default=0.0)
        base = 0
        while True:
            try:
                line = lines.get(timeout=longest + PATIENCE)
            except queue.Empty:
                return "hung"
            if line is None:
                return "crashed"
            answer = json.loads(line)
            if "number" in answer:
                yield Outcome(self._framework, open_errands.pop(answer["number"]), answer.pop("kind"), answer)
            elif "ready" in answer:
                base = answer["memory"]
            else:
                self.figures = Figures(base, answer["memory"], answer["latest"])
                return "crashed"  # if anything is still open: it ended without a word on that


def _pump(lines: IO[str], into: "queue.SimpleQueue[str | None]") -> None:
    for line in lines:
        into.put(line)
    into.put(None)


def everywhere(
    frameworks: Sequence[str], errands: Sequence[Errand], *, store: str | None = None, concurrency: int = 10, processes: int = 2
) -> Iterator[Outcome]:
    """Do the errands in each framework, that many frameworks at a time, and yield the outcomes framework by framework."""

    def all_of(framework: str) -> list[Outcome]:
        return list(Worker(framework, errands, store=store, concurrency=concurrency).outcomes())

    with ThreadPoolExecutor(processes) as pool:
        for outcomes in pool.map(all_of, frameworks):
            yield from outcomes


def differences(outcomes: Sequence[Outcome]) -> list[tuple[str, dict[tuple[Any, ...], list[Outcome]]]]:
    """The URLs for which not every outcome is the same, each with its outcomes by value."""
    by_url: dict[str, dict[tuple[Any, ...], list[Outcome]]] = {}
    for outcome in outcomes:
        by_url.setdefault(outcome.shown_url, {}).setdefault(outcome.value, []).append(outcome)
    return [(url, values) for url, values in by_url.items() if len(values) > 1]
