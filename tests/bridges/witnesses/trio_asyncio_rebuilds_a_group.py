"""trio_asyncio.trio_as_aio(): an ExceptionGroup of one, raised in Trio, arrives as another object (V8)."""

import sys

import trio
import trio_asyncio

group = ExceptionGroup("the callee's", [ValueError("one")])  # noqa: F821 - Python 3.11


async def fails() -> None:
    raise group


async def main() -> bool:
    async with trio_asyncio.open_loop():
        try:
            await trio_asyncio.aio_as_trio(trio_asyncio.trio_as_aio(fails))()
        except BaseException as got:
            print(f"sent {group!r}, got {got!r}, the same object: {got is group}")
            return got is not group
    return False


sys.exit(trio.run(main))
