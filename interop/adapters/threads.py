"""threads: no framework, plain blocking code. A thread that waits is a small loop: it answers its inbox until its call is back.

Cancelling: there is none in the language, so a cancel is cooperative and comes once: Cancelled is raised by the next
            check(), sleep() or portal.call() of the thread that was asked to stop. KeyboardInterrupt in a waiting thread
            is passed on as a cancel and raised when the callee is done.
Threads:    a SimpleQueue for a bell, which may be rung even in a signal handler.
As callee:  an idle worker thread or a new one for each call, so that nested calls cannot starve each other.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from inspect import iscoroutine
from typing import Any

from interop.adapters.threads_lanes import Anywhere, Cancelled, Lane, Pool, local
from interop.blocking import Ending
from interop.portal import BlockingPortal
from interop.runtime import Runtime, drive
from interop.wrapping import Hybrid, wrapped

__all__ = ["Cancelled", "Lane", "Portal", "check", "current", "open_portal", "run", "wrap"]


class Future(Hybrid, concurrent.futures.Future[Any]):
    """The concurrent Future of a foreign awaitable."""

    def cancel(self) -> bool:
        """Cancel what it stands for; it is cancelled when that has ended. Whether it is not too late."""
        if self.done():
            return False
        self.interrupt()
        return True

    def stopped(self) -> None:
        """As a Future that is cancelled before it runs: the only cancel that there is."""
        super().cancel()
        self.set_running_or_notify_cancel()

    def failed(self, error: BaseException, /) -> None:
        """A concurrent Future would be silent about it."""
        self.unasked = error
        self.set_exception(error)

    def returned(self, value: Any, /) -> None:
        """It is set."""
        self.set_result(value)

    def result(self, timeout: float | None = None) -> Any:
        """The value, or the error: also one that is false, which a concurrent Future takes for none before Python 3.13.4."""
        error = self.exception(timeout)
        try:
            if error is not None:
                raise error
            return super().result()
        finally:
            del error, self  # The error's traceback has this frame, and this Future has the error.

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error."""
        try:
            return super().exception(timeout)
        finally:
            if self.done():
                self.unasked = None


def current() -> Lane:
    """The runtime of this thread: every thread has one."""
    lane: Lane | None = getattr(local, "lane", None)
    if lane is None:
        lane = Lane(Pool())
        local.ending = Ending(lane)
        local.lane = lane
    return lane


def check() -> None:
    """Raise Cancelled if the caller of this thread's function does not want it any more."""
    current().check()


def wrap(foreign: Any, *, of: Runtime | None = None) -> concurrent.futures.Future[Any]:
    """A Future for any foreign awaitable, at home in the loop that it says, or in `of`; cancel() cancels that."""
    here = Anywhere(Pool())
    call, future = wrapped(here, foreign, of), Future()
    future.begin(here, call)
    return future


def run(main: Callable[[], Any], flavour: str = "") -> Any:
    """Run main in this thread, with workers of its own for the calls that come in."""
    before, lane = getattr(local, "lane", None), Lane(Pool())
    local.lane = lane
    try:
        result = main()
        return drive(result) if iscoroutine(result) else result
    finally:
        drive(lane.end_guests())
        lane.bury("it has ended")
        lane.pool.close()
        local.lane = before


class Portal(BlockingPortal):
    """A portal that plain threads hold; any number of them may share it."""

    shared = True


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this program's threads to a framework: its name starts one, its Runtime reaches a running one.

    Example:
        with open_portal("asyncio") as asyncio:
            asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
