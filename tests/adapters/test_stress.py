"""Many calls with random cancels, timeouts, errors and closes: exactly one outcome each, and nothing left behind.

INTEROP_STRESS is the number of calls, INTEROP_SEED the seed; the seed is printed with a failure.
"""

from __future__ import annotations

import asyncio
import collections
import os
import random
import sys
import threading
from typing import Any

import pytest

import interop.adapters.asyncio
from interop.errors import PortalClosed
from interop.portal import find

if sys.version_info < (3, 11):
    pytest.skip("asyncio.timeout() came with Python 3.11", allow_module_level=True)

CALLS = int(os.environ.get("INTEROP_STRESS", "300"))
SEED = int(os.environ.get("INTEROP_SEED", str(random.randrange(10**6))))
TURNS: dict[str, str] = {"asyncio": "asyncio", "trio": "trio", "twisted": "twisted", "gevent": "gevent", "threads": "threads"}


class Odd(Exception):
    """What a callee raises."""


@pytest.mark.parametrize("callee", TURNS)
def test_every_call_has_exactly_one_outcome(callee: str) -> None:
    package = callee if callee not in ("asyncio", "threads") else ""
    if package:
        pytest.importorskip(package)
    from tests.adapters.drivers import driver

    side, dice = driver(callee), random.Random(SEED)
    find(callee)
    outcomes: collections.Counter[str] = collections.Counter()
    begun: collections.Counter[int] = collections.Counter()

    async def body(number: int, turns: int, how: str) -> int:
        begun[number] += 1
        for _ in range(turns):
            await side.turn()
        if how == "raise":
            raise Odd(number)
        if how == "forever" and callee != "threads":
            await side.sleep_forever()
        return number

    async def one(portal: Any, number: int) -> None:
        turns, how = dice.randrange(4), dice.choice(["return", "raise", "forever", "return"])
        cut = dice.choice(["cancel", "timeout", "none"]) if how != "forever" else dice.choice(["cancel", "timeout"])

        async def call() -> Any:
            # asyncio.timeout() came with 3.11.
            async with asyncio.timeout(dice.random() / 50 if cut == "timeout" else None):
                return await portal.call(side.native(body), number, turns, how)

        task = asyncio.ensure_future(call())
        if cut == "cancel":
            for _ in range(dice.randrange(6)):
                await asyncio.sleep(0)
            task.cancel()
            if dice.random() < 0.3:
                task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            outcomes["cancelled"] += 1
            assert cut == "cancel"
            return
        error = task.exception()
        outcomes[type(error).__name__ if error else "value"] += 1
        if error is None:
            assert task.result() == number
        else:
            assert isinstance(error, Odd | TimeoutError | PortalClosed), error

    async def main() -> None:
        done = 0
        while done < CALLS:
            async with interop.adapters.asyncio.open_portal(callee) as portal:
                batch = min(CALLS - done, dice.randrange(30, 100))
                tasks = [asyncio.ensure_future(one(portal, done + number)) for number in range(batch)]
                done += batch
                if dice.random() < 0.3:
                    await asyncio.sleep(0.01)  # Then close in the middle of it.
                else:
                    await asyncio.wait(tasks)
            await asyncio.gather(*tasks)
            assert not portal._calls
        assert len(asyncio.all_tasks()) == 1

    threads = threading.active_count()
    interop.adapters.asyncio.run(main)
    where = f"seed {SEED}: {outcomes}"
    assert sum(outcomes.values()) == CALLS, where
    assert max(begun.values()) == 1, where
    assert threading.active_count() == threads, where
