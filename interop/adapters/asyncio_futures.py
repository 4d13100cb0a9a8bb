"""What an asyncio task waits with for a call, and how a cancel that came too late is still due; part of asyncio's adapter.

A task cancels what it waits for, so both kinds of future here take the cancel, pass it on, and stay pending until the callee is
done. Waiter is for one task, of ours; Future is what wrap() gives, and whole.
Source:     https://docs.python.org/3/library/asyncio-task.html, "Task cancellation".
"""

from __future__ import annotations

import asyncio
import contextvars
import math
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
        if self.interrupted is None:
            self.interrupted = asyncio.CancelledError(*() if msg is None else (msg,))
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


class DueCancels:
    """The cancels of one loop's tasks that came too late for their call: its callee had finished, and its value is delivered.

    Such a cancel is raised by the task's next call, or thrown in by the loop's next turn, whichever comes first. It is dropped
    if its sender has taken it back with Task.uncancel(), as asyncio.timeout() does when its block is left (Python 3.11).

    Before this was kept for each task, every call took the count of Task.cancelling() at its start for the cancels that are
    older than it. A second call in a row that outlasted the same cancel took that for an older one, too, and it was lost.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting: dict[asyncio.Task[Any], tuple[float, tuple[Any, ...]]] = {}

    def count_before(self, task: Any) -> float:
        """How many cancels of the task are older than the call that begins, and were raised."""
        if task in self.waiting:
            return self.waiting[task][0]
        return _cancels(task) - bool(getattr(task, "_must_cancel", False))

    def add(self, task: Any, before: float, message: tuple[Any, ...]) -> None:
        """Have a cancel raised later.

        Args:
            before: what count_before() was for the call.
            message: the arguments of the first cancel: anyio knows its own by them.
        """
        if task not in self.waiting:
            self.loop.call_soon(self._throw, task)
        self.waiting[task] = before, message

    def check(self, task: Any) -> None:
        """Raise the cancel that is due in this task, which is running."""
        message = self._take(task)
        if message is not None:
            raise asyncio.CancelledError(*message)

    def _throw(self, task: Any) -> None:
        message = self._take(task)
        if message is not None:
            if hasattr(task, "uncancel"):
                task.uncancel()  # It was counted when it came.
            task.cancel(*message)

    def _take(self, task: Any) -> tuple[Any, ...] | None:
        if task not in self.waiting:
            return None
        before, message = self.waiting.pop(task)
        return None if _cancels(task) <= before else message


def _cancels(task: Any) -> float:
    """How many cancels of a task nobody has taken back; before Python 3.11, which counts none, a number that equals no other."""
    return task.cancelling() if hasattr(task, "cancelling") else math.nan


def due_cancels(loop: asyncio.AbstractEventLoop) -> DueCancels:
    """Those of a loop, whichever of its runtimes asks."""
    attributes = vars(loop)
    if "_interop_due" not in attributes:
        attributes["_interop_due"] = DueCancels(loop)
    kept: DueCancels = attributes["_interop_due"]
    return kept
