"""run_coroutine_threadsafe() and wrap_future(): a cancelled caller goes on before the cleanup (C2, C3, C4, C6, C10, C17)."""

import asyncio
import sys
import threading

started, go, cleaned = threading.Event(), threading.Event(), threading.Event()


async def callee() -> None:
    started.set()
    try:
        await asyncio.sleep(3600)
    finally:
        go.wait()  # For ever: nobody sets it.
        cleaned.set()


async def main(there: asyncio.AbstractEventLoop) -> bool:
    call = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(callee(), there))
    await asyncio.to_thread(started.wait)
    call.cancel()
    await asyncio.wait([call])
    return not cleaned.is_set()


threading.Thread(target=(loop := asyncio.new_event_loop()).run_forever, daemon=True).start()
shown = asyncio.run(main(loop))
print(f"the caller goes on before the callee has cleaned up: {shown}")
sys.exit(shown)
