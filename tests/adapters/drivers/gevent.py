from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import gevent
import gevent.event
import gevent.hub
from greenlet import GreenletExit, getcurrent

import interop.adapters.gevent
from interop.runtime import Done
from tests.adapters.drivers import Afn, BlockingDriver, Event, Outcome


class GeventEvent(Event):
    def __init__(self) -> None:
        self.event = gevent.event.Event()

    def set(self) -> None:
        self.event.set()

    def wait(self) -> Awaitable[Any]:
        self.event.wait()
        return Done(None)


class Task:
    outcome: Outcome
    greenlet: Any


class GeventDriver(BlockingDriver):
    name = "gevent"
    adapter: Any = interop.adapters.gevent
    cancel_type = GreenletExit
    timeout_type = gevent.Timeout

    def event(self) -> Event:
        return GeventEvent()

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

        task.greenlet = gevent.spawn(body)
        return task

    async def cancel(self, task: Any) -> None:
        task.greenlet.kill(block=False)

    async def join(self, task: Any) -> Outcome:
        task.greenlet.join()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        gevent.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        with gevent.Timeout(seconds):
            return await fn()

    def task(self) -> object:
        return getcurrent()

    def kill_loop(self) -> None:
        gevent.get_hub().parent.throw(RuntimeError("the loop is killed"))


def driver(flavour: str) -> GeventDriver:
    return GeventDriver()
