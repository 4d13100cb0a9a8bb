"""C: cancellation and time. A cancel goes all the way down, and who cancelled goes on only when everybody has cleaned up."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from interop.laws.law import law
from interop.laws.threads import Latch, until
from interop.laws.world import Broken, Outcome, WayBack, World, expect

STRUCTURED = 'Trio reference, "Cancellation and timeouts"; Notes on structured concurrency'
ASYNCIO = "https://docs.python.org/3/library/asyncio-task.html#task-cancellation"


@law("C1", needs=("cancel",), source=ASYNCIO)
async def cancelling_the_caller_delivers_the_callees_native_cancel(world: World) -> None:
    """Look for a wait that is given up on the caller's side alone."""
    seen: list[BaseException] = []
    ended = world.caller.event()

    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        except BaseException as error:
            seen.append(error)
            raise
        finally:
            world.tell_caller(ended.set)

    kind, got = await world.cancelled_call(callee)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))
    await ended.wait()  # That it was waited for is C2's business. One that is never told to end is hung here.
    expect([type(error) for error in seen] == [world.callee.cancel_type], seen)


@law("C2", needs=("cancel",), source=STRUCTURED)
async def the_caller_resumes_after_the_callees_cleanup(world: World) -> None:
    """Look for a wait() that returns as soon as the cancel is *requested*."""
    cleaning, gate = world.caller.event(), Latch()

    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        finally:
            world.tell_caller(cleaning.set)
            if world.topology == "thread":
                gate.wait()  # Time for a caller that does not wait to show it; in one thread it has it anyhow.
            world.trace.append("cleaned")

    async def call() -> None:
        try:
            await world.cancelled_call(callee)
        finally:
            world.trace.append("resumed")
            cleaning.set()

    task = await world.caller.spawn(call)
    await cleaning.wait()
    await world.turns(20)
    gate.set()
    await world.caller.join(task)
    expect(world.trace == ["cleaned", "resumed"], world.trace)


@law("C3", needs=("cancel", "edge", "lasts"), source=STRUCTURED)
async def the_callees_cleanup_may_wait(world: World) -> None:
    """Look for a caller that goes on while the callee still waits in its `finally`."""
    go, started, cleaning = world.callee.event(), world.caller.event(), world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaning")
            world.tell_caller(cleaning.set)
            await go.wait()
            world.trace.append("cleaned")

    async def call() -> None:
        try:
            await world.call(callee)
        finally:
            world.trace.append("resumed")
            cleaning.set()

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    await cleaning.wait()
    await world.turns(5)
    try:
        expect(world.trace == ["cleaning"], world.trace)
    finally:
        world.tell_callee(go.set)
    kind, got = await world.caller.join(task)
    expect(world.trace == ["cleaning", "cleaned", "resumed"], world.trace)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))


@law("C4", needs=("cancel", "edge", "lasts"), source=STRUCTURED)
async def a_second_cancel_neither_abandons_the_callee_nor_cuts_its_cleanup(world: World) -> None:
    """Look for a cancel that is forwarded each time, or for a wait that only holds against the first."""
    go, started, cleaning = world.callee.event(), world.caller.event(), world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        finally:
            world.tell_caller(cleaning.set)
            await go.wait()
            world.trace.append("cleaned")

    async def call() -> None:
        try:
            await world.call(callee)
        finally:
            world.trace.append("resumed")
            cleaning.set()

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    await cleaning.wait()
    await world.caller.cancel(task)
    await world.turns(5)
    try:
        expect(world.trace == [], world.trace)
    finally:
        world.tell_callee(go.set)
    kind, got = await world.caller.join(task)
    expect(world.trace == ["cleaned", "resumed"], world.trace)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))


@law("C5", needs=("cancel", "edge"), source=ASYNCIO)
async def a_value_returned_in_spite_of_a_cancel_is_not_lost(world: World) -> None:
    """Look for a bridge that throws the outcome away because it was cancelled."""
    values: list[Any] = []
    started = world.caller.event()

    async def callee() -> str:
        world.tell_caller(started.set)
        with contextlib.suppress(world.callee.cancel_type):
            await world.callee.sleep_forever()
        return "kept"

    async def call() -> None:
        values.append(await world.call(callee))

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    await world.caller.join(task)
    expect(values == ["kept"], values)


@law("C6", needs=("cancel",), source=STRUCTURED)
async def an_error_in_the_callees_cleanup_reaches_the_caller(world: World) -> None:
    """Look for an outcome that counts as cancelled because a cancel was asked for."""
    error = ValueError("in cleanup")

    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        finally:
            raise error

    kind, got = await world.cancelled_call(callee)
    expect((kind, got) == ("error", error), (kind, got))


@law("C7", needs=("base-exceptions", "cancels-itself"), source=STRUCTURED)
async def a_callee_that_was_cancelled_by_itself_is_an_error_and_not_the_callers_cancel(world: World) -> None:
    """Look for a cancel type that passes the border: the caller would believe that it was cancelled itself."""

    async def callee() -> None:
        raise world.callee.cancel_type()

    kind, got = await world.spawned(world.call, callee)
    expect(kind == "error", (kind, got))
    expect(not isinstance(got, world.caller.cancel_type), got)


@law("C8", source="https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.cancelling")
async def the_callers_task_is_as_before_after_a_call(world: World) -> None:
    """Look for a cancel, a timeout or a second wake-up that the bridge has for its own waiter, and leaves to the caller."""
    states: list[object] = []
    woken = world.caller.event()

    async def fine() -> None:
        await world.callee.turn()

    async def fails() -> None:
        raise ValueError

    async def other() -> None:
        await world.turns(5)
        world.trace.append("woken")
        woken.set()

    async def call() -> None:
        await world.turns(3)  # What opening has begun is over.
        states.append(world.caller.busy())
        await world.call(fine)
        states.append(world.caller.busy())
        with contextlib.suppress(ValueError):
            await world.call(fails)
        states.append(world.caller.busy())
        await world.caller.turn()
        # Whoever parks its own task is woken by its own event, and by nothing that a call has left.
        task = await world.caller.spawn(other)
        await woken.wait()
        world.trace.append("went on")
        await world.caller.join(task)

    kind, got = await world.spawned(call)
    expect(kind == "value", (kind, got))
    expect(states[0] == states[1] == states[2], states)
    expect(world.trace == ["woken", "went on"], world.trace)


@law("C9", needs=("cancel", "callee-loop", "thread"), source=STRUCTURED)
async def a_call_that_is_cancelled_before_its_first_step_never_starts(world: World) -> None:
    """Look for a request that is queued in the callee's loop, and not taken back."""
    at_work, go = Latch(), Latch()
    started = world.caller.event()

    async def block() -> None:
        at_work.set()
        go.wait()

    async def callee() -> None:
        world.trace.append("started")

    async def call() -> None:
        world.tell_caller(started.set)
        await world.call(callee)

    blocker = await world.caller.spawn(world.call, block)
    await until(world.caller, at_work.is_set)
    task = await world.caller.spawn(call)
    await started.wait()
    await world.turns(3)
    await world.caller.cancel(task)
    await world.turns(3)
    go.set()
    kind, got = await world.caller.join(task)
    await world.caller.join(blocker)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))
    expect(world.trace == [], world.trace)


@law("C10", needs=("cancel", "caller-timeout"), source="https://docs.python.org/3/library/asyncio-task.html#timeouts")
async def the_callers_own_timeout_fires_as_its_own_type_after_the_cleanup(world: World) -> None:
    """Look for a timeout of the bridge's own, or for a cancel that is not the timeout's any more when it comes back."""

    async def callee() -> None:
        world.trace.append("started")
        try:
            await world.callee.sleep_forever()
        finally:
            for _ in range(0 if world.callee.level else 5):
                await world.callee.turn()
            world.trace.append("cleaned")

    for seconds in (0.02, 0.1, 0.5, 1.0):
        world.trace.clear()

        async def call(seconds: float = seconds) -> None:
            await world.caller.within(seconds, lambda: world.call(callee))

        kind, got = await world.spawned(call)
        world.trace.append("resumed")
        expect(kind == "error", (kind, got))
        expect(type(got) is world.caller.timeout_type, got)
        if "started" in world.trace:  # On a busy machine the timeout may come before the callee's first step.
            break
    expect(world.trace == ["started", "cleaned", "resumed"], world.trace)


@law("C11", needs=("caller-timeout",), source="https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout")
async def a_timeout_error_of_the_callee_is_not_the_callers(world: World) -> None:
    """Look for `except TimeoutError` in the bridge."""
    error = TimeoutError("the callee's")

    async def callee() -> None:
        await world.callee.turn()
        raise error

    try:
        await world.caller.within(1000, lambda: world.call(callee))
    except BaseException as got:
        expect(got is error, got)
    else:
        raise Broken("no error")


@law("C12", needs=("cancel",), source=STRUCTURED, once=True)
async def what_the_callee_returned_reaches_the_caller_also_if_a_cancel_came_too_late(world: World) -> None:
    """Thirty-two interleavings. A value that is lost may be an open connection: look for a cancel that wins over an outcome."""
    given: list[object] = []
    got: list[object] = []

    async def callee(turns: int) -> object:
        for _ in range(turns):
            await world.callee.turn()
        given.append(object())
        return given[-1]

    async def call(turns: int) -> None:
        got.append(await world.call(callee, turns))

    for wait in range(8):
        for turns in range(4):
            task = await world.caller.spawn(call, turns)
            await world.turns(wait)
            await world.caller.cancel(task)
            await world.caller.join(task)
    expect(given == got, (len(given), len(got)))


async def unanswered(world: World, cancel: Callable[[Any], Awaitable[None]]) -> Outcome:
    """Cancel a caller whose callee takes that cancel and returns; the trace says how far the caller came."""
    started = world.caller.event()

    async def callee() -> str:
        world.tell_caller(started.set)
        with contextlib.suppress(world.callee.cancel_type):
            await world.callee.sleep_forever()
        return "kept"

    async def call() -> None:
        await world.call(callee)
        world.trace.append("went on")
        await world.turns(20)  # It is to be cancelled at the first of them.
        world.trace.append("ended")

    task = await world.caller.spawn(call)
    await started.wait()
    await cancel(task)
    return await world.caller.join(task)


@law("C15", needs=("cancel", "lasts"), source=STRUCTURED)
async def cancelling_one_call_leaves_the_others_alone(world: World) -> None:
    """Look for a cancel that is delivered to the loop, the thread or the portal instead of the one call."""
    go, waits = world.callee.event(), world.caller.event()

    async def patient() -> str:
        world.tell_caller(waits.set)
        await go.wait()
        return "went on"

    other = await world.caller.spawn(world.call, patient)
    await waits.wait()
    kind, got = await world.cancelled_call(world.callee.sleep_forever)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))
    world.tell_callee(go.set)
    outcome = await world.caller.join(other)
    expect(outcome == ("value", "went on"), outcome)


@law("C16", needs=("cancel", "edge", "lasts"), source=ASYNCIO)
async def two_cancels_reach_the_callee_as_one(world: World) -> None:
    """Look for each of the caller's cancels being forwarded: rollback code would be cut in the middle."""
    started, cleaning, go = world.caller.event(), world.caller.event(), world.callee.event()
    seen: list[str] = []

    async def callee() -> None:
        world.tell_caller(started.set)
        waiting = world.callee.sleep_forever
        while True:
            try:
                await waiting()
                return
            except world.callee.cancel_type as error:
                seen.append(type(error).__name__)
                waiting = go.wait  # type: ignore[assignment]
                world.tell_caller(cleaning.set)

    async def call() -> None:
        try:
            await world.call(callee)
        finally:
            cleaning.set()

    task = await world.caller.spawn(call)
    await started.wait()
    for _ in range(3):
        await world.caller.cancel(task)
        await cleaning.wait()
        await world.turns(3)
    world.tell_callee(go.set)
    await world.caller.join(task)
    expect(len(seen) == 1, seen)


@law("C17", needs=("cancel", "back"), source=STRUCTURED, once=True)
async def a_cancel_goes_down_through_a_nested_call_and_cleanup_comes_back_up(world: World) -> None:
    """Look for a callee that is a caller itself: the cancel has to pass both borders, and both cleanups happen in order."""
    back, started = WayBack(world), world.caller.event()

    async def innermost() -> None:
        world.tell_caller(started.set)
        try:
            await world.caller.sleep_forever()
        finally:
            world.trace.append("inner")

    async def callee() -> None:
        try:
            await back.call(innermost)
        finally:
            world.trace.append("middle")

    await back.open()
    task = await world.caller.spawn(world.call, callee)
    await started.wait()
    await world.caller.cancel(task)
    kind, got = await world.caller.join(task)
    world.trace.append("outer")
    await back.close()
    expect(world.ended_by_a_cancel(kind, got), (kind, got))
    expect(world.trace == ["inner", "middle", "outer"], world.trace)


@law("C18", needs=("callee-timeout",), source="https://docs.python.org/3/library/asyncio-task.html#timeouts")
async def a_timeout_inside_the_callee_is_an_error_of_its_own_type(world: World) -> None:
    """Look for a callee that does not run as an ordinary task of its framework: native timeouts need one."""

    async def callee() -> None:
        await world.callee.within(0.01, world.callee.sleep_forever)

    kind, got = await world.spawned(world.call, callee)
    expect(kind == "error", (kind, got))
    expect(type(got) is world.callee.timeout_type, got)


@law("C19", needs=("cancel", "caller-timeout"), source="Trio reference: CancelScope.deadline may lie in the past")
async def a_timeout_of_zero_ends_the_call_and_not_the_caller(world: World) -> None:
    """Look for a deadline in the past that is taken for none, or that leaves a pending cancel with the caller."""

    async def call() -> str:
        try:
            await world.caller.within(0, lambda: world.call(world.callee.sleep_forever))
        except BaseException as error:
            # That it is the timeout's own type is C10's business.
            expect(isinstance(error, (world.caller.timeout_type or TimeoutError, world.callee.cancel_type)), error)
        await world.caller.turn()
        return "went on"

    outcome = await world.spawned(call)
    expect(outcome == ("value", "went on"), outcome)


@law("C20", needs=("cancel",), source=STRUCTURED)
async def the_portal_is_good_for_the_next_call_after_a_cancel(world: World) -> None:
    """Look for a waiter, a queue or a worker that stays cancelled."""

    async def fine() -> str:
        await world.callee.turn()
        return "fine"

    for _ in range(3):
        await world.cancelled_call(world.callee.sleep_forever)
        got = await world.call(fine)
        expect(got == "fine", got)


@law("C27", needs=("cancel",), source=ASYNCIO)
async def a_cancelled_call_ends_with_the_callers_own_cancel_type(world: World) -> None:
    """Look for the callee's cancel type that goes on into the caller: its `except` and its timeouts do not know it."""
    kind, got = await world.cancelled_call(world.callee.sleep_forever)
    expect(kind == "cancelled", (kind, got))
