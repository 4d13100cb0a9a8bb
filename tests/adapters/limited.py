"""Portals with few file descriptors: python -m tests.adapters.limited CALLER CALLEE.

One after the other they need no more than one does. As many at once as there are descriptors for: the next one says that there
are none, and leaves nothing behind, so that after some were closed there is room for one again.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import resource
import sys
import threading
from typing import Any

from interop.errors import CannotStart

FILES = 64
BLOCKING = ("threads", "gevent", "eventlet")


def open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def loops() -> int:
    return sum(thread.name.startswith("interop") for thread in threading.enumerate())


def answer() -> int:
    return 42


def blocks(open_portal: Any, callee: str) -> None:
    def once() -> None:
        with open_portal(callee) as portal:
            assert portal.call(answer) == 42

    once()
    before = open_files()
    for _ in range(2 * FILES):
        once()
    assert open_files() == before, (open_files(), before)
    with contextlib.ExitStack() as portals:
        try:
            while True:
                portals.enter_context(open_portal(callee))
        except (OSError, CannotStart) as error:
            refused, there = repr(error), loops()  # The error holds what its frames have opened.
        assert there > 3, (there, refused)
        first = portals.pop_all()
        assert loops() == there, "the one that was refused is still there"
        first.close()
    assert open_files() == before, (open_files(), before)
    once()


async def awaits(open_portal: Any, callee: str) -> None:
    async def once() -> None:
        async with open_portal(callee) as portal:
            assert await portal.call(answer) == 42

    await once()
    before = open_files()
    for _ in range(2 * FILES):
        await once()
    assert open_files() == before, (open_files(), before)
    async with contextlib.AsyncExitStack() as portals:
        try:
            while True:
                await portals.enter_async_context(open_portal(callee))
        except (OSError, CannotStart) as error:
            refused, there = repr(error), loops()  # The error holds what its frames have opened.
        assert there > 3, (there, refused)
        first = portals.pop_all()
        assert loops() == there, "the one that was refused is still there"
        await first.aclose()
    assert open_files() == before, (open_files(), before)
    await once()


def main(caller: str, callee: str) -> None:
    open_portal = importlib.import_module(f"interop.adapters.{caller}").open_portal
    importlib.import_module(f"interop.adapters.{callee}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    if caller in BLOCKING:
        blocks(open_portal, callee)
    elif caller == "trio":
        importlib.import_module("trio").run(awaits, open_portal, callee)
    else:
        asyncio.run(awaits(open_portal, callee))


if __name__ == "__main__":
    main(*sys.argv[1:])
