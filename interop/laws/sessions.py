"""R, C: what becomes of a session that a cancel meets while it opens or closes, or that a forked process has."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable

from interop.laws.law import law
from interop.laws.peers import is_the
from interop.laws.world import NotApplicable, World, expect


@law("R29", needs=("cancel", "opens"), source="https://docs.python.org/3/reference/compound_stmts.html#with", once=True)
async def a_cancel_that_meets_the_opening_of_a_session_is_not_lost_and_nothing_stays_open(world: World) -> None:
    """Look for a loop that is started, and then belongs to nobody: what is not entered is not left, either.

    A hang is a cancel that never came.
    """

    async def opens() -> None:
        session = await world.open()
        try:
            await world.caller.sleep_forever()
        finally:
            await world.close(session)

    for turns in range(4):
        task = await world.caller.spawn(opens)
        await world.turns(turns)
        await world.caller.cancel(task)
        kind, got = await world.caller.join(task)
        expect(kind == "cancelled", (turns, kind, got))
    session = await world.open()  # There is room for another one.
    got = await world.call_on(session, world.callee.turn)
    await world.close(session)
    expect(got is None, got)


@law("C40", needs=("cancel", "opens", "drops"), source="https://docs.python.org/3/reference/compound_stmts.html#with", once=True)
async def a_cancel_that_meets_the_closing_of_a_session_is_not_lost(world: World) -> None:
    """Look for a close that nothing cuts, as it should be, and that forgets who wanted to cut it. A hang is that cancel."""
    session, started, closing = await world.open(), world.caller.event(), world.caller.event()
    go: list[Callable[[], object]] = []

    async def ends() -> None:
        told, wake = world.callee.event(), world.callee.waker()
        go.append(lambda: wake(told.set))
        world.tell_caller(started.set)

        async def cleans_up() -> None:
            await told.wait()

        try:
            await told.wait()
        finally:
            await world.callee.shielded(cleans_up)

    async def calls() -> None:
        with contextlib.suppress(Exception):  # That the session is closed, say.
            await world.call_on(session, ends)

    async def closes() -> None:
        closing.set()
        await world.close(session)
        world.trace.append("closed")
        await world.caller.sleep_forever()

    call = await world.caller.spawn(calls)
    await started.wait()
    task = await world.caller.spawn(closes)
    await closing.wait()
    await world.turns(5)
    await world.caller.cancel(task)
    await world.turns(2)
    go[0]()
    kind, got = await world.caller.join(task)
    await world.caller.join(call)
    with contextlib.suppress(Exception):
        await world.close(session)  # The cancel may have cut it.
    expect(kind == "cancelled", (kind, got, world.trace))


@law("R20", needs=("errors", "opens", "blocking", "callee-loop"), source="POSIX: a forked process has one thread", once=True)
async def in_a_forked_process_a_session_says_that_its_peer_is_gone(world: World) -> None:
    """It can be left, too. Look for a wait for a thread that is not there."""
    if not hasattr(os, "fork"):
        raise NotApplicable("this system does not fork")
    session = await world.open()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a fork beside other threads is what this is about.
        child = os.fork()
    if child == 0:
        says_so = False
        try:
            try:
                await world.call_on(session, world.callee.turn)
            except Exception as error:
                says_so = is_the(world, "gone", error)
            await world.close(session)
        finally:
            os._exit(0 if says_so else 1)
    _, status = os.waitpid(child, 0)  # noqa: ASYNC222 - the caller is a plain thread.
    kind, got = await world.spawned(world.call_on, session, world.callee.turn)
    await world.close(session)
    expect(status == 0, "the forked process's call did not say so")
    expect(kind == "value", (kind, got))
