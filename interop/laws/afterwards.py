"""C, R: what a call or a session leaves to the next one: nothing of its own."""

from __future__ import annotations

import atexit
import contextlib
import gc
import threading
import weakref
from functools import partial
from typing import Any

from interop.laws.law import law
from interop.laws.resources import SHUTDOWN, Count, cycle, settled
from interop.laws.world import WayBack, World, expect

COOPERATIVE = "https://docs.python.org/3/library/asyncio-task.html#task-cancellation: a task may end although it was cancelled"


@law("C39", needs=("cancel", "back", "lasts"), source=COOPERATIVE, once=True)
async def a_cancel_that_its_function_did_not_take_does_not_reach_a_later_call(world: World) -> None:
    """It waits in a call back that takes the cancel, and returns at once. Look for a flag that stays in a thread or a loop."""
    back, started = WayBack(world), world.caller.event()

    async def outlasts() -> None:
        started.set()
        with contextlib.suppress(world.caller.cancel_type):
            await world.caller.sleep_forever()

    async def calls_back() -> None:
        await back.call(outlasts)

    async def fine() -> str:
        await world.callee.turn()
        return "fine"

    await back.open()
    task = await world.caller.spawn(world.call, calls_back)
    await started.wait()
    await world.caller.cancel(task)
    await world.caller.join(task)  # How it ends, C14 asks.
    got = [await world.spawned(world.call, fine) for _ in range(3)]
    await back.close()
    expect(got == [("value", "fine")] * 3, got)


@law("R26", needs=("opens", "callee-loop", "owns-loop", "ends-timers"), source=SHUTDOWN, once=True)
async def a_timer_that_the_callees_functions_leave_is_gone_with_the_session(world: World) -> None:
    """Look for a loop or a reactor that is used again with what is still to come in it: it would come in a later session."""
    kept: list[Any] = []

    class Late:
        def __call__(self) -> None:
            world.trace.append("came")

    async def leaves() -> None:
        late = Late()
        kept.append(weakref.ref(late))
        world.callee.later(1000, late)

    async def left() -> Count:
        return (sum(reference() is not None for reference in kept),)

    for _ in range(2):
        session = await world.open()
        await world.call_on(session, leaves)
        await world.close(session)
        gc.collect()
    is_gone, count = await settled(world, left, (0,))
    expect(is_gone, f"{count[0]} of 2 timers")


@law("R22", needs=("callee-loop", "callee-timeout", "lasts"), source=SHUTDOWN, once=True)
async def a_timeout_in_the_callee_that_is_over_leaves_nothing_in_the_callers_loop(world: World) -> None:
    """Look for a loop that runs another one's timers, and does not take back those that are not needed any more."""

    async def once() -> None:
        go, waits = world.callee.event(), world.caller.event()

        async def wait() -> None:
            world.tell_caller(waits.set)
            await go.wait()

        task = await world.caller.spawn(world.call, partial(world.callee.within, 2000, wait))
        await waits.wait()
        await world.turns(3)  # The callee's loop has nothing else to do by then, and waits for the two thousand seconds.
        world.tell_callee(go.set)
        kind, got = await world.caller.join(task)
        expect(kind == "value", (kind, got))

    async def left() -> Count:
        return (world.caller.alive(),)

    await once()
    await world.turns(3)
    before = await left()
    for _ in range(5):
        await once()
    is_flat, after = await settled(world, left, before)
    expect(is_flat, (before, after))


@law("R24", needs=("opens", "callee-loop", "owns-loop", "pool"), source=SHUTDOWN, once=True)
async def the_threads_of_the_callees_own_pool_end_with_the_session(world: World) -> None:
    """Look for a pool that only the usual end of a loop closes: a program with such threads does not end."""
    kept, local = list[Any](), threading.local()

    class Here: ...

    def fn() -> None:
        local.it = Here()  # It goes with its thread.
        kept.append(weakref.ref(local.it))

    async def works() -> None:
        await world.callee.in_pool(fn)

    async def left() -> Count:
        return (sum(reference() is not None for reference in kept),)

    session = await world.open()
    await world.call_on(session, works)
    await world.close(session)
    is_gone, _ = await settled(world, left, (0,))
    expect(len(kept) == 1 and is_gone, kept)


@law("R30", needs=("opens",), source="https://docs.python.org/3/library/atexit.html", once=True)
async def what_is_to_be_done_at_the_end_of_the_process_is_forgotten_with_its_session(world: World) -> None:
    """Look for a callback that is given to atexit, or to the threading module, for each session: the table grows for ever."""

    async def left() -> Count:
        finalizers: Any = weakref.finalize
        return atexit._ncallbacks(), len(getattr(threading, "_threading_atexits", ())), len(finalizers._registry)

    for _ in range(3):
        await cycle(world)
    gc.collect()
    before = await left()
    for _ in range(6):
        await cycle(world)
    is_flat, after = await settled(world, left, before)
    expect(is_flat, (before, after))
