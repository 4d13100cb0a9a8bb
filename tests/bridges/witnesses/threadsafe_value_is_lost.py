"""run_coroutine_threadsafe() and wrap_future(): a value returned in spite of a cancel is lost (C5, C12, C14, M2)."""

import asyncio
import contextlib
import sys
import threading

started, ended = threading.Event(), threading.Event()


async def callee() -> str:
    started.set()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(3600)
    ended.set()
    return "a connection"


async def main(there: asyncio.AbstractEventLoop) -> bool:
    call = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(callee(), there))
    await asyncio.to_thread(started.wait)
    call.cancel()
    await asyncio.to_thread(ended.wait)
    await asyncio.wait([call])
    print(f"the callee returned a value; the caller got a cancel: {call.cancelled()}")
    return call.cancelled()


threading.Thread(target=(loop := asyncio.new_event_loop()).run_forever, daemon=True).start()
sys.exit(asyncio.run(main(loop)))
