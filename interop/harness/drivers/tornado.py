"""Tornado, as laws drive it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any

from tornado import gen, locks
from tornado.ioloop import IOLoop

import interop.adapters.tornado
from interop.harness.drivers.asyncio import AsyncioDriver
from interop.harness.drivers.driver import NOTHING
from interop.laws.world import Afn, Event


class TornadoDriver(AsyncioDriver):
    """Coroutines as tasks on an IOLoop; what is native here is gen.coroutine."""

    adapter: Any = interop.adapters.tornado
    timeout_type = None  # gen.with_timeout() abandons what it waits for: there is nothing to forward.

    flavours: Mapping[str, Mapping[str, str]] = {
        "coroutine": NOTHING,
        "gen.coroutine": {
            "cancel": "the Future of a @gen.coroutine can be cancelled, and its generator goes on all the same",
            "base-exceptions": "a @gen.coroutine that raises a BaseException never completes its Future",
            "exits": "a @gen.coroutine that raises a BaseException never completes its Future",
        },
    }
    awaitables: Mapping[str, Mapping[str, str]] = {"Future": NOTHING, "gen.coroutine": flavours["gen.coroutine"]}
    words: Mapping[str, str] = {**AsyncioDriver.words, "turn": "await gen.sleep(0)"}

    def __init__(self, flavour: str) -> None:
        super().__init__("")
        self.name = "tornado"

    def native(self, fn: Afn, flavour: str = "") -> Callable[..., Any]:
        """A coroutine function, or a decorated generator function."""
        if flavour != "gen.coroutine":
            return fn

        @gen.coroutine
        def decorated(*args: Any, **kwargs: Any) -> Any:
            return (yield fn(*args, **kwargs))

        return decorated

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """A Future, or what a @gen.coroutine gives."""
        return self.native(fn, kind)() if kind == "gen.coroutine" else super().awaitable(kind, fn)

    def from_threads(self) -> Callable[[Callable[[], object]], object]:
        """add_callback()."""
        return IOLoop.current().add_callback

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object]:
        """IOLoop.add_handler()."""
        loop = IOLoop.current()

        def readable(fd: int, events: int) -> None:
            callback()

        loop.add_handler(fd, readable, IOLoop.READ)
        return lambda: loop.remove_handler(fd)

    def event(self) -> Event:
        """This framework's own."""
        return locks.Event()

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        await gen.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        return await gen.with_timeout(timedelta(seconds=seconds), fn())

    def let_go(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """As Tornado's own users do."""
        loop = IOLoop()
        try:
            loop.run_sync(main)
        finally:
            loop.close()

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        IOLoop.current().stop()


def driver(flavour: str) -> TornadoDriver:
    """The driver of one flavour."""
    return TornadoDriver(flavour)
