"""A program may have given its asyncio loop a task factory: calls run as its tasks, and are calls as ever."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any

import interop.adapters.asyncio
import interop.adapters.threads
from interop.errors import CalleeCancelled

variable = contextvars.ContextVar("variable", default="nothing")


class Mine(asyncio.Task[Any]):
    """What the factory makes."""


def make(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **more: Any) -> Mine:
    return Mine(coroutine, loop=loop, **more)


async def seen() -> tuple[type[Any], str]:
    await asyncio.sleep(0)
    return type(asyncio.current_task()), variable.get()


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


def ask(runtime: Any) -> list[Any]:
    """In a thread that calls into the loop."""
    variable.set("the caller's")
    found: list[Any] = []
    with interop.adapters.threads.open_portal(runtime) as portal:
        found.append(portal.call(seen))
        try:
            portal.call(cancels_itself)
        except CalleeCancelled as error:
            found.append(type(error.__cause__))
    return found


def test_a_call_is_a_task_of_the_factory_with_the_callers_context() -> None:
    async def main() -> list[Any]:
        factory: Any = make  # Its type is one that only type checkers know.
        asyncio.get_running_loop().set_task_factory(factory)
        runtime = interop.adapters.asyncio.current()
        return await asyncio.to_thread(ask, runtime)

    assert asyncio.run(main()) == [(Mine, "the caller's"), asyncio.CancelledError]
