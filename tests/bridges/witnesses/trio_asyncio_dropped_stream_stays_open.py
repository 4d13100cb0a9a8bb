"""trio_asyncio.trio_as_aio(): the source of a stream that asyncio leaves early and drops stays open until Trio ends (S18)."""

import asyncio
import sys
from collections.abc import AsyncIterator

import trio_asyncio

closed: list[str] = []


async def source() -> AsyncIterator[int]:
    try:
        yield 1
    finally:
        closed.append("closed")


async def main() -> bool:
    async for _ in trio_asyncio.trio_as_aio(source()):
        break
    await asyncio.sleep(0.2)
    print(f"left early and dropped; the source is closed: {bool(closed)}")
    return not closed


sys.exit(trio_asyncio.run(trio_asyncio.aio_as_trio(main)))
