"""R: what becomes of a session in a process that was forked."""

from __future__ import annotations

import os
import warnings

from interop.laws.law import law
from interop.laws.peers import is_the
from interop.laws.world import NotApplicable, World, expect


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
