"""Deferred.asFuture(): the Deferred refuses the cancel and gives a value; the Future is cancelled, and the value lost (H24)."""

import asyncio
import sys

from twisted.internet import asyncioreactor

loop = asyncio.new_event_loop()
asyncioreactor.install(loop)
from twisted.internet.defer import CancelledError, Deferred  # noqa: E402


async def main() -> bool:
    async def callee() -> str:
        try:
            return await Deferred()
        except CancelledError:
            return "kept"

    deferred, given = Deferred.fromCoroutine(callee()), list[str]()
    deferred.addCallback(lambda value: given.append(value) or value)  # type: ignore[func-returns-value]
    future = deferred.asFuture(loop)
    future.cancel()
    await asyncio.sleep(0)
    print(f"the Deferred gave {given}; the Future is cancelled: {future.cancelled()}")
    return given == ["kept"] and future.cancelled()


sys.exit(loop.run_until_complete(main()))
