"""anyio's BlockingPortal.call_async(): a value that the callee had returned when a cancel came is lost (C12, M5)."""

import asyncio
import sys
import threading

from anyio.from_thread import start_blocking_portal

started, go, given = threading.Event(), threading.Event(), list[str]()


def callee() -> str:
    started.set()
    go.wait()  # It never waits in its loop, so it never sees a cancel.
    given.append("a connection")
    return given[0]


async def main() -> bool:
    with start_blocking_portal() as portal:
        task = asyncio.ensure_future(portal.call_async(callee))
        await asyncio.to_thread(started.wait)
        task.cancel()
        go.set()
        await asyncio.wait([task])
    print(f"the callee returned a value: {bool(given)}; the caller got a cancel: {task.cancelled()}")
    return bool(given) and task.cancelled()


sys.exit(asyncio.run(main()))
