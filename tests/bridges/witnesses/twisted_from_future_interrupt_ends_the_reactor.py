"""Deferred.fromFuture(): a KeyboardInterrupt in a callee, which is an asyncio task, ends the reactor (V7)."""

import asyncio
import sys

from twisted.internet import asyncioreactor

loop = asyncio.new_event_loop()
asyncioreactor.install(loop)

from twisted.internet import defer, reactor  # noqa: E402

told: list[object] = []


async def fails() -> None:
    await asyncio.sleep(0)
    raise KeyboardInterrupt


defer.Deferred.fromFuture(loop.create_task(fails())).addBoth(told.append)
reactor.callLater(1, reactor.stop)  # type: ignore[attr-defined]
try:
    reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]
except KeyboardInterrupt:
    print(f"the reactor has ended; the caller was told: {told}")
    sys.exit(1)
print(f"the reactor went on; the caller was told: {told}")
