"""trio_asyncio: Trio code sees a running asyncio loop that is not its own (X8)."""

import asyncio
import sys

import trio
import trio_asyncio


async def main() -> bool:
    async with trio_asyncio.open_loop():
        try:
            seen = asyncio.get_running_loop()
        except RuntimeError:
            return False
        print(f"in a Trio task: {seen!r}")
        return True


sys.exit(trio.run(main))
