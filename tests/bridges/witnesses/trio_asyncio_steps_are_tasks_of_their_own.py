"""trio_asyncio: each step of an asyncio generator, and each end of a manager, is a task of its own (S3, S7)."""

import asyncio
import sys
from collections.abc import AsyncIterator

import trio
import trio_asyncio

tasks: list[object] = []


async def source() -> AsyncIterator[int]:
    for number in range(2):
        tasks.append(asyncio.current_task())
        yield number


async def main() -> bool:
    async with trio_asyncio.open_loop():
        async for _ in trio_asyncio.aio_as_trio(source()):
            pass
    print(f"the steps ran in one task: {tasks[0] is tasks[1]}")
    return tasks[0] is not tasks[1]


sys.exit(trio.run(main))
