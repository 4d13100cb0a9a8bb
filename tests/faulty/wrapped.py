"""What breaks the laws about what wrap() takes beside a framework's own futures (chapter H)."""

from __future__ import annotations

import asyncio
import concurrent.futures
from inspect import iscoroutine
from typing import Any

from interop.bridges.portals import Portals
from interop.wrapping import FutureCall
from tests.faulty.fault import Fault, adapter
from tests.faulty.hybrids import WrapFault

LOOP = "asyncio->asyncio/loop"


class RunsItsCoroutinesInTheCallersLoop(Fault):
    """As asyncio.ensure_future(), which takes every coroutine for one of the loop that runs."""

    breaks = "H13"

    def wrap(self, session: Any, foreign: Any) -> Any:
        return asyncio.ensure_future(foreign) if iscoroutine(foreign) else super().wrap(session, foreign)


class ForgetsACoroutineThatIsCancelledAtOnce(Fault):
    """As a callback that begins what is wrapped, unless the wrapper is cancelled by then."""

    breaks = "H15"
    on = LOOP
    kept: tuple[Any, ...] = ()

    def wrap(self, session: Any, foreign: Any) -> Any:
        if not iscoroutine(foreign):
            return super().wrap(session, foreign)
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self.kept += (foreign,)  # Else Python would close it, and say so.

        def begin() -> None:
            if not future.cancelled():
                asyncio.ensure_future(foreign).add_done_callback(done)

        def done(task: asyncio.Future[Any]) -> None:
            error = task.exception()
            if error is None:
                future.set_result(task.result())
            else:
                future.set_exception(error)

        loop.call_soon(begin)
        return future


class ShieldsAFutureThatNoLoopOwns(Fault):
    """As run_in_executor() around Future.result(): a cancel ends the wait alone."""

    breaks = "H17"
    on = LOOP

    def wrap(self, session: Any, foreign: Any) -> Any:
        future = super().wrap(session, foreign)
        return asyncio.shield(future) if isinstance(foreign, concurrent.futures.Future) else future


class GivesTheCoroutineItself(Fault):
    """As a function in a thread that returns a coroutine: nobody awaits it there, and it is a value like any other."""

    breaks = "H19"
    on = "asyncio->threads/thread"

    def wrap(self, session: Any, foreign: Any) -> Any:
        return asyncio.sleep(0, foreign) if iscoroutine(foreign) else super().wrap(session, foreign)


class LosesACancelThatComesAtOnce(WrapFault):
    """As a task that begins to wait some turns later: until then it is cancelled alone."""

    breaks = "H21"

    async def waits(self, future: Any, foreign: Any) -> Any:
        if asyncio.isfuture(foreign):
            for _ in range(3):
                await asyncio.sleep(0)
        return await future


class LosesTheCancelOfAFutureThatNoLoopOwns(Fault):
    """As an error that is made anew on the way: nobody sees any more that a Future was cancelled."""

    breaks = "H17"
    on = LOOP

    def spoil(self) -> None:
        good = FutureCall.settle

        def settle(call: FutureCall, value: Any = None, error: Any = None, *, cancelled: bool = False) -> None:
            good(call, value, None if cancelled else error, cancelled=cancelled)

        FutureCall.settle = settle  # type: ignore


class SaysThatItIsNotCancelled(Fault):
    """As gevent's AsyncResult, whose cancelled() is there for the sake of the Future's, and is always false."""

    breaks = "H21"
    on = "gevent->asyncio/thread"

    def spoil(self) -> None:
        adapter("gevent").Result.cancelled = lambda result: False


class WaitsWithoutItsLimit(Fault):
    """As a method that takes a timeout, and gives it to nobody."""

    breaks = "H23"
    on = "gevent->asyncio/thread"

    def spoil(self) -> None:
        good = adapter("gevent").Result.get
        adapter("gevent").Result.get = lambda result, block=True, timeout=None: good(result, block)


class DoesNotTellThoseWhoWaitOfACancel(Fault):
    """As Future.cancel() of concurrent.futures, where no executor comes to set_running_or_notify_cancel()."""

    breaks = "H25"
    on = "threads->asyncio/thread"

    def spoil(self) -> None:
        adapter("threads").Future.stopped = concurrent.futures.Future.cancel


class TellsNobodyOnceItsSessionIsClosed(WrapFault):
    """As a pipe to the loop that is closed with the session: what is wrapped has no other way in."""

    breaks = "H26"

    def wrap(self, session: Any, foreign: Any) -> Any:
        return self.waits(Portals.wrap(self, session, foreign), session)

    async def waits(self, future: Any, session: Any) -> Any:
        value = await future
        if session.closed:
            await asyncio.Event().wait()
        return value


class TakesItsOwnWrapperForAnEvent(Fault):
    """As isinstance() with a base class: what the wrapper has beyond that is lost, and so is its cancel."""

    breaks = "H27"
    on = "eventlet->eventlet/thread"

    def spoil(self) -> None:
        eventlet = adapter("eventlet")
        good = eventlet.joins
        eventlet.joins = lambda foreign: foreign.wait if isinstance(foreign, eventlet.Event) else good(foreign)
