"""The program that tests/adapters/interrupted.py interrupts: it calls, enters a manager and reads a stream through a portal."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

BLOCKING = ("threads", "gevent", "eventlet")
SWALLOWED = repr(KeyboardInterrupt())
left: list[str] = []
cut: list[str] = []  # whose cleanup was cancelled


async def clean_up(what: str) -> None:
    try:
        await asyncio.sleep(0)
    except BaseException:
        cut.append(what)
        raise
    finally:
        left.remove(what)


async def work() -> int:
    await asyncio.sleep(0)
    return 1


@contextlib.asynccontextmanager
async def manager() -> AsyncIterator[int]:
    left.append("manager")
    try:
        yield 1
    finally:
        await clean_up("manager")


async def source() -> AsyncIterator[int]:
    left.append("source")
    try:
        yield 1
        while True:  # Its end would be within the reader's step, and a cancel of that may cut what it waits for there.
            yield 2
    finally:
        await clean_up("source")


def blocking(open_portal: Callable[[], Any]) -> None:
    with open_portal() as portal:
        portal.call(work)
        with portal.enter(manager):
            portal.call(work)
        with contextlib.closing(portal.stream(source)) as numbers:
            for number in numbers:
                if number == 2:
                    break


async def awaiting(open_portal: Callable[[], Any]) -> None:
    async with open_portal() as portal:
        await portal.call(work)
        async with portal.enter(manager):
            await portal.call(work)
        async with portal.stream(source) as numbers:
            async for number in numbers:
                if number == 2:
                    break


def over_and_over(once: Callable[[], Any], ready: Callable[[], object], swallowed: list[str]) -> Callable[[], Any]:
    """The program again and again, and after the first time the word that the signal may come.

    Once an interrupt was swallowed, this round is finished, and another one: then it returns.
    """
    rounds: list[bool] = []

    def goes_on() -> bool:
        ready()
        rounds.append(SWALLOWED in swallowed)
        return sum(rounds) < 2

    def blocks() -> None:
        once()
        while goes_on():
            once()

    async def awaits() -> None:
        await once()
        while goes_on():
            await once()

    return awaits if inspect.iscoroutinefunction(once) else blocks


def native(caller: str, main: Callable[[], Any]) -> None:
    """Run main as a program of that framework does."""
    if caller in ("asyncio", "tornado"):  # IOLoop.run_sync() leaves its coroutine where it is when Ctrl-C ends the loop.
        asyncio.run(main())
    elif caller == "trio":
        importlib.import_module("trio").run(main)
    elif caller.startswith("anyio"):
        importlib.import_module("anyio").run(main, backend=caller[6:-1])
    elif caller == "twisted":  # Its reactor takes SIGINT for "stop": main() goes on no more, and react() exits.
        importlib.import_module("twisted.internet.task").react(lambda reactor: main())
    else:
        main()


def frameworks(caller: str) -> None:
    """Import what the program needs, before it is forked."""
    for name in {caller.partition("[")[0], "asyncio"}:
        importlib.import_module(f"interop.adapters.{name}")
    if caller.startswith("anyio"):
        importlib.import_module(f"anyio._backends._{caller[6:-1]}")
