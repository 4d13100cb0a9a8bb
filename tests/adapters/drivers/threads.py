from __future__ import annotations

import os
import threading
from collections.abc import Awaitable
from typing import Any

import interop.adapters.threads
from interop.adapters.threads import Cancelled, Lane
from interop.call import Signal
from interop.runtime import Done
from tests.adapters.drivers import Afn, BlockingDriver, Event, Outcome


class ThreadEvent(Event):
    """Waited for by any number of threads, each answering its inbox meanwhile."""

    def __init__(self) -> None:
        self.is_set = False
        self.waiting: list[Signal] = []

    def set(self) -> None:
        self.is_set = True
        for signal in list(self.waiting):
            signal.settle()

    def wait(self) -> Awaitable[Any]:
        lane = interop.adapters.threads.current()
        lane.check()
        signal = Signal(lane, on_cancel=lambda signal: signal.settle(cancelled=True))
        self.waiting.append(signal)
        if self.is_set:
            signal.settle()
        lane.wait(signal)
        return Done(None)


class Task:
    lane: Lane
    outcome: Outcome


class ThreadsDriver(BlockingDriver):
    name = "threads"
    adapter: Any = interop.adapters.threads
    cancel_type = Cancelled

    def event(self) -> Event:
        return ThreadEvent()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
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

    async def cancel(self, task: Any) -> None:
        task.lane.wake(lambda: task.lane.cancel(None))

    async def join(self, task: Any) -> Outcome:
        task.thread.join()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        os.sched_yield()
        interop.adapters.threads.check()

    async def within(self, seconds: float, fn: Afn) -> Any:
        raise NotImplementedError("threads have no timeout of their own")

    def kill_loop(self) -> None:
        raise NotImplementedError("threads have no loop")


def driver(flavour: str) -> ThreadsDriver:
    return ThreadsDriver()
