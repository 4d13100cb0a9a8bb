"""anyio's BlockingPortal: one call that raises a BaseException ends all the others, and the portal (V5, V7, V9)."""

import concurrent.futures
import sys

import anyio
from anyio.from_thread import start_blocking_portal


class Odd(BaseException):
    """Neither an Exception nor a cancel."""


async def fails() -> None:
    raise Odd


try:
    with start_blocking_portal() as portal:
        other = portal.start_task_soon(anyio.sleep_forever)
        try:
            portal.call(fails)
        except Odd:
            print("the caller has its error")
        concurrent.futures.wait([other])
        print(f"the other call, which nobody cancelled, has ended: {other.cancelled()}")
except RuntimeError as error:
    print(f"the portal: {error}")
sys.exit(other.done())
