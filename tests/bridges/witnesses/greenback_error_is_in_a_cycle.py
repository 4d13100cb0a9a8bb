"""An error that comes through greenback.await_() is in a reference cycle: only the garbage collector can free it."""

import asyncio
import gc
import sys
import weakref

import greenback


class Fresh(Exception): ...


async def fails():
    raise Fresh


async def main():
    await greenback.ensure_portal()
    gc.disable()
    try:
        greenback.await_(fails())
    except Fresh as error:
        reference = weakref.ref(error)
    await asyncio.sleep(0)
    print("held" if reference() else "freed")
    sys.exit(reference() is not None)


asyncio.run(main())
