"""trio_asyncio.aio_as_trio(): closing the iterator leaves the source of a stream to the garbage collector (S2, M3)."""

import sys
from collections.abc import AsyncIterator

import trio
import trio_asyncio

closed: list[str] = []


async def source() -> AsyncIterator[int]:
    try:
        yield 1
    finally:
        closed.append("closed")


async def main() -> bool:
    async with trio_asyncio.open_loop():
        adapted = trio_asyncio.aio_as_trio(_kept := source())  # Only a close can close it.
        async for _ in adapted:
            break
        if hasattr(adapted, "aclose"):
            await adapted.aclose()
        print(f"left early; the source is closed: {bool(closed)}")
        return not closed


sys.exit(trio.run(main))
