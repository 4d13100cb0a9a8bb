"""trio_asyncio.trio_as_aio(): a cancel at the wrong moment leaves a manager entered: __aexit__() is never called (M4)."""

import asyncio
import sys
from unittest.mock import MagicMock

import trio
import trio_asyncio


async def block(manager: MagicMock) -> None:
    async with trio_asyncio.trio_as_aio(manager):
        await asyncio.sleep(3600)


async def main() -> bool:
    task = asyncio.ensure_future(block(manager := MagicMock()))
    while not manager.__aenter__.called:
        await trio.lowlevel.checkpoint()
    task.cancel()
    await trio_asyncio.aio_as_trio(asyncio.wait)([task])
    print(f"the block has ended; __aexit__() was called: {manager.__aexit__.called}")
    return not manager.__aexit__.called


sys.exit(trio_asyncio.run(main))
