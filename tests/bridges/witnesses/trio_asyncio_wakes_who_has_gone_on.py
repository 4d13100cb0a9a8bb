"""trio_asyncio.aio_as_trio(): a reader that was cancelled is woken later by its stream, wherever it waits then (S19)."""

import asyncio
import sys
from collections.abc import AsyncIterator

import trio
import trio_asyncio


async def source() -> AsyncIterator[str]:
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        await asyncio.sleep(0.1)
        yield "the last item"


async def main() -> bool:
    with trio.move_on_after(0.1):
        await trio_asyncio.aio_as_trio(source()).__aiter__().__anext__()
    try:
        await trio.sleep(1)
    except RuntimeError as error:
        print(f"trio.sleep() fails: {error}")
        return True
    return False


sys.exit(trio_asyncio.run(main))
