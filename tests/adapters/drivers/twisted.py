from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

import interop.adapters.twisted
from tests.adapters.drivers import Afn, Driver, Event, Outcome


class DeferredEvent(Event):
    def __init__(self) -> None:
        self.is_set = False
        self.waiting: list[Deferred[None]] = []

    def set(self) -> None:
        self.is_set = True
        waiting, self.waiting = self.waiting, []
        for deferred in waiting:
            if not deferred.called:
                deferred.callback(None)

    def wait(self) -> Awaitable[Any]:
        deferred: Deferred[None] = Deferred()
        if self.is_set:
            deferred.callback(None)
        else:
            self.waiting.append(deferred)
        return deferred


class Task:
    def __init__(self, deferred: Deferred[Any]) -> None:
        self.deferred, self.done = deferred, DeferredEvent()
        self.outcome: Outcome
        deferred.addBoth(self.over)

    def over(self, result: Any) -> None:
        if not isinstance(result, Failure):
            self.outcome = ("value", result)
        elif isinstance(result.value, CancelledError):
            self.outcome = ("cancelled", result.value)
        else:
            self.outcome = ("error", result.value)
        self.done.set()


class TwistedDriver(Driver):
    adapter: Any = interop.adapters.twisted
    cancel_type = CancelledError
    timeout_type = TimeoutError

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.name = f"twisted[{flavour}]" if flavour else "twisted"

    @property
    def reactor(self) -> Any:
        return interop.adapters.twisted.current().reactor

    def event(self) -> Event:
        return DeferredEvent()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        return Task(Deferred.fromCoroutine(fn(*args)))

    async def cancel(self, task: Any) -> None:
        task.deferred.cancel()

    async def join(self, task: Any) -> Outcome:
        await task.done.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        await deferLater(self.reactor, 0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        return await Deferred.fromCoroutine(fn()).addTimeout(seconds, self.reactor)

    def kill_loop(self) -> None:
        self.reactor.crash()


def driver(flavour: str) -> Driver:
    return TwistedDriver(flavour)
