"""trio_asyncio.aio_as_trio(): who leaves a manager in a cancelled scope goes on, and __aexit__() has never begun (S8, M4)."""

import asyncio
import sys

import trio
import trio_asyncio


class Manager:
    left = False

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *error: object) -> None:
        self.left = True  # It does not wait, so a cancel would not stop it.


async def main() -> bool:
    mine = Manager()
    async with trio_asyncio.open_loop():
        with trio.CancelScope() as scope:
            async with trio_asyncio.aio_as_trio(mine):
                scope.cancel()
        await trio_asyncio.aio_as_trio(asyncio.sleep)(0)
        print(f"the block has ended; its manager has been left: {mine.left}")
    return not mine.left


sys.exit(trio.run(main))
