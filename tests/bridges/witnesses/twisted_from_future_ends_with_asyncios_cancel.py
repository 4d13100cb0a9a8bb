"""Deferred.fromFuture(): Deferred.cancel() ends in asyncio's CancelledError, which addTimeout() does not know (C10, C27)."""

import asyncio
import sys

from twisted.internet import asyncioreactor

loop = asyncio.new_event_loop()
asyncioreactor.install(loop)
from twisted.internet import reactor  # noqa: E402
from twisted.internet.defer import CancelledError, Deferred, TimeoutError  # noqa: E402


async def main() -> bool:
    got: list[BaseException] = []
    ended = asyncio.Event()
    for limit in (None, 0.01):
        deferred = Deferred.fromFuture(asyncio.ensure_future(asyncio.sleep(3600)))
        deferred = deferred if limit is None else deferred.addTimeout(limit, reactor)
        deferred.addErrback(lambda failure: got.append(failure.value))
        deferred.addBoth(lambda _: ended.set())
        if limit is None:
            deferred.cancel()
        await ended.wait()
        ended.clear()
    print(f"cancelled: {got[0]!r}; timed out: {got[1]!r}")
    return not isinstance(got[0], CancelledError) and not isinstance(got[1], TimeoutError)


sys.exit(loop.run_until_complete(main()))
