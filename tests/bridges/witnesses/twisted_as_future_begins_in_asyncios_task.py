"""Deferred.asFuture(): the first step of the callee runs in the caller's asyncio task, and the later ones do not (X4, X12)."""

import asyncio
import sys

from twisted.internet import asyncioreactor

loop = asyncio.new_event_loop()
asyncioreactor.install(loop)
from twisted.internet import reactor  # noqa: E402
from twisted.internet.defer import Deferred  # noqa: E402
from twisted.internet.task import deferLater  # noqa: E402


async def callee() -> list[bool]:
    first = asyncio.current_task() is not None
    await deferLater(reactor, 0)
    return [first, asyncio.current_task() is not None]


async def main() -> bool:
    seen = await Deferred.fromCoroutine(callee()).asFuture(loop)
    print(f"in a task of asyncio's, before and after a wait: {seen}")
    return seen == [True, False]


sys.exit(loop.run_until_complete(main()))
