"""Threads, as laws drive it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import interop.adapters.threads
from interop.adapters.threads import Cancelled, Lane
from interop.call import Signal
from interop.harness.drivers.driver import BlockingDriver
from interop.laws.world import Afn, Event, Outcome
from interop.runtime import Done

PATIENCE = 10_000  # turns: a thread that leaves something takes a cancel only after that, and that may take its caller
GOES_ON = 10.0  # seconds, against a hang: for a thread that neither waits again nor ends


class ThreadEvent(Event):
    """Waited for by any number of threads, each answering its inbox meanwhile."""

    def __init__(self) -> None:
        self.is_set = False
        self.waiting: list[Signal] = []

    def set(self) -> None:
        """Let all who wait go on."""
        self.is_set = True
        for signal in list(self.waiting):
            signal.settle()

    def wait(self) -> Awaitable[Any]:
        """Until it is set."""
        lane = interop.adapters.threads.current()
        lane.check()
        signal = Signal(lane, gives_up=True)
        self.waiting.append(signal)
        if self.is_set:
            signal.settle()
        lane.wait(signal)
        return Done(None)


class Task:
    """A thread, and how its function ended."""

    lane: Lane
    outcome: Outcome
    told = False


class ThreadsDriver(BlockingDriver):
    """A thread for each function."""

    name = "threads"
    adapter: Any = interop.adapters.threads
    cancel_type = Cancelled
    has_loop = False
    words: Mapping[str, str] = {
        "start": "task_{0} = Thread(target={0}); task_{0}.start()",
        "cancel": "# the thread of {0} is cancelled: Cancelled is raised at its next call",
        "join": "task_{0}.join()",
        "turn": "check()",
    }
    awaitables: Mapping[str, Mapping[str, str]] = {
        "concurrent.futures.Future": {"cancel": "a concurrent.futures.Future that runs cannot be cancelled"}
    }

    def waker(self) -> Callable[[Callable[[], object]], object]:
        """Its events are set from any thread: nothing has to be woken."""
        return lambda callback: callback()

    def event(self) -> Event:
        """This framework's own."""
        return ThreadEvent()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""
        task, ready = Task(), threading.Event()

        def body() -> None:
            task.lane = interop.adapters.threads.current()
            ready.set()
            try:
                task.outcome = ("value", self.native(fn)(*args))
            except Cancelled as error:
                task.outcome = ("cancelled", error)
            except BaseException as error:
                task.outcome = ("error", error)

        task.thread = threading.Thread(target=body, daemon=True)  # type: ignore[attr-defined]
        task.thread.start()  # type: ignore[attr-defined]
        ready.wait()
        return task

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask, and see that it is taken, for a thread takes it when it can."""
        lane, first = task.lane, not task.told
        task.told = True
        lane.wake(lambda: lane.cancel(None))
        if lane is interop.adapters.threads.current():
            return
        self._answered(task)
        if first:  # Later ones may stay with it: it is raised once, and forwarded after.
            for _ in range(PATIENCE):
                if not (task.thread.is_alive() and lane.cancelled):
                    break
                os.sched_yield()
            self._answered(task)

    def _answered(self, task: Any) -> None:
        """Until its thread has looked into its inbox, or ended; where it goes on waiting, until it has done what it found there.

        Only who waits again takes what is in the bell: by then it has given up the wait that a cancel has ended.
        """
        taken = threading.Event()
        task.lane.wake(taken.set)
        while task.thread.is_alive() and not taken.wait(0.01):
            pass
        task.lane.raw_wake()
        until = time.monotonic() + GOES_ON
        while task.thread.is_alive() and not task.lane.bell.empty() and time.monotonic() < until:
            os.sched_yield()

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        task.thread.join()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        os.sched_yield()
        interop.adapters.threads.check()

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        raise NotImplementedError("threads have no timeout of their own")

    def busy(self) -> object:
        """A cancel that is still to be raised."""
        return interop.adapters.threads.current().cancelled

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """A Future that a thread completes."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def body() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self.native(fn)())
                except BaseException as error:
                    future.set_exception(error)

        threading.Thread(target=body, daemon=True).start()
        return future

    async def among(self, mine: Any) -> None:
        """As wait() does."""
        concurrent.futures.wait([mine])

    async def waited(self, mine: Any) -> Any:
        """Wait for a Future."""
        return mine.result()

    async def in_time(self, mine: Any, seconds: float) -> bool | None:
        """Ask for its error and its result, with a timeout."""
        with contextlib.suppress(concurrent.futures.TimeoutError):
            mine.exception(timeout=seconds)
        try:
            mine.result(timeout=seconds)
        except concurrent.futures.TimeoutError:
            return False
        return True

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        raise NotImplementedError("threads have no loop")


def driver(flavour: str) -> ThreadsDriver:
    """The driver of one flavour."""
    return ThreadsDriver()
