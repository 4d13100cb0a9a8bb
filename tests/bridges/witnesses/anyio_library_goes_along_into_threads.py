"""anyio.run() sets a context variable, and asyncio.to_thread() takes it along into a thread without a loop (X15)."""

import asyncio
import sys

import anyio
import sniffio


async def main() -> bool:
    try:
        seen = await asyncio.to_thread(sniffio.current_async_library)
    except sniffio.AsyncLibraryNotFoundError:
        print("in the thread: no library")
        return False
    print(f"in a thread in which no loop runs: {seen}")
    return True


sys.exit(anyio.run(main))
