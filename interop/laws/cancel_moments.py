"""C: when a cancel comes, and what is left of it. It counts from the start of a call on, and leaves what a native one leaves."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

from interop.laws.cancellation import ASYNCIO, STRUCTURED, unanswered
from interop.laws.law import law
from interop.laws.threads import Latch, until
from interop.laws.world import Afn, NotApplicable, Outcome, Session, World, expect

TIMEOUTS = "https://docs.python.org/3/library/asyncio-task.html#asyncio.timeout"


@law("C14", needs=("cancel", "edge", "rearm"), source=ASYNCIO)
async def a_cancel_that_the_callee_did_not_answer_is_still_due(world: World) -> None:
    """Look for a cancel that counts as delivered because the callee took it. The caller's own timeout has to know it, too."""
    kind, got = await unanswered(world, world.caller.cancel)
    expect(kind == "cancelled", (kind, got))
    expect(world.trace == ["went on"], world.trace)
    if world.caller.timeout_type is None:
        return

    async def block() -> None:
        await world.call(outlasts, world)
        await world.turns(20)  # It is to be ended at the first of them.

    kind, got = await with_a_timeout(world, block)
    expect(kind == "error" and type(got) is world.caller.timeout_type, (kind, got))


@law("C28", needs=("callers-cancel",), source=STRUCTURED, once=True)
async def a_cancel_of_the_callers_type_that_a_plain_function_raises_is_an_error(world: World) -> None:
    """Look for an error that is raised in the caller as it is: the caller would believe that it was cancelled itself."""

    def plain() -> None:
        raise world.caller.cancel_type

    kind, got = await world.spawned(world.caller.call, world.session, plain)
    expect(kind == "error", (kind, got))
    expect(not isinstance(got, world.caller.cancel_type), got)


@law("C29", needs=("cancel",), source=ASYNCIO, once=True)
async def a_cancel_at_any_moment_of_a_calls_start_is_not_lost(world: World) -> None:
    """Eight moments. Look for a cancel that finds nothing to cancel: before the request has left, or before there is a task."""

    async def fine() -> str:
        await world.callee.turn()
        return "fine"

    for wait in range(8):
        task = await world.caller.spawn(world.call, world.callee.sleep_forever)
        await world.turns(wait)
        await world.caller.cancel(task)
        kind, got = await world.caller.join(task)
        expect(world.ended_by_a_cancel(kind, got), (kind, got, wait))
    got = await world.call(fine)
    expect(got == "fine", got)


@law("C30", needs=("cancel", "callee-loop", "thread"), source=STRUCTURED)
async def a_cancel_between_the_start_of_a_task_and_its_first_step_is_not_lost(world: World) -> None:
    """The callee's loop is held before it takes the call, and again just after that. Look for a cancel of what has not begun."""
    before, after = Gate(), Gate()
    called = world.caller.event()

    async def call() -> None:
        world.tell_caller(called.set)
        await world.call(world.callee.sleep_forever)

    try:
        world.tell_callee(before.hold)
        await before.reached(world)
        task = await world.caller.spawn(call)
        await called.wait()
        await world.turns(3)  # The request is on its way.
        world.tell_callee(after.hold)
        before.open()
        await after.reached(world)  # The request was taken, and nothing else has run.
        await world.caller.cancel(task)
        await world.turns(3)
    finally:
        before.open()
        after.open()
    kind, got = await world.caller.join(task)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))


class Gate:
    """A loop that comes to it stays until it is opened."""

    def __init__(self) -> None:
        self._here, self._go = Latch(), Latch()
        self.open = self._go.set

    def hold(self) -> None:
        """Called in the loop that is to stay."""
        self._here.set()
        self._go.wait()

    async def reached(self, world: World) -> None:
        """In the caller: the loop is there."""
        await until(world.caller, self._here.is_set)


@law("C31", needs=("cancel", "why"), source="https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.cancel", once=True)
async def the_message_of_a_cancel_is_there_after_the_call(world: World) -> None:
    """Look for a cancel that is raised anew after the callee's cleanup: anyio knows its own cancels by their message."""
    started, seen = world.caller.event(), list[Any]()

    async def callee() -> None:
        world.tell_caller(started.set)
        await world.callee.sleep_forever()

    async def call() -> None:
        try:
            await world.call(callee)
        except BaseException as error:
            seen.append(error.args)
            raise

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task, "the reason")
    await world.caller.join(task)
    expect(seen == [("the reason",)], seen)


@law("C41", needs=("cancel", "why", "edge", "rearm"), source=ASYNCIO, once=True)
async def the_message_of_a_cancel_that_its_call_outlasted_is_there_at_the_next_wait(world: World) -> None:
    """Look for a cancel that is kept for later without what was said with it. Whether it is kept at all is C14's affair."""
    started, seen = world.caller.event(), list[Any]()

    async def callee() -> None:
        world.tell_caller(started.set)
        await outlasts(world)

    async def call() -> None:
        try:
            await world.call(callee)
            await world.turns(20)
        except BaseException as error:
            seen.append(error.args)
            raise

    task = await world.caller.spawn(call)
    await started.wait()
    await world.turns(3)
    await world.caller.cancel(task, "the reason")
    await world.caller.join(task)
    if not seen:
        raise NotApplicable("no cancel comes after a call that has outlasted it")
    expect(seen == [("the reason",)], seen)


@law("C32", needs=("cancel",), source="https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.cancelling", once=True)
async def a_cancelled_call_leaves_its_task_as_a_cancelled_wait_does(world: World) -> None:
    """Look for a cancel that is counted twice, or taken back: a timeout around the call would not know it for its own."""
    states: list[object] = []
    started = world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        await world.callee.sleep_forever()

    async def wait() -> None:
        started.set()
        await world.caller.sleep_forever()

    async def ends(fn: Afn) -> None:
        try:
            await fn()
        finally:
            await world.turns(0 if world.caller.level else 3)  # What has woken it is over then.
            states.append(world.caller.busy())

    for fn in (wait, partial(world.call, callee)):
        started = world.caller.event()
        task = await world.caller.spawn(ends, fn)
        await started.wait()
        await world.turns(3)
        await world.caller.cancel(task)
        await world.caller.join(task)
    expect(states[0] == states[1], states)


@law("C34", needs=("cancel", "edge", "below"), source="anyio: native cancellation of its tasks is not its own", once=True)
async def a_cancel_from_the_framework_below_that_the_callee_did_not_answer_is_still_due(world: World) -> None:
    """As C14, for asyncio's own cancel of an anyio task. Look for scopes that are asked whether there was a cancel."""
    await unanswered(world, world.caller.cancel_below)
    expect(world.trace == ["went on"], world.trace)


@law("C36", needs=("cancel", "caller-timeout"), source=TIMEOUTS, once=True)
async def a_timeout_that_its_call_outlasted_is_over_with_its_block(world: World) -> None:
    """Also in a task that took a cancel before. Look for a cancel that is raised later, though its sender has taken it back."""
    waits, old = world.caller.event(), not world.caller.level

    async def fine() -> str:
        return "fine"

    async def takes_a_cancel() -> None:
        with contextlib.suppress(world.caller.cancel_type):
            waits.set()
            await world.caller.sleep_forever()

    async def calls() -> str:
        if old:
            await takes_a_cancel()
        kind, got = await with_a_timeout(world, lambda: world.call(outlasts, world))
        expect(kind == "value" or type(got) is world.caller.timeout_type, (kind, got))
        await world.turns(5)
        return str(await world.call(fine))

    task = await world.caller.spawn(calls)
    if old:
        await waits.wait()
        await world.turns(2)
        await world.caller.cancel(task)
    outcome = await world.caller.join(task)
    expect(outcome == ("value", "fine"), outcome)


@law("C38", needs=("cancel", "opens", "rearm"), source=ASYNCIO, once=True)
async def a_cancel_that_is_pending_when_a_session_ends_is_not_lost(world: World) -> None:
    """Look for a wait of the close's own that takes the cancel, or that counts it as one from before.

    Once in a task that goes on after it, and once in one that ends with it.
    """

    async def body(mine: list[Any], session: Session, turns: int) -> None:
        await until(world.caller, lambda: mine)  # A thread may begin before its task is known here.
        await world.caller.cancel(mine[0])
        try:
            await world.close(session)
        finally:
            world.trace.append("closed")
        if turns:
            await world.turns(turns)  # It is to be cancelled at the first of them.
            world.trace.append("went on")

    for turns in (20, 0):
        mine, session = list[Any](), await world.open()
        mine.append(await world.caller.spawn(body, mine, session, turns))
        kind, got = await world.caller.join(mine[0])
        with contextlib.suppress(Exception):
            await world.close(session)  # Where the cancel has come first, it may be open still.
        expect(kind == "cancelled" and set(world.trace) == {"closed"}, (turns, kind, got, world.trace))


async def outlasts(world: World) -> None:
    """In the callee: take the cancel, and end as if there had been none."""
    with contextlib.suppress(world.callee.cancel_type):
        world.trace.append("started")
        await world.callee.sleep_forever()


async def with_a_timeout(world: World, block: Afn) -> Outcome:
    """How a block ends in the caller's own timeout, which does not come before the callee's first step."""
    outcome: Outcome = "value", None
    for seconds in (0.02, 0.1, 0.5, 1.0):
        world.trace.clear()
        try:
            outcome = "value", await world.caller.within(seconds, block)
        except BaseException as error:
            outcome = "error", error
        if "started" in world.trace:
            break
    return outcome
