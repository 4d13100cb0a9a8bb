"""anyio's own crossings between threads and either of its backends: to_thread, from_thread, BlockingPortal.

Source: https://anyio.readthedocs.io/en/stable/threads.html
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, natively
from interop.bridges.crossing import Crossing
from interop.portal import find

FLAVOURS = ("anyio[asyncio]", "anyio[trio]")


class Session:
    """An open BlockingPortal, held by threads."""

    def __init__(self, portal: Any) -> None:
        self.portal = portal

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Its call() takes no keywords."""
        return self.portal.call(partial(natively(fn), *args, **kwargs))

    def enter(self, manager: Callable[[], Any]) -> Any:
        """Its wrapper."""
        return self.portal.wrap_async_context_manager(manager())


class AwaitableSession(Session):
    """The same, held by asyncio code."""

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As its documentation has it for a call from another event loop: call_async(), since 4.16.

        Before that a task waited for what start_task_soon() gives, a concurrent Future.
        """
        import asyncio

        called = partial(natively(fn), *args, **kwargs)
        if hasattr(self.portal, "call_async"):
            return await self.portal.call_async(called)
        return await asyncio.wrap_future(self.portal.start_task_soon(called))


class AnyioFromThread(Bridge):
    """A thread into the loop, with a portal; asyncio into another loop, with a portal; the loop into a thread."""

    name = "anyio-from-thread"
    package = "anyio"
    crossings = (
        *(Crossing("threads", callee, "thread") for callee in FLAVOURS),
        *(Crossing("asyncio", callee, "thread") for callee in FLAVOURS),
        *(Crossing(caller, "threads", "thread") for caller in FLAVOURS),
    )

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        if crossing.caller == "threads":
            self.has = frozenset({"open", "enter", "back"})
        elif crossing.caller == "asyncio":
            self.has = frozenset({"open", "cancel"})
        else:
            self.has = frozenset({"back"})

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The caller's loop alone: each session brings its portal."""
        adapter, flavour = find(self.crossing.caller)
        adapter.run(main, flavour)

    def open(self) -> Any:
        """A portal, with the thread and the loop that it starts."""
        if self.crossing.callee == "threads":
            return super().open()
        from anyio.from_thread import start_blocking_portal

        portal = start_blocking_portal(self.crossing.callee[6:-1])
        return _session(portal) if self.crossing.caller == "threads" else AsyncSession(portal)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """To a thread."""
        from anyio.to_thread import run_sync

        return run_sync(partial(fn, *args, **kwargs))

    def here(self) -> dict[str, Any]:
        """A worker thread knows its loop; other threads need its token, which run() takes since 4.11."""
        if self.crossing.caller == "threads":
            return {}
        from anyio import from_thread, lowlevel

        takes = "token" in inspect.signature(from_thread.run).parameters
        return {"token": lowlevel.current_token()} if takes else {}

    def back(self, here: dict[str, Any]) -> Way:
        """From a thread into the loop, or from the loop to a thread."""
        if self.crossing.caller == "threads":
            return Way(self.call)
        from anyio.from_thread import run

        return Way(lambda fn, *args, **kwargs: run(partial(natively(fn), *args, **kwargs), **here))


@contextlib.contextmanager
def _session(portal: Any) -> Iterator[Session]:
    with portal as opened:
        yield Session(opened)


class AsyncSession:
    """start_blocking_portal() blocks while it starts and ends: asyncio code has threads do that."""

    def __init__(self, portal: Any) -> None:
        self.portal, self.thread, self.closed = portal, ThreadPoolExecutor(1), False

    async def __aenter__(self) -> AwaitableSession:
        return AwaitableSession(await self._in_thread(self.portal.__enter__))

    async def __aexit__(self, *exc: Any) -> None:
        if not self.closed:
            self.closed = True
            await self._in_thread(self.portal.__exit__, *exc)
            self.thread.shutdown()

    def _in_thread(self, fn: Callable[..., Any], *args: Any) -> Any:
        import asyncio

        return asyncio.get_running_loop().run_in_executor(self.thread, fn, *args)
