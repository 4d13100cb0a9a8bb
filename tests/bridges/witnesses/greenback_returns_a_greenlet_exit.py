"""greenback: a GreenletExit that ends a call becomes its returned value (V9)."""

import asyncio
import sys

import greenback
import greenlet


async def fails() -> None:
    raise greenlet.GreenletExit("the callee's")


async def main() -> bool:
    try:
        value = await greenback.with_portal_run_sync(lambda: greenback.await_(fails()))
    except greenlet.GreenletExit:
        return False
    print(f"the error came back as a value: {value!r}")
    return isinstance(value, greenlet.GreenletExit)


sys.exit(asyncio.run(main()))
