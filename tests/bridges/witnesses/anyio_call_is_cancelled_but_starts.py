"""anyio's BlockingPortal.call_async(): a call that is cancelled before its first step starts all the same (C9)."""

import asyncio
import sys
import threading

from anyio.from_thread import start_blocking_portal


async def main() -> bool:
    at_work, go, began = threading.Event(), threading.Event(), threading.Event()
    with start_blocking_portal() as portal:
        blocker = portal.start_task_soon(lambda: (at_work.set(), go.wait()))
        at_work.wait()
        task = asyncio.ensure_future(portal.call_async(began.set))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        await asyncio.wait([task])
        blocker.result()
    print(f"cancelled: {task.cancelled()}; started all the same: {began.is_set()}")
    return began.is_set()


sys.exit(asyncio.run(main()))
