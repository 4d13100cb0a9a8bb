"""What comes when a call, a manager or a reactor is over already, and what a reactor leaves behind."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from interop.adapters.asyncio import open_portal
from tests.adapters.sides import open_portal as opened
from tests.adapters.sides import run, side
from tests.adapters.test_twisted_programs import PROGRAM, REACT, printed


def test_an_error_of_a_body_whose_manager_the_callee_has_given_up_is_not_taken_for_handled() -> None:
    """The entry was cancelled, and took the cancel; then somebody in the callee cancels the task that holds the manager."""
    left, body = threading.Event(), list[str]()

    async def program() -> None:
        here, waits = asyncio.get_running_loop(), asyncio.Event()

        class Manager:
            async def __aenter__(self) -> None:
                try:
                    here.call_soon_threadsafe(waits.set)
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    holder = asyncio.current_task()
                    assert holder is not None
                    asyncio.get_running_loop().call_soon(holder.cancel)

            async def __aexit__(self, *exc: object) -> None:
                left.set()

        async def enters() -> None:
            async with open_portal("asyncio") as portal, portal.enter(Manager):
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    body.append("took the cancel")
                assert left.wait(60)
                raise ValueError("of the body")

        task = asyncio.ensure_future(enters())
        await waits.wait()
        task.cancel()
        with pytest.raises(ValueError, match="of the body"):
            await task

    asyncio.run(program())
    assert body == ["took the cancel"]


def test_cancelling_the_deferred_of_a_call_that_is_done_cancels_what_its_callbacks_wait_for() -> None:
    pytest.importorskip("twisted")
    from twisted.internet.defer import CancelledError, Deferred

    caller, seen = side("twisted"), list[Any]()

    async def program() -> None:
        portal = await opened(caller, "asyncio")
        inner: Deferred[None] = Deferred()
        deferred = portal.call(int).addCallback(lambda value: inner).addErrback(lambda failure: seen.append(failure.type))
        while not deferred.called:
            await caller.turn()
        deferred.cancel()
        seen.append(inner.called)
        await caller.close(portal)

    run(caller, program)
    assert seen == [CancelledError, True]


STOPPING = (
    PROGRAM
    + """
from interop.errors import CannotStart
async def late():
    try:
        async with open_portal("asyncio"):
            print("opened")
    except CannotStart:
        print("refused")
async def main(reactor):
    async with open_portal("asyncio") as portal:
        await portal.call(int)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(late()))
"""
    + REACT
)


def test_a_portal_that_is_opened_while_the_reactor_stops_is_refused() -> None:
    assert printed(STOPPING) == ["refused"]


LEAVES = """
import asyncio
from twisted.python import threadable
from interop.adapters.asyncio import open_portal
async def main():
    before = threadable.ioThread
    for _ in range(2):
        async with open_portal("twisted[asyncio]", topology="loop") as portal:
            assert await portal.call(threadable.isInIOThread)
        print(threadable.ioThread == before, threadable.isInIOThread())
asyncio.run(main())
"""


def test_a_reactor_on_a_loop_leaves_the_io_thread_as_it_was() -> None:
    assert printed(LEAVES) == ["True False"] * 2
