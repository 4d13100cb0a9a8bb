"""Tornado: an IOLoop is an asyncio loop with another face, so this is the asyncio adapter with what differs.

Cancelling: a function decorated with @gen.coroutine cannot be cancelled: cancelling its Future would leave it running. Such a
            callee runs to its end, its value or error is delivered, and the cancel is still due in its caller.
Source:     https://www.tornadoweb.org/en/stable/gen.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tornado.gen import is_coroutine_function
from tornado.ioloop import IOLoop

from interop.adapters import asyncio as native
from interop.call import Call
from interop.errors import NotRunning
from interop.portal import AwaitablePortal
from interop.runtime import Runtime
from interop.unpatched import running_loop

T = TypeVar("T")


class Loop(native.Loop):
    """A running IOLoop."""

    name = "tornado"

    def cancel(self, call: Call, /) -> None:
        """Cancel the task, unless it would only seem so."""
        if not is_coroutine_function(call.fn):
            super().cancel(call)


def current() -> Loop:
    """The runtime of the IOLoop that runs in this thread.

    Raises:
        NotRunning: none does.
    """
    loop = running_loop()
    if loop is None:
        raise NotRunning("tornado", "in a coroutine")
    return native.attach(loop, Loop)


def wrap(foreign: Any, *, of: Runtime | None = None) -> asyncio.Future[Any]:
    """A Future for any foreign awaitable, at home in the loop that it says, or in `of`."""
    return native.future(current(), foreign, of)


def on_loop(loop: Any, flavour: str, refused: Callable[[str], Exception]) -> tuple[Runtime, Callable[[], object]]:
    """A runtime on an asyncio loop that runs already, and what undoes it."""
    return native.attach(loop, Loop), lambda: None


def run(main: Callable[[], Coroutine[Any, Any, T]], flavour: str = "") -> T:
    """Run main in a new IOLoop in this thread."""

    async def face() -> T:
        loops.append(IOLoop.current())
        return await main()

    loops: list[IOLoop] = []
    try:
        return native.run(face)
    finally:
        for loop in loops:
            loop.close()  # Its asyncio loop is closed: this takes it out of Tornado's list.


class Portal(AwaitablePortal):
    """A portal that Tornado code holds; what call() gives can be awaited and, in @gen.coroutine, yielded."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this IOLoop to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        async with open_portal("trio") as trio:
            await trio.call(fetch, url)
    """
    return Portal(current, callee, topology)
