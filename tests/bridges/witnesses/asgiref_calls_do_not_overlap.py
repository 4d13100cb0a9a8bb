"""asgiref.sync.sync_to_async(), thread-sensitive as by default: two calls that wait for each other cannot both run (L2, L4)."""

import asyncio
import sys
import threading

from asgiref.sync import sync_to_async


async def main() -> bool:
    begun: list[int] = []
    go = threading.Event()

    def callee() -> None:
        begun.append(threading.get_ident())
        go.wait()

    calls = [asyncio.ensure_future(sync_to_async(callee)()) for _ in range(2)]
    await asyncio.wait(calls, timeout=1)  # The second could only begin in the thread that waits.
    shown = len(begun) == 1
    print(f"two calls were made, {len(begun)} began while it waited")
    go.set()
    await asyncio.gather(*calls)
    return shown and len(set(begun)) == 1


sys.exit(asyncio.run(main()))
