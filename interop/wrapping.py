"""Hybrid futures: wrap() makes a foreign awaitable into one of mine. It is a call whose function waits for it, natively, at home.

Each adapter whose framework has awaitables of its own says which: joins(x) gives the native function that waits for x, or None,
and home(x) the runtime where x lives. A coroutine or an async generator does not say whose it is: give of=.
"""

from __future__ import annotations

import concurrent.futures
import importlib
import sys
from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any

from interop.call import RUNNING, Call
from interop.errors import CannotWrap
from interop.runtime import Runtime

# Adapters with awaitables of their own, and what is loaded if there can be any.
HOMES = {"asyncio": "asyncio", "twisted": "twisted.internet.defer", "gevent": "gevent", "eventlet": "eventlet"}


class FutureCall(Call):
    """A call that somebody else's concurrent.futures.Future answers; it may be settled in any thread."""

    __slots__ = ("future",)

    def __init__(self, here: Runtime, future: concurrent.futures.Future[Any]) -> None:
        super().__init__(here, here, future.result)
        self.future = future

    def send(self) -> None:
        """Listen to it."""
        self.state = RUNNING
        self.future.add_done_callback(self._done)

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Cancel it, if it has not begun; otherwise its outcome is awaited."""
        if not self.unwanted:
            self.unwanted = instead
            self.future.cancel()

    def _done(self, future: concurrent.futures.Future[Any]) -> None:
        if future.cancelled():
            self.settle(error=concurrent.futures.CancelledError(), cancelled=True)
        elif error := future.exception():
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
                return Call(here, of or adapter.home(foreign), join)
    if of is not None and isawaitable(foreign):
        return Call(here, of, lambda: foreign)
    whose = "it does not say whose it is: give of=" if iscoroutine(foreign) else "no loaded framework knows it"
    raise CannotWrap(foreign, whose)
