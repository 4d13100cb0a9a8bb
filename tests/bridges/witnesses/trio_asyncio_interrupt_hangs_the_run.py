"""trio_asyncio.aio_as_trio(): a KeyboardInterrupt in a callee hangs its caller, and no timeout reaches it (V7)."""

import asyncio
import os
import threading

import trio
import trio_asyncio


async def fails() -> None:
    await asyncio.sleep(0)
    raise KeyboardInterrupt


def hangs() -> None:
    print("move_on_after(1) has not ended after ten seconds", flush=True)
    os._exit(1)


async def main() -> None:
    with trio.move_on_after(1):
        await trio_asyncio.aio_as_trio(fails)()


watch = threading.Timer(10, hangs)
watch.daemon = True
watch.start()
trio_asyncio.run(main)
