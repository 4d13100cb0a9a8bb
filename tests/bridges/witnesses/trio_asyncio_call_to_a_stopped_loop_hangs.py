"""trio_asyncio.aio_as_trio(): a call whose asyncio loop is stopped is never answered, nor can it be cancelled (L18)."""

import asyncio
import os

import trio
import trio.testing
import trio_asyncio


async def stops() -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(3600)


async def main() -> None:
    async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
        nursery.start_soon(trio_asyncio.aio_as_trio(stops))
        await trio.testing.wait_all_tasks_blocked(0.5)
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await trio.testing.wait_all_tasks_blocked(0.5)
        print(f"the loop was stopped and the call cancelled; it still waits: {bool(nursery.child_tasks)}", flush=True)
        os._exit(bool(nursery.child_tasks))


trio.run(main)
