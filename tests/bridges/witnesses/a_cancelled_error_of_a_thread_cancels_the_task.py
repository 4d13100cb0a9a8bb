"""asyncio.to_thread(), and all that set a Future: a CancelledError in a thread cancels the task that waits (C28)."""

import asyncio
import sys


def plain() -> None:
    raise asyncio.CancelledError("from another loop's future, in this thread")


async def main() -> bool:
    task = asyncio.ensure_future(asyncio.to_thread(plain))
    await asyncio.wait([task])
    print(f"nobody has cancelled the task; it is cancelled: {task.cancelled()}")
    return task.cancelled()


sys.exit(asyncio.run(main()))
