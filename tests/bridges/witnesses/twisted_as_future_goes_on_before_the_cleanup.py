"""Deferred.asFuture(): who is cancelled goes on at once, and the callee's value or error is lost (C3 to C6, C12, C14, M2)."""

import asyncio
import contextlib
import sys

from twisted.internet import asyncioreactor

loop = asyncio.new_event_loop()
asyncioreactor.install(loop)
from twisted.internet.defer import CancelledError, Deferred  # noqa: E402


async def main() -> bool:
    ended, gate = list[str](), Deferred[None]()

    async def callee() -> None:
        with contextlib.suppress(CancelledError):
            await Deferred()
        await gate
        ended.append("callee")

    future = Deferred.fromCoroutine(callee()).asFuture(loop)
    future.cancel()
    await asyncio.sleep(0)
    print(f"the caller goes on, cancelled: {future.cancelled()}; the callee has ended: {bool(ended)}")
    return future.cancelled() and not ended


sys.exit(loop.run_until_complete(main()))
