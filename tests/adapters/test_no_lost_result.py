"""What a callee has finished its caller gets, though it was cancelled meanwhile: a connection that was opened is not lost.

Law C12 says so of every callee whose cancel comes once; these are the others, where it strikes each wait until it was heard.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.sides import open_portal, run, side

CALLERS = ["asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio[asyncio]", "anyio[trio]", "threads"]
CALLEES = ["trio", "anyio[asyncio]"]


@pytest.mark.parametrize("callee_name", CALLEES)
@pytest.mark.parametrize("caller_name", CALLERS)
def test_a_caller_that_is_cancelled_gets_what_its_callee_has_finished(caller_name: str, callee_name: str) -> None:
    """Forty interleavings: the cancel comes after 0 to 7 turns of the caller, the callee ends after 0 to 4 of its own."""
    caller, callee = side(caller_name), side(callee_name)
    opened: list[object] = []
    received: list[object] = []

    async def opens(turns: int) -> object:
        for _ in range(turns):
            await callee.turn()
        opened.append(resource := object())
        return resource

    async def program() -> None:
        portal = await open_portal(caller, callee_name)
        native = callee.native(opens)

        async def call(turns: int) -> Any:
            received.append(await caller.call(portal, native, turns))

        for wait in range(8):
            for turns in range(5):
                task = await caller.spawn(call, turns)
                for _ in range(wait):
                    await caller.turn()
                await caller.cancel(task)
                await caller.join(task)
        await caller.close(portal)

    run(caller, program)
    assert opened == received
