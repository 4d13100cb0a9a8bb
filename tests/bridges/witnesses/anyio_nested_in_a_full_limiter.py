"""anyio.to_thread: nested calls wait for a token of the limiter that the call above them holds (L4)."""

import sys

import anyio
import anyio.from_thread
import anyio.to_thread


async def main() -> bool:
    anyio.to_thread.current_default_thread_limiter().total_tokens = 1
    began: list[int] = []

    async def nested() -> None:
        with anyio.move_on_after(1):  # Only the thread that waits here could give its token back.
            await anyio.to_thread.run_sync(began.append, 1)

    await anyio.to_thread.run_sync(anyio.from_thread.run, nested)
    print(f"the nested call had no thread while the outer call waited for it: {not began}")
    return not began


sys.exit(anyio.run(main))
