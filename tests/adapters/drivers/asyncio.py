from __future__ import annotations

import asyncio
import sys
from typing import Any

import interop.adapters.asyncio
from tests.adapters.drivers import Afn, Driver, Event, Outcome


class AsyncioDriver(Driver):
    library = "asyncio"
    adapter: Any = interop.adapters.asyncio
    cancel_type = asyncio.CancelledError
    timeout_type: type[BaseException] | None = asyncio.TimeoutError

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.name = f"asyncio[{flavour}]" if flavour else "asyncio"

    def event(self) -> Event:
        return asyncio.Event()  # type: ignore[return-value]

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        return asyncio.ensure_future(fn(*args))

    async def cancel(self, task: Any) -> None:
        task.cancel()

    async def join(self, task: Any) -> Outcome:
        await asyncio.wait([task])
        if task.cancelled():
            return "cancelled", None
        error = task.exception()
        return ("error", error) if error else ("value", task.result())

    async def turn(self) -> None:
        await asyncio.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        if sys.version_info >= (3, 11):
            async with asyncio.timeout(seconds):
                return await fn()
        return await asyncio.wait_for(fn(), seconds)

    def task(self) -> object:
        return asyncio.current_task()

    def busy(self) -> object:
        task: Any = asyncio.current_task()
        return (task.cancelling() if sys.version_info >= (3, 11) else 0, task._must_cancel)

    def kill_loop(self) -> None:
        asyncio.get_running_loop().stop()


def driver(flavour: str) -> Driver:
    return AsyncioDriver(flavour)
