"""Twisted: the native awaitable is a Deferred; code after it runs at once, inside whatever fires it.

Cancelling: Deferred.cancel() fires the Deferred with CancelledError before the callee has done its cleanup, so the Deferred of a
            call takes the cancel, forwards it, and fires when the callee is done.
Threads:    reactor.callFromThread(), which is silent when the reactor has stopped: a shutdown trigger tells us.
Reactors:   twisted_reactor.py. Flavour "asyncio" runs on an asyncio loop, "private" is a reactor that nobody else knows.
Source:     https://docs.twisted.org/en/stable/core/howto/defer.html, "Cancellation".
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Awaitable, Callable, Coroutine
from inspect import iscoroutine
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast, overload

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python import log
from twisted.python.failure import Failure as UntypedFailure

from interop import bell
from interop.adapters import twisted_on_loop, twisted_reactor
from interop.adapters.twisted_readers import Ear, Reader
from interop.bell import Bell
from interop.call import BACK, Call
from interop.errors import CannotCarry, CannotWrap, NotRunning
from interop.portal import AsyncPortal
from interop.runtime import Runtime
from interop.unpatched import get_ident, running_loop
from interop.wrapping import wrapped

P = ParamSpec("P")
T = TypeVar("T")
Failure: Any = UntypedFailure


class Waiter(Deferred[Any]):
    """The Deferred of a call; cancelling it asks the callee to stop, and nothing more."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call

    def cancel(self) -> None:
        """Pass it on; this Deferred fires when the callee is done."""
        if self.called:
            super().cancel()  # Its callbacks may wait for another Deferred.
        else:
            self.call.ask_to_stop()


class Reactor(Runtime):
    """A running reactor, or the process's before it runs: what is awaited then goes on when it does."""

    name = "twisted"
    cancel_types = (CancelledError,)
    keeps_cancels = False

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self.reactor = reactor
        self.holds = 0
        self.stopping = False
        self.bell: Bell | None = None
        self.ear: Ear | None = None
        if self.asyncio_loop() is not None:
            self.name = "twisted[asyncio]"
        if not reactor.running:
            reactor.callWhenRunning(self._starts)
        stops = reactor.addSystemEventTrigger("before", "shutdown", self._stops)
        stopped = reactor.addSystemEventTrigger("after", "shutdown", self.bury, "the reactor has stopped")
        self.triggers = (stops, stopped)

    def _starts(self) -> None:
        self.ident = get_ident()  # The thread that runs it is the one that counts.

    def _stops(self) -> Deferred[Any]:
        self.stopping = True
        return self.end()

    def bury(self, why: str, cause: BaseException | None = None) -> None:
        """The reactor has stopped; it may run again, as another one for us."""
        super().bury(why, cause)
        self.stopping = False
        self._hear_no_more()  # A portal that nobody closes would keep the bell: the reactor keeps its triggers, and they this.

    def take_back(self) -> None:
        """Nobody runs this reactor now, and the next to do so is another one for us: nothing in it may keep this runtime."""
        for trigger in self.triggers:
            with contextlib.suppress(ValueError):  # It has fired.
                self.reactor.removeSystemEventTrigger(trigger)
        self._hear_no_more()

    def end(self) -> Deferred[Any]:
        """The reactor is stopping: it waits for its guests, and for functions that still run, which Twisted would just leave."""
        return Deferred.fromCoroutine(self.end_guests()).addBoth(self._end_calls)

    def _end_calls(self, _: object) -> Deferred[Any]:
        self.die("the reactor is stopping")
        left = DeferredList(self.left)
        left.cancel()
        return left

    def hold(self) -> None:
        """Have a cheap way in while others may want one."""
        self.holds += 1
        if self.holds == 1 and bell.POSSIBLE:
            self.bell, loop = Bell(), self.asyncio_loop()
            if loop is None:
                self.ear = Ear(self.bell.fd, self._rung)
                self.reactor.addReader(self.ear)
            else:
                loop.add_reader(self.bell.fd, self._rung)

    def release(self) -> None:
        """One reason less for it."""
        self.holds -= 1
        if self.holds == 0 and self.bell is not None:
            self._hear_no_more()
            if not self.dead:
                self.reactor.callFromThread(self.drain)  # It may have been rung just now.

    def _hear_no_more(self) -> None:
        bell, self.bell, ear, self.ear = self.bell, None, self.ear, None
        loop = self.asyncio_loop()
        if bell is None:
            return
        if loop is None:
            self.reactor.removeReader(ear)
        elif not loop.is_closed():
            loop.remove_reader(bell.fd)

    def _rung(self) -> None:
        if self.bell is not None:  # Nothing on the stack holds the bell: an error that somebody keeps would keep it open.
            self.bell.hear()
        self.drain()

    def raw_wake(self) -> None:
        """Have drain() run soon in the reactor's thread; on an asyncio loop, as that loop does it."""
        loop: Any = self.asyncio_loop()
        bell = self.bell
        if loop is not None and running_loop() is loop:
            loop.call_soon(self._turn)
        elif bell is not None and not (loop is not None and loop.is_closed()):
            bell.ring()
        elif loop is None:
            self.reactor.callFromThread(self.drain)
        else:
            loop.call_soon_threadsafe(self._turn)

    def _turn(self) -> None:
        self.drain()  # With the same stack under it as when it is heard.

    def asyncio_loop(self) -> Any:
        """The loop of an asyncioreactor."""
        return getattr(self.reactor, "_asyncioEventloop", None)

    def hosts(self) -> frozenset[str]:
        """Trio's guest mode needs nothing but wake(); asyncio is the asyncioreactor's loop already."""
        return frozenset({"trio", "asyncio"} if self.asyncio_loop() is None else {"trio"})

    async def readable(self, fd: int, seconds: float | None) -> None:
        """Wait until fd is readable, or for so many seconds."""
        reader = Reader(fd)
        late = None if seconds is None else self.reactor.callLater(max(0, seconds), reader.doRead)
        self.reactor.addReader(reader)
        try:
            await reader.deferred
        finally:
            self.reactor.removeReader(reader)
            if late is not None and late.active():
                late.cancel()

    def start(self, call: Call, /) -> None:
        """Run the function; a coroutine is driven by a Deferred."""
        if call.enter():
            call.context.run(self._run, call)

    def _run(self, call: Call) -> None:
        try:
            value = call.fn(*call.args, **call.kwargs)
            if iscoroutine(value):
                value = Deferred.fromCoroutine(value)
        except BaseException as error:
            self.report(call, error)
        else:
            if isinstance(value, Deferred):
                call.task = value
                value.addCallbacks(call.settle, self._failed, errbackArgs=(call,))
            else:
                call.settle(value)

    def _failed(self, failure: Failure, call: Call) -> None:
        traceback = failure.getTracebackObject()  # Before Twisted 24.7, in a Failure that was cleaned, something like one.
        self.report(call, failure.value.with_traceback(traceback if isinstance(traceback, TracebackType) else None))

    def lost(self, error: BaseException) -> None:
        """Log it, as a Deferred's."""
        cast(Any, log).err(Failure(error), "a call that nobody waits for any more failed")

    def cancel(self, call: Call, /) -> None:
        """Cancel what the function waits for."""
        if call.task is not None:
            call.task.cancel()

    def wait(self, call: Call, /) -> Deferred[Any]:
        """A Deferred that fires with the outcome, in a turn of this reactor."""
        waiter = call.parked = Waiter(call)
        try:
            call.send()
        except Exception:
            waiter.errback(Failure())
        else:
            if call.state == BACK:
                self.resume(call)
        return waiter

    def resume(self, call: Call, /) -> None:
        """Fire the call's Deferred."""
        waiter, call.parked = call.parked, None
        if waiter is None:
            return
        try:
            if call.cancelled and call.unwanted is True:
                raise CancelledError
            value = self.deliver(call)
            if isinstance(value, (Deferred, Failure)):
                raise CannotCarry(f"{self.name}->{getattr(call.callee, 'name', '?')}", value, "no Deferred can hold it")
        except BaseException:
            waiter.errback(Failure())
        else:
            waiter.callback(value)

    def native(self, coroutine: Coroutine[Any, Any, T]) -> Deferred[T]:
        """A coroutine's Deferred."""
        return Deferred.fromCoroutine(coroutine)


def current() -> Reactor:
    """The runtime of the reactor that runs in this thread, or of the process's reactor if that has not been started yet.

    Raises:
        NotRunning: there is none.
    """
    reactor = twisted_reactor.running()
    runtime: Reactor | None = vars(reactor).get("_interop")
    if runtime is None or (runtime.gone and not runtime.stopping):
        runtime = vars(reactor)["_interop"] = Reactor(reactor)
    return runtime


def run(main: Callable[[], Coroutine[Any, Any, T]], flavour: str = "") -> T:
    """Run a reactor in this thread until main is done; no signal handlers.

    Raises:
        CannotStart: it is the default reactor, which runs elsewhere, say.
    """
    reactor, private = twisted_reactor.choose(flavour)
    outcome: list[Any] = []

    def begin() -> None:
        over = Deferred.fromCoroutine(main()).addBoth(outcome.append)
        over.addBoth(lambda _: current().end()).addBoth(lambda _: reactor.crash())

    leave = twisted_reactor.enter(reactor, private)
    reactor.callWhenRunning(begin)
    try:
        reactor.run(installSignalHandlers=False)
    finally:
        leave()
        twisted_reactor.tidy(reactor, private)
    if not outcome:
        raise RuntimeError("the reactor stopped before its main function had ended")
    result = outcome.pop()
    if isinstance(result, Failure):
        result.raiseException()
    return cast(T, result)


def joins(foreign: Any) -> Callable[[], Any] | None:
    """What waits for a Deferred, an inlineCallbacks function's too."""
    return (lambda: foreign) if isinstance(foreign, Deferred) else None


def home(foreign: Deferred[Any]) -> Runtime:
    """A Deferred does not say: the reactor that runs in this thread, or else the process's, if that is known."""
    try:
        here = twisted_reactor.running()
    except NotRunning:
        here = None
    if here is not None and here._started:
        return current()
    installed = sys.modules.get("twisted.internet.reactor")
    known: Runtime | None = vars(installed).get("_interop") if installed else None
    if known is None:
        raise CannotWrap(foreign, "no reactor that could fire it is known: give of=") from None
    return known


def wrap(foreign: Any, *, of: Runtime | None = None) -> Deferred[Any]:
    """A Deferred for any foreign awaitable, at home in the loop that it says, or in `of`."""
    here = current()
    return here.wait(wrapped(here, foreign, of))


def on_loop(loop: Any, flavour: str, refused: Callable[[str], Exception]) -> tuple[Runtime, Callable[[], object]]:
    """An asyncioreactor on a loop that runs already, and what ends it but not the loop."""
    if flavour != "asyncio":
        raise refused("only the asyncioreactor runs on an asyncio loop: twisted[asyncio]")
    leave = twisted_on_loop.on_loop(loop)
    return current(), leave


class Portal(AsyncPortal):
    """A portal that Twisted code holds: a call is a Deferred; `async with` is for coroutines, open() and close() for the rest."""

    @overload
    def call(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Deferred[T]: ...
    @overload
    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Deferred[T]: ...
    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """Run fn(*args, **kwargs) natively in the callee's loop; the Deferred fires with the outcome."""
        return cast("Deferred[Any]", self._send(fn, args, kwargs))

    def open(self) -> Deferred[Portal]:
        """Open, and give the portal."""
        return Deferred.fromCoroutine(self.__aenter__())

    def close(self) -> Deferred[None]:
        """Cancel what is in flight, and close."""
        return Deferred.fromCoroutine(self._close())


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this reactor to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        async with open_portal("trio") as trio:
            body = await trio.call(fetch, url)      # trio.call() gives a Deferred
    """
    return Portal(current, callee, topology)
