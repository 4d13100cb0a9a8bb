from __future__ import annotations

import contextlib
import warnings
from collections.abc import Awaitable
from typing import Any

from greenlet import GreenletExit, getcurrent

from interop.runtime import Done
from tests.adapters.drivers import Afn, BlockingDriver, Event, Outcome

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")  # It says so of itself at import.
    import eventlet
    from eventlet import greenthread, hubs
    from eventlet.event import Event as Native

    import interop.adapters.eventlet


class EventletEvent(Event):
    def __init__(self) -> None:
        self.event = Native()

    def set(self) -> None:
        if not self.event.ready():
            self.event.send(None)

    def wait(self) -> Awaitable[Any]:
        self.event.wait()
        return Done(None)


class Task:
    outcome: Outcome
    greenlet: Any


class EventletDriver(BlockingDriver):
    name = "eventlet"
    adapter: Any = interop.adapters.eventlet
    cancel_type = GreenletExit
    timeout_type = eventlet.Timeout

    def event(self) -> Event:
        return EventletEvent()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        task = Task()
        task.outcome = ("cancelled", None)

        def body() -> None:
            try:
                task.outcome = ("value", self.native(fn)(*args))
            except GreenletExit as error:
                task.outcome = ("cancelled", error)
            except BaseException as error:
                task.outcome = ("error", error)

        task.greenlet = eventlet.spawn(body)
        return task

    async def cancel(self, task: Any) -> None:
        hubs.get_hub().schedule_call_global(0, greenthread.kill, task.greenlet)

    async def join(self, task: Any) -> Outcome:
        with contextlib.suppress(GreenletExit):
            task.greenlet.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        eventlet.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        with eventlet.Timeout(seconds):
            return await fn()

    def task(self) -> object:
        return getcurrent()

    def kill_loop(self) -> None:
        hubs.get_hub().greenlet.parent.throw(RuntimeError("the loop is killed"))


def driver(flavour: str) -> EventletDriver:
    return EventletDriver()
