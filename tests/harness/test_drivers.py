"""A driver starts tasks as programs of its framework do, so that a law asks of a bridge no more than they would."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import pytest

from interop.bridges.control import Control
from interop.bridges.crossing import ALONE, Crossing
from interop.harness import drivers

# Twisted's reactor runs once in a process; a thread and a greenlet begin with a context of their own.
LOOPS = ("asyncio", "tornado", "trio", "anyio[asyncio]", "anyio[trio]")
variable: ContextVar[str] = ContextVar("variable", default="nothing")


@pytest.mark.parametrize("name", LOOPS)
def test_a_task_has_the_context_of_the_one_that_starts_it(name: str) -> None:
    driver, seen = drivers.find(name), list[Any]()

    async def reads() -> str:
        return variable.get()

    async def main() -> None:
        variable.set("of the one that starts it")
        seen.append(await driver.join(await driver.spawn(reads)))

    Control(Crossing(name, name, ALONE)).run(main)
    assert seen == [("value", "of the one that starts it")]


@pytest.mark.parametrize("name", [*LOOPS, "gevent"])
def test_who_waits_for_an_event_that_is_set_goes_on_though_an_earlier_one_is_cancelled(name: str) -> None:
    driver, seen = drivers.find(name), list[Any]()

    async def main() -> None:
        event = driver.event()

        async def waits() -> str:
            await event.wait()
            return "it is set"

        first = await driver.spawn(waits)
        await driver.turn()
        second = await driver.spawn(waits)
        await driver.cancel(first)
        event.set()
        seen.append(await driver.join(second))
        await driver.join(first)

    Control(Crossing(name, name, ALONE)).run(main)
    assert seen == [("value", "it is set")]
