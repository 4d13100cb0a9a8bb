"""What a busy machine may have decided is tried again: alone, one at a time, each with its time counted from its own begin.

A deadline that passes says nothing of a framework while somebody still has something to do. So it counts only if the processes
slept for half of it (and for 1.25 seconds at least) and did nothing: a process that waits for the CPU does not sleep, however
busy the machine is (stuck.py).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from interop.harness import stuck
from interop.harness.visiting import TIMED, Visited, errands_of, heads, rows_of
from scenarios.fetch_and_save.deadline import TIMEOUT
from scenarios.fetch_and_save.everywhere import Outcome, Worker
from scenarios.fetch_and_save.job import Errand
from scenarios.fetch_and_save.store import Store
from scenarios.origin import BEHAVIORS, Behavior, Origin

STRETCHES = (2, 8)  # how much longer the deadline gets
LONGEST = 120.0  # seconds that it gets at most, unless it was longer before
BUDGET = 900.0  # seconds for all that is tried again; what is left then is inconclusive
LOOK = 0.1  # seconds between two looks at the processes


@dataclass(frozen=True)
class Attempt:
    """One errand, alone.

    Args:
        seconds: from before its begin to its end, and never less than it took; without end where that is not known.
        asleep: for so many of them in a row nobody did anything.
    """

    outcome: Outcome
    seconds: float
    asleep: float

    @property
    def sure(self) -> bool:
        """Whether something else than a busy machine decided it."""
        deadline = float(self.outcome.errand.limits["timeout"])
        enough = max(deadline / 2, stuck.QUIET_SECONDS)
        return self.outcome.kind not in TIMED or self.seconds < deadline or self.asleep >= enough


def again(visited: Sequence[Visited], behaviors: Sequence[Behavior]) -> Iterator[Visited]:
    """The same visits, in their order; in each, what time may have decided is there as it was alone.

    Nothing else of ours may run meanwhile.
    """
    until = time.monotonic() + BUDGET
    for one in visited:
        for stretch in STRETCHES:
            left = [behavior for behavior in behaviors if one.untold(behavior)]
            if left and time.monotonic() < until:
                one = _visited(one, left, stretch, until)
        yield one


def _visited(before: Visited, behaviors: Sequence[Behavior], stretch: int, until: float) -> Visited:
    outcomes, sure = dict(before.outcomes), set(before.sure)
    with Origin() as origin, TemporaryDirectory() as folder:
        store = Path(folder) / "pages.db"
        Store(store, before.framework).open()
        errands = {name: _stretched(errand, stretch) for name, errand in errands_of(origin, behaviors).items()}
        of = {id(errand): name for name, errand in errands.items()}
        # First all of them, one after the other; then each in a process of its own: then it is known how long it took at most.
        parts = [list(errands.values())] if stretch == STRETCHES[0] else [[errand] for errand in errands.values()]
        others = [behavior for behavior in BEHAVIORS if behavior.expects == "ok" and behavior.name not in errands]
        for attempt in chain.from_iterable(
            _attempts(before.framework, part, origin, store, until, others[:1]) for part in parts if time.monotonic() < until
        ):
            if name := of.get(id(attempt.outcome.errand)):
                outcomes[name] = attempt.outcome
                sure |= {name} if attempt.sure else set()
        requests = {**before.requests, **heads(origin, errands)}
        return replace(before, outcomes=outcomes, requests=requests, rows={**before.rows, **rows_of(store, errands)}, sure=sure)


def _stretched(errand: Errand, stretch: int) -> Errand:
    timeout = float(errand.limits.get("timeout", TIMEOUT))
    return Errand(errand.url, {**errand.limits, "timeout": max(timeout, min(timeout * stretch, LONGEST))})


def _attempts(
    framework: str, errands: Sequence[Errand], origin: Origin, store: Path, until: float, first: Sequence[Behavior]
) -> Iterator[Attempt]:
    """Each errand by itself, after a first one that is none of them: imports and clients are made at the first use."""
    warm = [_stretched(errand, STRETCHES[-1]) for errand in errands_of(origin, first).values()]
    environment = {"SSL_CERT_FILE": origin.ca_file}
    begun = time.monotonic()
    worker = Worker(framework, [*warm, *errands], store=str(store), concurrency=1, environment=environment)
    with Looks(worker, origin.pid) as looks, contextlib.closing(worker.outcomes()) as outcomes:  # type: ignore[type-var]
        for outcome in outcomes:
            now = time.monotonic()
            # What came before is heard of late on a busy machine: this one may have begun long ago.
            yield Attempt(outcome, now - begun if len(errands) == 1 else float("inf"), looks.taken())
            if now > until:
                return


class Looks:
    """Looks at a worker's processes and at the server, again and again: for how long did none of them do anything?

    Args:
        origin: the process of the server; it wakes up once a second to no end, so it only must not be at work.
    """

    def __init__(self, worker: Worker, origin: int) -> None:
        self._worker, self._origin = worker, origin
        self._longest = 0.0
        self._since = time.monotonic()
        self._looks = 0
        self._counters: dict[str, str] | None = None
        self._lock, self._over = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="interop looks", daemon=True)

    def __enter__(self) -> Looks:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def taken(self) -> float:
        """The seconds of the longest sleep since the last time; without /proc nothing can be seen, and time decides."""
        with self._lock:
            longest, self._longest, self._counters = self._longest, 0.0, None
            return longest if stuck.PROC.exists() else float("inf")

    def _look_on(self) -> None:
        while not self._over.wait(LOOK):
            counters = self._look()
            with self._lock:
                now = time.monotonic()
                if counters is None or counters != self._counters:
                    self._counters, self._since, self._looks = counters, now, 0
                    continue
                self._looks += 1
                if self._looks >= stuck.QUIET_LOOKS:  # A machine that was suspended takes no looks.
                    self._longest = max(self._longest, now - self._since)

    def _look(self) -> dict[str, str] | None:
        """Counters of the processes, None if one of them is at work or waits for the CPU."""
        if self._worker.pid is None:
            return None
        found: dict[str, str] = {}
        for pid in (*stuck.members(self._worker.pid), *stuck.members(self._origin)):
            counters = stuck.activity(pid)
            if counters is None:
                return None
            found |= {} if pid == self._origin else counters
        return found
