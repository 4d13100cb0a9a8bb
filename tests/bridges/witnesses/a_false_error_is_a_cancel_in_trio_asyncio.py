"""trio_asyncio.trio_as_aio(): an error of Trio's that is false arrives in asyncio as a cancel (V20, S15, M1 to M3, M6)."""

import asyncio
import sys

import trio
import trio_asyncio


class EmptyError(Exception):
    def __len__(self) -> int:
        return 0


@trio_asyncio.trio_as_aio
async def fails() -> None:
    raise EmptyError


async def main() -> bool:
    async with trio_asyncio.open_loop():
        task = fails()
        await trio_asyncio.aio_as_trio(asyncio.wait)([task])
        print(f"nobody has cancelled the call; it is cancelled: {task.cancelled()}")
        return task.cancelled()


sys.exit(trio.run(main))
