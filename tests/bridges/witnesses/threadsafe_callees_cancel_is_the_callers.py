"""run_coroutine_threadsafe() and wrap_future(): a callee that cancels itself cancels its caller (C7)."""

import asyncio
import sys
import threading


async def callee() -> None:
    raise asyncio.CancelledError("the callee's own")


async def main(there: asyncio.AbstractEventLoop) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(callee(), there))


async def watch(there: asyncio.AbstractEventLoop) -> bool:
    task = asyncio.ensure_future(main(there))
    await asyncio.wait([task])
    print(f"nobody cancelled the caller; it ended as cancelled: {task.cancelled()}")
    return task.cancelled()


threading.Thread(target=(loop := asyncio.new_event_loop()).run_forever, daemon=True).start()
sys.exit(asyncio.run(watch(loop)))
