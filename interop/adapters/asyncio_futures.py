"""What an asyncio task waits with for a call, and how a cancel that came too late is still due; part of asyncio's adapter.

A task cancels what it waits for, so both kinds of future here take the cancel, pass it on, and stay pending until the callee is
done. Waiter is for one task, of ours; Future is what wrap() gives, and whole.
Source:     https://docs.python.org/3/library/asyncio-task.html, "Task cancellation".
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Generator
from typing import Any

from interop.call import Call
from interop.wrapping import Hybrid


class Waiter:
    """What a task waits with for a call; cancelling it asks the callee to stop, and nothing more.

    It is as much of a Future as a Task wants to see, and steps the task when it is told, instead of a turn of the loop later.
    """

    __slots__ = ("_asyncio_future_blocking", "call", "callback", "context", "interrupted", "loop")

    def __init__(self, call: Call, loop: asyncio.AbstractEventLoop) -> None:
        self.call, self.loop = call, loop
        self._asyncio_future_blocking = False
        self.callback: Callable[[Any], object] | None = None
        self.context: contextvars.Context | None = None
        self.interrupted: asyncio.CancelledError | None = None

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the task."""
        return self.loop

    def add_done_callback(self, callback: Callable[[Any], object], *, context: contextvars.Context | None = None) -> None:
        """What steps the task."""
        self.callback, self.context = callback, context

    def cancel(self, msg: Any = None) -> bool:
        """Take the cancel, and stay pending: the task resumes when the callee is done."""
        if self.callback is None:
            return False
        self.interrupted = self.interrupted or asyncio.CancelledError(*() if msg is None else (msg,))
        self.call.ask_to_stop()
        return True

    def result(self) -> None:
        """What the task is told: nothing."""

    def go_on(self) -> None:
        """Step the task; outside any task's step."""
        callback, self.callback = self.callback, None
        if callback is not None and self.context is not None:
            self.context.run(callback, self)

    def __await__(self) -> Generator[Any, None, None]:
        self._asyncio_future_blocking = True
        yield self


class Future(Hybrid, asyncio.Future[Any]):
    """The Future of a foreign awaitable; cancelling it cancels that, and it is done when that is."""

    def cancel(self, msg: Any = None) -> bool:
        """Pass it on."""
        if self.done():
            return False
        self.interrupt(msg)
        return True

    def stopped(self) -> None:
        """As a Future that is cancelled."""
        asyncio.Future.cancel(self, *(self.interrupted or ()))

    failed = asyncio.Future.set_exception
    returned = asyncio.Future.set_result
    __del__ = asyncio.Future.__del__  # It reports what nobody has asked for.


def cancels_of(task: asyncio.Task[Any] | None) -> int:
    """How many cancels of the task nobody has taken back."""
    if sys.version_info >= (3, 11):
        return task.cancelling() if task is not None else 0
    return 0


def cancel_again(task: asyncio.Task[Any] | None, cancels: int, message: tuple[Any, ...]) -> None:
    """A cancel that found the callee done already is still due, unless the one who asked has taken it back.

    Args:
        message: of the first cancel: anyio knows its own by it.
    """
    if task is None or task.done():
        return
    if sys.version_info >= (3, 11):
        if task.cancelling() <= cancels:
            return
        task.uncancel()
    task.cancel(*message)
