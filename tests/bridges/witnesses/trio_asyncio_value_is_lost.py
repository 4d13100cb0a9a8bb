"""trio_asyncio.trio_as_aio(): a value that Trio has returned is lost if a cancel comes before asyncio has it (C12)."""

import asyncio
import sys

import trio
import trio_asyncio

given: list[str] = []


@trio_asyncio.trio_as_aio
async def callee() -> str:
    given.append("a connection")
    return given[-1]


async def main() -> bool:
    async with trio_asyncio.open_loop():
        task = asyncio.ensure_future(asyncio.wait_for(callee(), None))
        while not given:
            await trio.lowlevel.checkpoint()
        task.cancel()
        await trio_asyncio.aio_as_trio(asyncio.wait)([task])
        print(f"the callee has returned a value; the caller got a cancel: {task.cancelled()}")
        return task.cancelled()


sys.exit(trio.run(main))
