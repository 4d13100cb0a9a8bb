"""run_coroutine_threadsafe(): a KeyboardInterrupt in one callee ends the loop of all (V7)."""

import asyncio
import contextlib
import sys
import threading


async def fails() -> None:
    raise KeyboardInterrupt


def serve(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        loop.run_forever()


loop = asyncio.new_event_loop()
thread = threading.Thread(target=serve, args=(loop,), daemon=True)
thread.start()
other = asyncio.run_coroutine_threadsafe(asyncio.sleep(3600), loop)
call = asyncio.run_coroutine_threadsafe(fails(), loop)
thread.join(10)
print(f"the loop has ended: {not thread.is_alive()}; the other call will never be answered: {not other.done()}")
sys.exit(not thread.is_alive() and not other.done())
