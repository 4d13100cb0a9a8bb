"""asgiref's async_to_sync() in a thread that sync_to_async() did not start: another loop runs the function (L17)."""

import asyncio
import sys
import threading

from asgiref.sync import async_to_sync, sync_to_async

loops: list[object] = []


async def innermost() -> None:
    loops.append(asyncio.get_running_loop())


def callee() -> None:
    thread = threading.Thread(target=async_to_sync(innermost))
    thread.start()
    thread.join()


async def main() -> bool:
    await sync_to_async(callee)()
    print(f"the function ran in the loop that had called: {loops[0] is asyncio.get_running_loop()}")
    return loops[0] is not asyncio.get_running_loop()


sys.exit(asyncio.run(main()))
