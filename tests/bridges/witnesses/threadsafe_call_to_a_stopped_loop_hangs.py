"""run_coroutine_threadsafe(): a call whose loop is stopped, or was, is never answered (L18)."""

import asyncio
import sys
import threading


async def stops() -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(3600)


async def fine() -> None: ...


thread = threading.Thread(target=(loop := asyncio.new_event_loop()).run_forever)
thread.start()
first = asyncio.run_coroutine_threadsafe(stops(), loop)
thread.join()  # The loop has ended.
second = asyncio.run_coroutine_threadsafe(fine(), loop)
answered = [future for future in (first, second) if future.done()]
print(f"the loop has ended; {len(answered)} of two calls were answered, and nobody is left who could")
sys.exit(not answered)
