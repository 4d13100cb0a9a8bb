"""L, X: the callee is at home: what its framework says of its own thread, and does with others, is so in a call, too."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from interop.laws.law import law
from interop.laws.threads import wait_until_asleep, waited
from interop.laws.world import Driver, NotApplicable, World, expect

THREADSAFE = "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_soon_threadsafe"
POOL = "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor"
IO_THREAD = "https://docs.twisted.org/en/stable/api/twisted.python.threadable.html#isInIOThread"


@law("X17", source=IO_THREAD, once=True)
async def each_sides_framework_knows_the_thread_that_it_runs_in(world: World) -> None:
    """Look for a loop that takes a place of which the process has one: another loop's code is told that it is elsewhere."""

    async def callee() -> bool | None:
        return world.callee.knows_its_thread()

    got = [world.caller.knows_its_thread(), await world.call(callee), world.caller.knows_its_thread()]
    if got == [None] * 3:
        raise NotApplicable(f"neither {world.caller.name} nor {world.callee.name} says which thread is its loop's")
    expect(False not in got, got)


@law("X18", source=THREADSAFE, once=True)
async def what_a_thread_sends_to_a_sleeping_loop_in_its_frameworks_own_way_arrives(world: World) -> None:
    """Look for a loop that somebody else drives, and that only its bridge can wake: what a library sends from a thread waits.

    A hang is the loop that sleeps on. Three times, since the loop may be awake at one of them.
    """

    async def arrives(side: Driver) -> bool:
        send = side.from_threads()
        if send is None:
            return False
        mine = threading.get_native_id()
        for _ in range(3):
            event = side.event()

            def sends(tell: Callable[[], object] = event.set) -> None:
                wait_until_asleep(mine)
                send(tell)

            thread = threading.Thread(target=sends)
            thread.start()
            await waited(side, event)
            thread.join()
        return True

    if not (await arrives(world.caller)) | (await world.call(arrives, world.callee)):
        raise NotApplicable(f"neither {world.caller.name} nor {world.callee.name} has a way into its loop for other threads")


@law("L31", needs=("opens", "callee-loop"), source=POOL, once=True)
async def what_the_callee_gives_to_a_pool_of_threads_comes_back_and_its_session_can_be_closed(world: World) -> None:
    """Look for a loop that no answer from a thread wakes, for a pool that loses errors, or for one whose end never comes.

    Twice: a pool may serve one loop, and the next loop may get the same one.
    """
    if world.topology == "hosted" and world.callee.no_pool:
        raise NotApplicable(f"{world.callee.no_pool}, and keeps it as long as the loop runs that hosts the caller")
    error = ValueError("in the pool")

    def fails() -> None:
        raise error

    async def works() -> list[object]:
        got = [await world.callee.in_pool(lambda: "fine")]
        try:
            await world.callee.in_pool(fails)
        except ValueError as caught:
            got.append(caught)
        return got

    for _ in range(2):
        session = await world.open()
        got = await world.call_on(session, works)
        world.reports.clear()  # A gevent hub reports what fails in its pool, before it gives it to the one who waits.
        await world.close(session)
        expect(got == ["fine", error], got)


@law(
    "L33", needs=("callee-loop", "lasts"), source="Fairness: https://trio.readthedocs.io/en/stable/reference-core.html", once=True
)
async def a_callee_that_always_has_something_to_read_leaves_its_caller_its_turns(world: World) -> None:
    """Look for a loop that lets another one go on only when it has nothing to do itself: a busy server would stop its host.

    A hang is the caller, or another task of the callee's, that has no turn.
    """
    ours, theirs = socket.socketpair()
    reads, stops = list[None](), list[Callable[[], object]]()

    async def watches() -> bool:
        stop = world.callee.on_readable(ours.fileno(), lambda: reads.append(None))
        if stop is not None:
            stops.append(stop)
        return bool(stops)

    async def goes_on() -> int:
        before = len(reads)
        while len(reads) < before + 3:
            await world.callee.turn()
        return len(reads)

    async def ends() -> None:
        stops.pop()()
        for _ in range(3):
            await world.callee.turn()  # A task that watches ends before the descriptor is closed.

    with ours, theirs:
        if not await world.call(watches):
            raise NotApplicable(f"{world.callee.name} watches no descriptors")
        theirs.send(b"nobody reads it")
        try:
            for _ in range(5):
                await world.caller.turn()
                await world.call(goes_on)
        finally:
            await world.call(ends)
