"""A driver starts tasks as programs of its framework do, so that a law asks of a bridge no more than they would."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import Any

import pytest

from interop.adapters.threads import Lane
from interop.bridges.control import Control
from interop.bridges.crossing import ALONE, Crossing
from interop.harness import drivers
from interop.harness.drivers.threads import ThreadEvent
from interop.laws.world import Outcome

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


def test_a_second_cancel_of_a_thread_has_ended_its_wait_when_cancel_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the thread is between its inbox and what it does about that: what comes later is too late."""
    driver, returned, drain = drivers.find("threads"), threading.Event(), Lane.drain

    def slowly(lane: Lane) -> None:
        drain(lane)
        if lane.cancelled:
            returned.wait(0.3)  # A driver that does not wait for this sets it at once.
            drain(lane)

    async def main() -> Outcome:
        started, cleaning, go = driver.event(), driver.event(), ThreadEvent()

        async def body() -> None:
            started.set()
            try:
                await driver.sleep_forever()
            finally:
                monkeypatch.setattr(Lane, "drain", slowly)
                cleaning.set()
                await go.wait()
                seen.append("its cleanup went on")

        task = await driver.spawn(body)
        await started.wait()
        await driver.cancel(task)
        await cleaning.wait()
        while not go.waiting:
            os.sched_yield()
        await driver.cancel(task)
        go.set()
        returned.set()
        return await driver.join(task)

    seen = list[str]()
    assert driver.adapter.run(main, driver.flavour)[0] == "cancelled"
    assert seen == []
