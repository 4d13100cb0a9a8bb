"""anyio: its code runs on asyncio or Trio, and its native cancel is a cancel scope on either.

Cancelling: on Trio an anyio scope is a Trio scope. On asyncio, anyio throws a scope's cancel into a task again in every turn of
            the loop until the task is in a shielded scope, so that is where a cancelled caller waits for its callee.
Source:     https://anyio.readthedocs.io/en/stable/cancellation.html
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections.abc import Callable, Coroutine
from inspect import isawaitable
from typing import Any, TypeVar

import anyio
import anyio.lowlevel

from interop.adapters import asyncio as native
from interop.call import BACK, Call
from interop.errors import NotRunning
from interop.portal import AwaitablePortal, find
from interop.runtime import Runtime
from interop.unpatched import running_loop
from interop.wrapping import wrapped

T = TypeVar("T")


class Loop(native.Loop):
    """A running asyncio loop, as anyio uses it."""

    name = "anyio[asyncio]"

    async def _run(self, call: Call) -> None:
        if not call.enter():
            return
        try:
            with anyio.CancelScope() as scope:
                call.task = (asyncio.current_task(), scope)
                value = call.fn(*call.args, **call.kwargs)
                if isawaitable(value):
                    value = await value
        except BaseException as error:
            self.report(call, error)
        else:
            if scope.cancelled_caught:
                call.settle(cancelled=True)
            else:
                call.settle(value)

    def cancel(self, call: Call, /) -> None:
        """Cancel the function's scope."""
        if call.task is not None:
            call.task[1].cancel()

    async def wait(self, call: Call, /) -> Any:
        """Wait for the outcome; once cancelled, in a shielded scope."""
        if not call.must_leave:
            await self.raise_due()
        task = asyncio.current_task()
        before = self.due.count_before(task)
        interrupted = await self._parked(call, call.send)
        if call.state != BACK:
            call.ask_to_stop()
            with anyio.CancelScope(shield=True):
                while call.state != BACK:
                    await self._parked(call)
        try:
            if interrupted is not None:
                if call.cancelled and call.unwanted is True:
                    raise interrupted
                if anyio.current_effective_deadline() != -math.inf:  # Or else anyio throws it again by itself.
                    self.due.add(task, before, interrupted.args)
            return self.deliver(call)
        finally:
            del interrupted

    async def _parked(self, call: Call, first: Callable[[], object] | None = None) -> asyncio.CancelledError | None:
        call.parked = self.loop.create_future()
        if first is not None:
            first()
        try:
            if call.state != BACK:
                await call.parked
        except asyncio.CancelledError as error:
            return error
        except BaseException:  # This coroutine is being closed.
            call.abandon()
            raise
        return None

    async def raise_due(self) -> None:
        """One of asyncio's, or of a scope."""
        await super().raise_due()
        await anyio.lowlevel.checkpoint_if_cancelled()

    def resume(self, call: Call, /) -> None:
        """Let the task go on with the loop's next turn."""
        with contextlib.suppress(asyncio.InvalidStateError):  # Cancelled already, by Ctrl-C perhaps, which comes at any moment.
            call.parked.set_result(None)


def current() -> Runtime:
    """The runtime of the loop that runs in this thread, asyncio's or Trio's.

    Raises:
        NotRunning: neither does.
    """
    loop = running_loop()
    # A Trio guest of asyncio sees a running loop but no task; an asyncio guest inside a Trio task has both.
    if loop is not None and asyncio.current_task(loop) is not None:
        return native.attach(loop, Loop)
    if "trio" in sys.modules:
        here: Runtime = _trio().current()
        return here
    raise NotRunning("anyio", "in an async function under anyio.run()")


def on_loop(loop: Any, flavour: str, refused: Callable[[str], Exception]) -> tuple[Runtime, Callable[[], object]]:
    """A runtime on an asyncio loop that runs already, and what undoes it."""
    if flavour != "asyncio":
        raise refused("Trio does not run on an asyncio loop; it can be its guest")
    return native.attach(loop, Loop), lambda: None


async def wrap(foreign: Any, *, of: Runtime | None = None) -> Any:
    """Wait for any foreign awaitable, at home in the loop that it says, or in `of`."""
    here = current()
    return await here.wait(wrapped(here, foreign, of))


def startable(name: str) -> None:
    """On Trio, what Trio needs."""
    if name == "anyio[trio]":
        _trio().startable(name)


def guest(main: Callable[[], Coroutine[Any, Any, None]], wake: Callable[..., object], done: Callable[..., object]) -> None:
    """Trio as a guest."""
    _trio().guest(main, wake, done)


def run(main: Callable[[], Coroutine[Any, Any, T]], flavour: str = "") -> T:
    """Run main in a new loop in this thread."""
    return _trio().run(main) if flavour == "trio" else native.run(main)


def _trio() -> Any:
    return sys.modules.get("interop.adapters.trio") or find("trio")[0]


class Portal(AwaitablePortal):
    """A portal that anyio code holds."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from anyio code to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        async with open_portal("twisted") as twisted:
            await twisted.call(fetch, url)
    """
    return Portal(current, callee, topology)
