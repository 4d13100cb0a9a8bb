from __future__ import annotations

from datetime import timedelta
from typing import Any

from tornado import gen, locks
from tornado.ioloop import IOLoop

import interop.adapters.tornado
from tests.adapters.drivers import Afn, Driver, Event
from tests.adapters.drivers.asyncio import AsyncioDriver


class TornadoDriver(AsyncioDriver):
    adapter: Any = interop.adapters.tornado
    timeout_type = None  # gen.with_timeout() abandons what it waits for: there is nothing to forward.

    def __init__(self, flavour: str) -> None:
        super().__init__("")
        self.name = "tornado"

    def event(self) -> Event:
        return locks.Event()  # type: ignore[return-value]

    async def turn(self) -> None:
        await gen.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        return await gen.with_timeout(timedelta(seconds=seconds), fn())

    def kill_loop(self) -> None:
        IOLoop.current().stop()


def driver(flavour: str) -> Driver:
    return TornadoDriver(flavour)
