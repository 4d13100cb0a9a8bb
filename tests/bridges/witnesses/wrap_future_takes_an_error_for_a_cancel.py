"""asyncio.wrap_future(): an error of the callee's arrives as a cancel (V9), a TimeoutError as a copy (C11)."""

import asyncio
import concurrent.futures
import sys


async def main() -> bool:
    loop = asyncio.get_running_loop()
    shown = []
    for error in (concurrent.futures.CancelledError("the callee's"), TimeoutError("the callee's")):
        future: concurrent.futures.Future[None] = concurrent.futures.Future()
        future.set_exception(error)
        try:
            await asyncio.wrap_future(future, loop=loop)
        except BaseException as got:
            shown.append(got is not error)
            print(f"sent {error!r}, got {got!r}, the same object: {got is error}")
    return shown[0]  # The copy of a TimeoutError is gone in newer Pythons.


sys.exit(asyncio.run(main()))
