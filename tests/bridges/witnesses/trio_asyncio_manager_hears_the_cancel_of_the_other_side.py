"""trio_asyncio.trio_as_aio(): a cancel of asyncio's reaches a Trio manager as an error that Trio does not know (S8)."""

import asyncio
import sys

import trio
import trio_asyncio


class Manager(list[object]):
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, kind: object, *error: object) -> None:
        self.append(kind)


async def block(manager: Manager) -> None:
    async with trio_asyncio.trio_as_aio(manager):
        raise asyncio.CancelledError  # As a task does that is cancelled in its block.


async def main() -> bool:
    task = asyncio.ensure_future(block(manager := Manager()))
    await trio_asyncio.aio_as_trio(asyncio.wait)([task])
    print(f"the Trio manager was left with {manager}")
    return manager != [trio.Cancelled]


sys.exit(trio_asyncio.run(main))
