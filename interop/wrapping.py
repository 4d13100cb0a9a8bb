"""Hybrid futures: wrap() makes a foreign awaitable into one of mine. It is a call whose function waits for it, natively, at home.

Each adapter whose framework has awaitables of its own says which: joins(x) gives the native function that waits for x, or None,
and home(x) the runtime where x lives. A coroutine or an async generator does not say whose it is: give of=.
What is wrapped goes on whether anybody waits or not: a cancel of the wrapper reaches it, however early it comes.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from interop.call import BEGUN, RUNNING, Call
from interop.errors import CannotWrap
from interop.runtime import Runtime

# Adapters with awaitables of their own, and what is loaded if there can be any.
HOMES = {"asyncio": "asyncio", "twisted": "twisted.internet.defer", "gevent": "gevent", "eventlet": "eventlet"}


class Join(Call):
    """Waits for something that has begun already: also a cancel that comes before the waiting is passed on to it."""

    __slots__ = ()
    must_leave = must_begin = True

    def enter(self) -> bool:
        """The native waiting begins."""
        entered = super().enter()
        if self.unwanted is not False:
            self.callee.wake(self.stop)
        return entered

    def stop(self) -> None:
        """Cancel the waiting, and so what it waits for; before there is any, enter() comes back to it."""
        if self.state != BEGUN:
            super().stop()


class CoroutineCall(Call):
    """Runs a coroutine that exists already; one that never starts is closed."""

    __slots__ = ("coroutine",)
    must_leave = True

    def __init__(self, here: Runtime, there: Runtime, coroutine: Coroutine[Any, Any, Any]) -> None:
        super().__init__(here, there, lambda: coroutine)
        self.coroutine = coroutine

    def settle(self, value: Any = None, error: BaseException | None = None, *, cancelled: bool = False) -> None:
        """Whatever the outcome, Python need not complain that it was never awaited."""
        if inspect.getcoroutinestate(self.coroutine) == inspect.CORO_CREATED:
            self.coroutine.close()
        super().settle(value, error, cancelled=cancelled)


class FutureCall(Call):
    """A call that somebody else's concurrent.futures.Future answers; it may be settled in any thread."""

    __slots__ = ("future",)
    must_leave = True

    def __init__(self, here: Runtime, future: concurrent.futures.Future[Any]) -> None:
        super().__init__(here, here, future.result)
        self.future: concurrent.futures.Future[Any] | None = future

    def send(self) -> None:
        """Listen to it."""
        self.state = RUNNING
        if self.future is not None:
            self.future.add_done_callback(self._done)

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Cancel it, if it has not begun; otherwise its outcome is awaited."""
        if self.unwanted is False and self.future is not None:
            self.unwanted = instead
            self.future.cancel()

    def resume(self) -> None:
        """It is done, and keeps its callbacks, one of which refers to this call: that would be a cycle."""
        self.future = None
        super().resume()

    def _done(self, future: concurrent.futures.Future[Any]) -> None:
        if future.cancelled():
            self.settle(error=concurrent.futures.CancelledError(), cancelled=True)
        elif (error := future.exception()) is not None:
            self.settle(error=error)
        else:
            self.settle(future.result())


def wrapped(here: Runtime, foreign: Any, of: Runtime | None = None) -> Call:
    """The call that waits for a foreign awaitable.

    Args:
        of: where it lives; without it, the loop that it is bound to, or its framework's in this thread.

    Raises:
        CannotWrap: it is no awaitable of a framework that is loaded, or does not say whose it is.
    """
    if isinstance(foreign, concurrent.futures.Future):
        return FutureCall(here, foreign)
    for name, module in HOMES.items():
        if module in sys.modules:
            adapter = importlib.import_module(f"interop.adapters.{name}")
            join: Callable[[], Any] | None = adapter.joins(foreign)
            if join is not None:
                return Join(here, of or adapter.home(foreign), join)
    if of is not None and inspect.isawaitable(foreign):
        if not of.coroutines:
            raise CannotWrap(foreign, f"{of.name} runs no coroutines")
        if inspect.iscoroutine(foreign):
            return CoroutineCall(here, of, foreign)
        return Join(here, of, lambda: _awaited(foreign))
    whose = "it does not say whose it is: give of=" if inspect.iscoroutine(foreign) else "no loaded framework knows it"
    raise CannotWrap(foreign, whose)


async def _awaited(foreign: Awaitable[Any]) -> Any:
    return await foreign


class Hybrid(ABC):
    """What wrap() gives where a framework has futures: one of them, with this beside it.

    Attributes:
        unasked: an error that nobody has asked for; reported when this is dropped, where the framework's own future is silent.
    """

    here: Runtime
    call: Call
    interrupted: tuple[Any, ...] | None = None
    unasked: BaseException | None = None

    def begin(self, here: Runtime, call: Call) -> None:
        """Wait for the call."""
        self.here, self.call, call.parked = here, call, self
        call.send()

    def interrupt(self, *how: Any) -> None:
        """Cancel what this stands for; this is cancelled when that has ended."""
        self.interrupted = self.interrupted or how or (None,)
        self.call.ask_to_stop()

    def go_on(self) -> None:
        """Be done: the call is back."""
        call = self.call
        call.parked = None
        if self.interrupted and call.cancelled and call.unwanted is True:
            self.stopped()
            return
        try:
            value = self.here.deliver(call)
        except BaseException as error:
            own = error.__traceback__  # This frame's, which would hold both in a cycle.
            self.failed(error.with_traceback(own.tb_next if own else None))
            del own
        else:
            self.returned(value)

    @abstractmethod
    def stopped(self) -> None:
        """It is cancelled."""

    @abstractmethod
    def failed(self, error: BaseException, /) -> None:
        """It has an error."""

    @abstractmethod
    def returned(self, value: Any, /) -> None:
        """It has a value."""

    def __del__(self) -> None:
        if self.unasked is not None:
            self.here.lost(self.unasked)
