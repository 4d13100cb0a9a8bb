"""Twisted, as laws drive it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred, DeferredList, TimeoutError, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python import threadable
from twisted.python.failure import Failure
from zope.interface import implementer

import interop.adapters.twisted
from interop.harness.drivers.driver import NOTHING, Driver
from interop.laws.world import Afn, Event, Outcome


class DeferredEvent(Event):
    """A Deferred for each who waits."""

    def __init__(self) -> None:
        self.is_set = False
        self.waiting: list[Deferred[None]] = []

    def set(self) -> None:
        """Let all who wait go on."""
        self.is_set = True
        waiting, self.waiting = self.waiting, []
        for deferred in waiting:
            if not deferred.called:
                deferred.callback(None)

    def wait(self) -> Awaitable[Any]:
        """Until it is set."""
        deferred: Deferred[None] = Deferred()
        if self.is_set:
            deferred.callback(None)
        else:
            self.waiting.append(deferred)
        return deferred


class Task:
    """A coroutine as a Deferred, and how it ended."""

    def __init__(self, deferred: Deferred[Any]) -> None:
        self.deferred, self.done = deferred, DeferredEvent()
        self.outcome: Outcome
        deferred.addBoth(self.over)

    def over(self, result: Any) -> None:
        """Keep how it ended."""
        if not isinstance(result, Failure):
            self.outcome = ("value", result)
        elif isinstance(result.value, CancelledError):
            self.outcome = ("cancelled", result.value)
        else:
            self.outcome = ("error", result.value)
        self.done.set()


class Watch:
    """A reader that reads nothing."""

    def __init__(self, fd: int, callback: Callable[[], object]) -> None:
        self.fileno, self.doRead = lambda: fd, callback

    def connectionLost(self, reason: object) -> None:
        """The reactor is done with it."""

    def logPrefix(self) -> str:
        """For a log of what fails in it."""
        return "a law"


@implementer(ILogObserver)
class Observer:
    """Hears of errors."""

    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    def __call__(self, event: LogEvent) -> None:
        """What the log is told."""
        failure = event.get("log_failure")
        if failure is not None or event["log_level"].name in ("error", "critical"):
            self.heard.append(f"twisted: {failure.value!r}" if failure else f"twisted: {formatEvent(event)}")


class TwistedDriver(Driver):
    """A Deferred for each coroutine."""

    adapter: Any = interop.adapters.twisted
    cancel_type = CancelledError
    timeout_type = TimeoutError
    words: Mapping[str, str] = {
        "start": "task_{0} = Deferred.fromCoroutine({0}())",
        "join": "await task_{0}",
        "turn": "await deferLater(reactor, 0)",
        "within": "{1}  # with addTimeout({0}, reactor)",
    }
    flavours: Mapping[str, Mapping[str, str]] = {"coroutine": NOTHING, "inlineCallbacks": NOTHING, "Deferred": NOTHING}
    awaitables: Mapping[str, Mapping[str, str]] = {
        kind: {"share": "who waits for a Deferred takes its result"} for kind in ("Deferred", "inlineCallbacks")
    }

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.name = f"twisted[{flavour}]" if flavour else "twisted"
        self.keeps = "" if flavour == "private" else "a process has one reactor, and keeps it"

    @property
    def reactor(self) -> Any:
        """The one that runs here."""
        return interop.adapters.twisted.current().reactor

    def listen(self, heard: list[str]) -> None:
        """Twisted has a log of its own."""
        globalLogPublisher.addObserver(Observer(heard))  # type: ignore[arg-type]

    def native(self, fn: Afn, flavour: str = "") -> Callable[..., Any]:
        """A coroutine function, a decorated generator function, or a function that returns a Deferred."""
        if flavour == "Deferred":
            return lambda *args, **kwargs: Deferred.fromCoroutine(fn(*args, **kwargs))
        if flavour != "inlineCallbacks":
            return fn

        @inlineCallbacks
        def decorated(*args: Any, **kwargs: Any) -> Any:
            return (yield Deferred.fromCoroutine(fn(*args, **kwargs)))

        return decorated

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """A Deferred."""
        return self.native(fn, kind)()

    def from_threads(self) -> Callable[[Callable[[], object]], object]:
        """callFromThread()."""
        return self.reactor.callFromThread  # type: ignore[no-any-return]

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object]:
        """addReader()."""
        reactor, watch = self.reactor, Watch(fd, callback)
        reactor.addReader(watch)
        return lambda: reactor.removeReader(watch)

    def asyncio_loop(self) -> object:
        """The asyncioreactor's."""
        return getattr(self.reactor, "_asyncioEventloop", None)

    def knows_its_thread(self) -> bool | None:
        """The I/O thread is that of the process's reactor, and of no other."""
        is_the_process_s: bool = sys.modules.get("twisted.internet.reactor") is self.reactor
        return cast(Any, threadable).isInIOThread() is is_the_process_s

    def busy(self) -> object:
        """Calls that the reactor has yet to make: so is a timeout."""
        return self.alive()

    def alive(self) -> int:
        """Calls that the reactor has yet to make."""
        return len(self.reactor.getDelayedCalls())

    def event(self) -> Event:
        """This framework's own."""
        return DeferredEvent()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""
        return Task(Deferred.fromCoroutine(fn(*args)))

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""
        task.deferred.cancel()

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        await task.done.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        await deferLater(self.reactor, 0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        return await Deferred.fromCoroutine(fn()).addTimeout(seconds, self.reactor)

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """A delayed call."""
        self.reactor.callLater(seconds, callback)

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run it in the reactor's pool."""
        return await deferToThreadPool(self.reactor, self.reactor.getThreadPool(), fn)

    async def among(self, mine: Any) -> None:
        """As a list of Deferreds does."""
        await DeferredList([mine], consumeErrors=True)

    def end_loop(self) -> None:
        """Stop the reactor; its shutdown triggers run."""
        self.reactor.stop()

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        self.reactor.crash()


def driver(flavour: str) -> Driver:
    """The driver of one flavour."""
    return TwistedDriver(flavour)
