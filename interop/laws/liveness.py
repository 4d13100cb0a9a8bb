"""L: liveness. Nobody waits for ever, nobody is starved, and a peer that is gone is said to be gone at once."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

from interop.laws.law import SHOULD, law
from interop.laws.world import Afn, Broken, WayBack, World, expect

LOOPS = "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code"


@law("L1", needs=("lasts",), source=LOOPS)
async def the_callers_loop_beats_while_it_waits(world: World) -> None:
    """Look for a wait that blocks the caller's thread."""
    go = world.callee.event()

    async def callee() -> None:
        await go.wait()

    async def other() -> None:
        await world.turns(10)
        world.trace.append("beat")
        world.tell_callee(go.set)

    task = await world.caller.spawn(other)
    await world.call(callee)
    world.trace.append("back")
    await world.caller.join(task)
    expect(world.trace == ["beat", "back"], world.trace)


@law("L2", needs=("lasts",), source=LOOPS)
async def calls_overlap(world: World) -> None:
    """Look for a lock around a call, or for one worker that runs them in turn."""
    first, second = world.callee.event(), world.callee.event()

    async def one() -> None:
        world.tell_callee(first.set)
        await second.wait()

    async def two() -> None:
        world.tell_callee(second.set)
        await first.wait()

    tasks = [await world.caller.spawn(world.call, fn) for fn in (one, two)]
    for task in tasks:
        outcome = await world.caller.join(task)
        expect(outcome == ("value", None), outcome)


def to_and_fro(world: World, back: WayBack, meet: Afn | None = None) -> Afn:
    """A function of the caller's that calls to and fro so many times; an even number ends in the caller, in meet()."""

    async def down(depth: int) -> int:
        if depth:
            return int(await world.call(across, depth - 1)) + 1
        if meet is not None:
            await meet()
        return 0

    async def across(depth: int) -> int:
        return int(await back.call(down, depth - 1)) + 1 if depth else 0

    return down


@law("L3", needs=("back",), source="asgiref: a sync_to_async inside an async_to_sync", once=True)
async def a_call_nested_thirty_deep_finishes(world: World) -> None:
    """Look for a side that cannot be called while it waits itself, or for a thread a hop."""
    back = WayBack(world)
    await back.open()
    got = await world.spawned(to_and_fro(world, back), 30)
    await back.close()
    expect(got == ("value", 30), got)


@law("L4", needs=("back",), source="A pool whose workers wait for the pool is a deadlock", once=True)
async def forty_calls_nested_ten_deep_finish(world: World) -> None:
    """They meet at the bottom: two hundred wait on either side. Look for a pool with a limit, whose workers wait for one more."""
    width = 40 if world.caller.has_loop and world.callee.has_loop else 10  # Nested plain calls are a thread each.
    there: list[None] = []
    all_there = world.caller.event()

    async def meet() -> None:
        there.append(None)
        if len(there) == width:
            all_there.set()
        await all_there.wait()

    back = WayBack(world)
    down = to_and_fro(world, back, meet)
    await back.open()
    tasks = [await world.caller.spawn(down, 10) for _ in range(width)]
    got = [await world.caller.join(task) for task in tasks]
    await back.close()
    expect(got == [("value", 10)] * width, got[:3])


@law("L5", source="A wake-up that comes between the last look and the sleep is lost", once=True)
async def an_idle_peer_is_woken_each_time(world: World) -> None:
    """A hundred times. Look for a flag or a queue that is looked at before the sleep and not after."""

    async def callee(number: int) -> int:
        return number

    for number in range(100):
        await world.turns(number % 4)
        got = await world.call(callee, number)
        expect(got == number, got)


@law(
    "L6",
    needs=("waits-in-its-loop", "callee-loop", "inward"),
    source="Twisted: blockingCallFromThread must not be called in the reactor",
    once=True,
)
async def a_blocking_call_into_ones_own_loop_is_refused(world: World) -> None:
    """A step of a stream and an entry, too. Look for a blocking wait that does not ask in which thread it is."""

    def calls(session: Any) -> None:
        session.call(world.native(world.callee.turn))

    def streams(session: Any) -> None:
        list(session.stream(range, 1))

    def enters(session: Any) -> None:
        with session.enter(contextlib.nullcontext):
            pass

    async def callee(waits: Callable[[Any], None]) -> str:
        try:
            with world.bridge.inward() as session:
                waits(session)
        except Exception:
            return "refused"
        return "done"

    has = world.bridge.has
    for waits in (calls, *([streams] if "stream" in has else []), *([enters] if "enter" in has else [])):
        got = await world.call(callee, waits)
        expect(got == "refused", (waits.__name__, got))


@law("L7", needs=("opens",), source="concurrent.futures: cannot schedule new futures after shutdown")
async def a_closed_portal_refuses_at_once(world: World) -> None:
    """Look for a request that is queued for a loop which does not run any more."""

    async def callee() -> None:
        world.trace.append("started")

    session = await world.open()
    await world.call_on(session, callee)
    await world.close(session)
    try:
        await world.call_on(session, callee)
    except Exception:
        world.trace.append("refused")
    expect(world.trace == ["started", "refused"], world.trace)


@law("L8", needs=("opens", "dies", "callee-loop", "owns-loop"), source="Twisted: ConnectionDone; a peer that is gone is an error")
async def a_peer_that_dies_fails_every_outstanding_call(world: World) -> None:
    """Look for calls that only the dead loop could have answered."""
    session = await world.open()
    started = [world.caller.event() for _ in range(3)]

    async def callee(number: int) -> None:
        world.tell_caller(started[number].set)
        await world.callee.sleep_forever()

    async def die() -> None:
        world.callee.kill_loop()
        await world.callee.sleep_forever()

    tasks = [await world.caller.spawn(world.call_on, session, callee, number) for number in range(3)]
    for event in started:
        await event.wait()
    tasks.append(await world.caller.spawn(world.call_on, session, die))
    got = [await world.caller.join(task) for task in tasks]
    await world.close(session)
    expect({kind for kind, _ in got} == {"error"}, got)
    expect(len({type(error) for _, error in got}) == 1, got)
    expect(len({id(error) for _, error in got}) == 4, "one error object for all: each caller adds its traceback to it")


@law("L9", source="Twisted #411: recursion of Deferreds that fire at once", once=True)
async def a_hundred_calls_that_end_at_once_need_no_more_stack_than_one(world: World) -> None:
    """Look for a caller that is resumed inside its own call, or for a layer that every call adds."""
    depths: set[tuple[int, int]] = set()

    async def callee(number: int) -> int:
        return number

    async def fails() -> None:
        raise ValueError

    for number in range(100):
        got = await world.call(callee, number)
        expect(got == number, got)
        if number in (10, 99):
            kind, error = await world.outcome(fails)
            expect(kind == "error", error)
            depths.add((_depth(), len(traceback.extract_tb(error.__traceback__))))
    expect(len(depths) == 1, depths)


def _depth() -> int:
    frame, count = sys._getframe(), 0
    while frame.f_back is not None:
        frame, count = frame.f_back, count + 1
    return count


@law("L10", needs=("caller-loop",), source=LOOPS, once=True)
async def many_calls_do_not_starve_the_callers_other_work(world: World) -> None:
    """Look for an inbox that is emptied for as long as there is something in it."""

    async def callee() -> None: ...

    async def flood() -> None:
        for _ in range(1000):  # Without an end, who starves the others would be hung, and not broken.
            if world.trace:
                return
            await world.call(callee)
        world.trace.append("flood")

    async def other() -> None:
        await world.turns(8)
        world.trace.append("other")

    floods = [await world.caller.spawn(flood) for _ in range(10)]
    await world.caller.join(await world.caller.spawn(other))
    for task in floods:
        expect((await world.caller.join(task))[0] == "value", "an error")
    expect(world.trace[0] == "other", world.trace)


@law(
    "L11",
    needs=("caller-loop", "callee-loop", "callee-order"),
    source="https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_soon",
)
async def calls_start_in_the_order_of_their_issue(world: World) -> None:
    """Look for a queue that is no queue: a set, a stack, a pool."""
    issued: list[int] = []
    started: list[int] = []

    async def callee(number: int) -> None:
        started.append(number)
        await world.callee.turn()

    async def call(number: int) -> None:
        issued.append(number)
        await world.call(callee, number)

    tasks = [await world.caller.spawn(call, number) for number in range(50)]
    for task in tasks:
        await world.caller.join(task)
    expect(started == issued, (issued, started))


@law("L12", needs=("callee-loop", "lasts"), source=LOOPS)
async def the_callees_loop_beats_while_a_call_waits_in_it(world: World) -> None:
    """Look for a callee that is run to its end in one step."""
    go, waits, beats = world.callee.event(), world.caller.event(), world.caller.event()

    async def callee() -> str:
        world.tell_caller(waits.set)
        await go.wait()
        return "went on"

    async def other() -> None:
        for _ in range(5):
            await world.callee.turn()
        world.tell_caller(beats.set)

    task = await world.caller.spawn(world.call, callee)
    await waits.wait()
    await world.call(other)
    await beats.wait()
    world.tell_callee(go.set)
    outcome = await world.caller.join(task)
    expect(outcome == ("value", "went on"), outcome)


@law("L13", needs=("back",), source="Two queues that wait for each other are a deadlock", once=True)
async def calls_in_both_directions_at_once_finish(world: World) -> None:
    """Look for a lock that both directions share."""
    back = WayBack(world)

    async def pong(number: int) -> int:
        await world.caller.turn()
        return number

    async def serve() -> list[int]:
        return [await back.call(pong, number) for number in range(20)]

    async def ping(number: int) -> int:
        await world.callee.turn()
        return number

    async def ask() -> list[int]:
        return [await world.call(ping, number) for number in range(20)]

    await back.open()
    tasks = [await world.caller.spawn(world.call, serve), await world.caller.spawn(ask)]
    got = [await world.caller.join(task) for task in tasks]
    await back.close()
    expect(got == [("value", list(range(20)))] * 2, got)


@law("L14", needs=("caller-loop", "many", "lasts"), source="One wake-up may serve many answers, and none may be lost", once=True)
async def a_hundred_answers_at_once_all_arrive(world: World) -> None:
    """Look for one slot where there should be a queue: the callee answers all in one step."""
    go = world.callee.event()
    waiting: list[int] = []
    all_wait = world.caller.event()

    async def callee(number: int) -> int:
        waiting.append(number)
        if len(waiting) == 100:
            world.tell_caller(all_wait.set)
        await go.wait()
        return number

    tasks = [await world.caller.spawn(world.call, callee, number) for number in range(100)]
    await all_wait.wait()
    world.tell_callee(go.set)
    got = [await world.caller.join(task) for task in tasks]
    expect(got == [("value", number) for number in range(100)], got[:3])


@law(
    "L15", SHOULD, needs=("caller-loop", "callee-loop", "lasts"), source="A call is a request to a loop, not a thread", once=True
)
async def waiting_calls_do_not_hold_a_thread_each(world: World) -> None:
    """Look for a thread that is parked for every call in flight."""
    import threading

    go, all_wait = world.callee.event(), world.caller.event()
    waiting: list[int] = []

    async def callee(number: int) -> None:
        waiting.append(number)
        if len(waiting) == 40:
            world.tell_caller(all_wait.set)
        await go.wait()

    before = threading.active_count()
    tasks = [await world.caller.spawn(world.call, callee, number) for number in range(40)]
    await all_wait.wait()
    more = threading.active_count() - before
    world.tell_callee(go.set)
    for task in tasks:
        await world.caller.join(task)
    expect(more < 10, f"{more} threads more for 40 calls")


@law("L16", needs=("opens", "dies", "callee-loop", "owns-loop"), source="A peer that is gone is an error, at once")
async def a_call_to_a_dead_peer_is_refused(world: World) -> None:
    """Look for a request that waits for a loop which will not run again."""
    session = await world.open()

    async def die() -> None:
        world.callee.kill_loop()
        await world.callee.sleep_forever()

    async def callee() -> None:
        world.trace.append("started")

    await world.spawned(world.call_on, session, die)
    kind, got = await world.spawned(world.call_on, session, callee)
    await world.close(session)
    if kind == "value":
        raise Broken("it was called")
    expect(kind == "error" and world.trace == [], (kind, got, world.trace))
