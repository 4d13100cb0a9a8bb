"""asyncio.to_thread(): nested calls wait for a thread that the call above them holds (L3, L4)."""

import asyncio
import concurrent.futures
import sys


async def main() -> bool:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
    began = []

    async def nested() -> None:
        await asyncio.to_thread(began.append, 1)

    def outer() -> bool:
        inner = asyncio.run_coroutine_threadsafe(nested(), loop)
        try:  # Only this thread could run it, so that no time is long enough.
            inner.result(timeout=1)
        except concurrent.futures.TimeoutError:
            inner.cancel()
        return not began

    shown = await asyncio.to_thread(outer)
    print(f"the nested call had no thread while the outer call waited for it: {shown}")
    return shown


sys.exit(asyncio.run(main()))
