"""trio_asyncio.aio_as_trio(): a keyword called `self` does not pass (V19)."""

import sys
from typing import Any

import trio
import trio_asyncio


async def callee(**keywords: Any) -> Any:
    return keywords["self"]


async def main() -> bool:
    async with trio_asyncio.open_loop():
        try:
            await trio_asyncio.aio_as_trio(callee)(self=1)
        except TypeError as error:
            print(f"callee(self=1): {error}")
            return True
    print("it passes")
    return False


sys.exit(trio.run(main))
