"""asyncio.to_thread(): a StopIteration cannot be put into a Future, and the caller waits for ever (V6); CPython 3.13 raises."""

import asyncio
import sys
import threading


def fails() -> None:
    raise StopIteration("the callee's")


async def main() -> bool:
    refused = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: refused.set())
    call = asyncio.ensure_future(asyncio.to_thread(fails))
    gone = asyncio.ensure_future(refused.wait())
    await asyncio.wait([call, gone], return_when=asyncio.FIRST_COMPLETED)
    print(f"the loop reported an error: {refused.is_set()}; the call ended: {call.done()}; {threading.active_count()} threads")
    for task in (call, gone):
        task.cancel()
    return not (call.done() and not call.cancelled())


sys.exit(asyncio.run(main()))
