"""L, C, X: peers that call back, that end, and that say so with the right error."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Mapping
from typing import Any

from interop.laws.law import law
from interop.laws.threads import Latch
from interop.laws.world import Afn, Driver, Outcome, WayBack, World, expect, ident

ENDED = "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.stop; Twisted: ConnectionDone"
ERRORS = "PEP 8: design exception hierarchies based on the distinctions that code catching the exceptions is likely to need"

REFUSED = "PEP 20: errors should never pass silently; in the face of ambiguity, refuse the temptation to guess"


@law("L17", needs=("back",), source="asgiref: async_to_sync in a thread that sync_to_async did not start", once=True)
async def a_task_that_the_callee_has_spawned_may_call_the_caller(world: World) -> None:
    """Look for a way back that only the call's own task or thread knows: another loop would run the function, or none."""
    back = WayBack(world)

    async def innermost() -> int:
        await world.caller.turn()
        return ident()

    async def nested() -> int:
        return int(await back.call(innermost))

    async def callee() -> Any:
        return await world.callee.join(await world.callee.spawn(nested))

    await back.open()
    kind, got = await world.call(callee)
    await back.close()
    expect(kind == "value", (kind, got))
    expect(not world.caller.has_loop or got == ident(), "the function ran in another thread than its loop's")


async def dies(world: World) -> None:
    """In the callee: end the loop, harshly."""
    world.callee.kill_loop()
    await world.callee.sleep_forever()


async def ended_by_its_own_code(world: World, waits: Afn) -> list[Outcome]:
    """How a call of waits() ends, and after it the call in which the callee's loop was ended, as its users end it."""
    started = world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        await waits()

    async def ends() -> None:
        world.callee.end_loop()
        await world.callee.sleep_forever()

    tasks = [await world.caller.spawn(world.call, callee)]
    await started.wait()
    tasks.append(await world.caller.spawn(world.call, ends))
    return [await world.caller.join(task) for task in tasks]


async def close_in_any_way(world: World) -> None:
    """The callee's loop has ended: what closing says then is not the question."""
    if "open" in world.bridge.has:
        session, world.session = world.session, None
        with contextlib.suppress(Exception):
            await world.close(session)


@law("L18", needs=("callee-loop", "owns-loop", "lasts"), source=ENDED, once=True, ends=True)
async def a_call_into_a_loop_that_ends_or_has_ended_is_not_left_waiting(world: World) -> None:
    """Look for an answer that only the loop which has ended could have given, or for a request that is queued for it."""
    got = await ended_by_its_own_code(world, world.callee.sleep_forever)
    got.append(await world.spawned(world.call, world.callee.turn))
    await close_in_any_way(world)
    expect("value" not in {kind for kind, _ in got}, got)


@law("L29", needs=("dies", "callee-loop", "owns-loop", "lasts"), source=ENDED, once=True, ends=True)
async def a_loop_that_its_own_code_ends_lets_its_calls_clean_up(world: World) -> None:
    """Look for a loop that stops where it stands: what a call has begun there is left as it is."""

    async def waits() -> None:
        try:
            await world.callee.sleep_forever()
        finally:
            await world.callee.shielded(world.callee.turn)
            world.trace.append("cleaned up")

    got = await ended_by_its_own_code(world, waits)
    await close_in_any_way(world)
    expect("value" not in {kind for kind, _ in got}, got)
    expect(world.trace == ["cleaned up"], world.trace)


def named(world: World) -> Mapping[str, type[BaseException]]:
    """What the bridge says which errors its callers get."""
    errors: Mapping[str, type[BaseException]] = world.bridge.errors
    return errors


def is_the(world: World, what: str, got: Any) -> bool:
    """Whether it is the error that the bridge says its callers get then, in the words that it says, if it says any."""
    return type(got) is named(world)[what] and re.fullmatch(world.bridge.words.get(what, "(?s:.*)"), str(got)) is not None


@law("L22", needs=("errors", "back", "blocking"), source=ERRORS, once=True)
async def a_way_back_into_a_thread_that_has_ended_says_that_it_is_gone(world: World) -> None:
    """Look for what knows a thread only by what was kept of it: nobody hears that the thread is over."""
    ways: list[WayBack] = []
    opened, begun = threading.Event(), world.caller.event()

    async def begins() -> None:
        ways.append(WayBack(world))
        begun.set()
        opened.wait()

    async def fine() -> str:
        return "fine"

    async def calls_back() -> Any:
        manager = world.bridge.back(ways[0].here)
        session = await world.callee.open(manager)
        try:
            return await world.callee.call(session, world.caller.native(fine))
        finally:
            await world.callee.close(manager)

    task = await world.caller.spawn(begins)
    await begun.wait()
    try:
        await ways[0].open()
    finally:
        opened.set()
        await world.caller.join(task)
    got = [await world.outcome(ways[0].call, fine), await world.outcome(calls_back)]
    await ways[0].close()
    expect(all(kind == "error" and is_the(world, "gone", error) for kind, error in got), got)


@law("L19", needs=("errors", "opens"), source=ERRORS, once=True)
async def a_call_that_a_close_ends_or_refuses_says_that_it_was_closed(world: World) -> None:
    """Look for an error that says that the peer is gone, or that the callee was cancelled: it was the caller's own doing."""
    session, started = await world.open(), world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        await world.callee.sleep_forever()

    task = await world.caller.spawn(world.call_on, session, callee)
    await started.wait()
    await world.close(session)
    got = [await world.caller.join(task), await world.spawned(world.call_on, session, callee)]
    expect(all(kind == "error" and is_the(world, "closed", error) for kind, error in got), got)


@law("L26", needs=("errors", "opens", "callee-loop", "owns-loop", "thread"), source=ENDED, once=True)
async def a_call_that_waits_for_its_turn_in_a_loop_that_ends_says_that_it_is_gone(world: World) -> None:
    """Look for a queue that nobody empties any more: what runs is told of the end, and what has not begun is not."""
    session, started, queued = await world.open(), world.caller.event(), Latch()

    async def ends() -> None:
        world.tell_caller(started.set)
        queued.wait()  # It blocks the callee's loop: nothing that is asked for meanwhile begins.
        await dies(world)

    tasks = [await world.caller.spawn(world.call_on, session, ends)]
    await started.wait()
    tasks += [await world.caller.spawn(world.call_on, session, world.callee.turn) for _ in range(5)]
    await world.turns(5)
    queued.set()
    got = [await world.caller.join(task) for task in tasks]
    await world.close(session)
    expect([(kind, type(error)) for kind, error in got] == [("error", named(world)["gone"])] * 6, got)


@law("L24", needs=("errors", "opens", "refuses"), source=REFUSED, once=True)
async def what_cannot_be_opened_is_refused_with_the_sides_and_the_reason_and_nothing_is_left(world: World) -> None:
    """Look for a check that comes after the start, or for a sentence with another caller's name in it."""

    async def is_met() -> None:
        for manager, words in world.bridge.refused():
            try:
                await world.caller.open(manager)
            except named(world)["refused"] as error:
                said = str(error)
            else:
                await world.caller.close(manager)
                said = "it was opened"
            expect(re.fullmatch(words, said) is not None, (said, words))

    session, before = await world.open(), set(threading.enumerate())
    await is_met()
    expect(not set(threading.enumerate()) - before, "a thread was started, and goes on")
    kind, got = await world.spawned(world.call_on, session, world.callee.turn)
    await world.close(session)
    expect(kind == "value", (kind, got))
    await is_met()


@law("L20", needs=("errors", "opens", "callee-loop", "owns-loop"), source=ERRORS, once=True)
async def a_call_that_a_gone_peer_ends_or_refuses_says_that_it_is_gone(world: World) -> None:
    """Look for an error that says that the portal was closed, or that the callee was cancelled: nobody did either."""
    session = await world.open()
    got = [await world.spawned(world.call_on, session, fn, *args) for fn, args in ((dies, (world,)), (world.callee.turn, ()))]
    await world.close(session)
    expect(all(kind == "error" and is_the(world, "gone", error) for kind, error in got), got)
    expect(all(world.callee.name in str(error) for _, error in got), got)


@law("C33", needs=("errors", "base-exceptions", "cancels-itself"), source=ERRORS, once=True)
async def a_callee_that_was_cancelled_by_itself_is_said_to_be_with_its_own_cancel_as_the_cause(world: World) -> None:
    """Look for the error of a peer that is gone, or for a cause that is lost."""
    error = world.callee.cancel_type()

    async def callee() -> None:
        await world.callee.turn()
        raise error

    kind, got = await world.spawned(world.call, callee)
    expect(kind == "error" and is_the(world, "cancelled", got), (kind, got))
    expect(got.__cause__ is error and type(error).__name__ in str(got), (got, got.__cause__))


@law("X13", needs=("errors", "two-of-a-kind"), source="https://docs.python.org/3/library/asyncio-dev.html", once=True)
async def a_session_that_another_loop_uses_says_so(world: World) -> None:
    """Look for a session that takes every caller for the loop that opened it: the answer would wake the wrong loop."""

    async def fine() -> str:
        return "fine"

    async def callee() -> Any:
        try:
            return await world.callee.call(world.session, world.native(fine))
        except Exception as error:
            return error

    got = await world.call(callee)
    expect(is_the(world, "thread", got), got)


def names(message: str, side: Driver) -> bool:
    """Whether it names a side, with its flavour or without, or what that runs on: anyio on Trio is Trio."""
    return any(it in message for it in (side.name.partition("[")[0], side.library or side.name))


@law("L21", needs=("errors", "opens", "base-exceptions", "cancels-itself"), source=ERRORS, once=True)
async def an_error_of_the_bridges_own_names_the_side_that_it_is_about(world: World) -> None:
    """Look for a message that leaves out which of a program's many bridges failed."""
    session, started = await world.open(), world.caller.event()

    async def waits() -> None:
        world.tell_caller(started.set)
        await world.callee.sleep_forever()

    async def cancelled() -> None:
        raise world.callee.cancel_type

    task = await world.caller.spawn(world.call_on, session, waits)
    await started.wait()
    got = [await world.spawned(world.call_on, session, cancelled)]
    await world.close(session)
    got += [await world.caller.join(task), await world.spawned(world.call_on, session, waits)]
    messages = [str(error) for _, error in got]
    expect(all(names(it, world.caller) and names(it, world.callee) for it in messages), messages)


@law("L23", needs=("errors", "opens", "callee-loop", "owns-loop", "ends-by-an-error"), source="PEP 3134: the cause", once=True)
async def the_error_that_ended_a_peer_is_the_cause_of_each_error_that_says_so(world: World) -> None:
    """Look for a thread that swallows what ended its loop: nobody could say why the peer is gone."""
    session, started = await world.open(), world.caller.event()

    async def waits() -> None:
        world.tell_caller(started.set)
        await world.callee.sleep_forever()

    tasks = [await world.caller.spawn(world.call_on, session, waits)]
    await started.wait()
    tasks.append(await world.caller.spawn(world.call_on, session, dies, world))
    got = [await world.caller.join(task) for task in tasks]
    got.append(await world.spawned(world.call_on, session, waits))
    await world.close(session)
    causes = [error.__cause__ for _, error in got]
    expect(all(type(it) is world.callee.ends_by for it in causes), (got, causes))
