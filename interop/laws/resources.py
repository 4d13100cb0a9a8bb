"""R: resources and lifecycle. What was opened closes, what closed leaves nothing, and nothing outside is touched."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from interop.laws.law import law
from interop.laws.threads import pause, rounds, until
from interop.laws.world import NotApplicable, Outcome, World, expect, running_asyncio_loop

SHUTDOWN = "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown"


def open_files() -> int:
    """How many descriptors this process has; 0 where it cannot be known."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


Count = tuple[int, ...]
LARGEST_POOL = 40  # threads: 32 of concurrent.futures, 40 of Trio and anyio, 20 of eventlet, 10 of gevent and Twisted


def grew(before: Count, after: Count) -> bool:
    """Whether there is more of anything."""
    return any(a > b for b, a in zip(before, after, strict=True))


async def settled(world: World, look: Callable[[], Awaitable[Count]], before: Count) -> tuple[bool, Count]:
    """Whether nothing is more than before, and what there is: soon, for another thread may still have its last step to make.

    Who has rung an eventfd holds it until its next instruction; on a busy machine the whole session may be over by then.
    """
    for attempt in rounds():
        gc.collect()
        after = await look()
        if not grew(before, after):
            break
        await world.turns(1 << attempt)
    return not grew(before, after), after


@law("R1", needs=("cancel", "opens"), source=SHUTDOWN)
async def close_cancels_awaits_and_refuses(world: World) -> None:
    """Look for a close() that abandons what is still running, or that tells its callers a cancel which they did not ask for."""
    session = await world.open()
    started = world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaned")

    task = await world.caller.spawn(world.call_on, session, callee)
    await started.wait()
    await world.close(session)
    world.trace.append("closed")
    kind, got = await world.caller.join(task)
    expect(world.trace == ["cleaned", "closed"], world.trace)
    expect(kind == "error", (kind, got))
    expect(not isinstance(got, (world.caller.cancel_type, world.callee.cancel_type)), got)


@law("R2", source="tracemalloc; /proc/self/fd", once=True)
async def calls_errors_and_cancels_leave_nothing_behind(world: World) -> None:
    """Look for a thread, a file, a task or a call that stays in a table.

    A pool may grow until it is full: that is a limit, and not a leak.
    """

    async def fine() -> None:
        await world.callee.turn()

    async def fails() -> None:
        await world.callee.turn()
        raise ValueError

    async def some(times: int) -> None:
        for _ in range(times):
            await world.call(fine)
            await world.outcome(fails)
            if "cancel" in world.bridge.has and world.callee.has_loop:
                await world.cancelled_call(world.callee.sleep_forever)

    async def left() -> Count:
        await world.turns(3)
        gc.collect()
        theirs = await world.call(_alive)
        return threading.active_count(), open_files(), world.caller.alive(), theirs

    async def _alive() -> int:
        await world.callee.turn()
        return world.callee.alive()

    async def flat() -> tuple[bool, Count, Count]:
        before = await left()
        await some(15)
        return *await settled(world, left, before), before

    await some(5)
    is_flat, after, before = await flat()
    if not is_flat and world.lasts:  # Otherwise nobody stays in the callee who could let a hundred calls go.
        await fill_its_pools(world)
        is_flat, after, before = await flat()
    most = before[0] + LARGEST_POOL
    while not is_flat and after[0] <= most and not grew(before[1:], after[1:]):  # A pool is full when it no longer grows.
        is_flat, after, before = await flat()
    expect(is_flat, (before, after, threading.enumerate()))


async def fill_its_pools(world: World) -> None:
    """A hundred calls at once, of which none can end: more than any limit that is documented."""
    go = world.callee.event()

    async def waits() -> None:
        await go.wait()

    tasks = [await world.caller.spawn(world.call, waits) for _ in range(100)]
    seen, quiet, pauses = 0, 0, 0
    while quiet < 50:  # Turns of the caller in which no thread has come.
        await world.caller.turn()
        pauses = pause(pauses)
        seen, quiet = (seen, quiet + 1) if threading.active_count() <= seen else (threading.active_count(), 0)
    world.tell_callee(go.set)
    for task in tasks:
        await world.caller.join(task)


async def cycle(world: World) -> None:
    """A session that is opened, used and closed."""

    async def fine() -> str:
        await world.callee.turn()
        return "fine"

    session = await world.open()
    got = await world.call_on(session, fine)
    await world.close(session)
    expect(got == "fine", got)


@law("R3", needs=("opens",), source="Opening and closing is what tests do all day", once=True)
async def twelve_cycles_leave_nothing_behind(world: World) -> None:
    """Look for a thread or a file for each session that was ever open."""

    async def left() -> Count:
        return threading.active_count(), open_files(), world.caller.alive()

    for _ in range(3):
        await cycle(world)
    gc.collect()
    before = await left()
    for _ in range(12):
        await cycle(world)
    is_flat, after = await settled(world, left, before)
    expect(is_flat, (before, after, threading.enumerate()))


def outside() -> dict[str, Any]:
    """What is the whole process's, and nobody's to change."""
    import socket

    wakeup = None
    if threading.current_thread() is threading.main_thread():
        wakeup = signal.set_wakeup_fd(-1)
        if wakeup != -1:
            signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    return {
        "policy": id(getattr(sys.modules.get("asyncio.events"), "_event_loop_policy", None)),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "wakeup": wakeup,
        "asyncgens": sys.get_asyncgen_hooks(),
        "patched": (socket.socket, time.sleep, threading.Thread, os.read),
        "running": running_asyncio_loop(),
        "excepthook": (sys.excepthook, threading.excepthook, sys.unraisablehook),
    }


@law(
    "R4",
    needs=("opens",),
    source="https://docs.python.org/3/library/asyncio-policy.html; gevent: monkey patching is explicit",
    once=True,
)
async def opening_a_portal_changes_nothing_global(world: World) -> None:
    """Look for a policy, a signal handler, a hook or a patched module."""

    def changed(now: dict[str, Any]) -> dict[str, Any]:
        return {key: (before[key], now[key]) for key in before if before[key] != now[key]}

    before = outside()
    session = await world.open()
    during = outside()
    await world.close(session)
    after = outside()
    expect(not changed(during), changed(during))
    expect(not changed(after), changed(after))


@law("R5", needs=("opens",), source="Trio reference, guest mode", once=True)
async def ending_a_session_never_stops_the_callers_loop(world: World) -> None:
    """Look for a guest that stops its host when it ends."""
    beats: list[int] = []
    go = world.caller.event()

    async def other() -> None:
        await go.wait()
        beats.append(1)

    task = await world.caller.spawn(other)
    session = await world.open()
    await world.close(session)
    go.set()
    outcome = await world.caller.join(task)
    expect(outcome == ("value", None) and beats == [1], (outcome, beats))


@law(
    "R6",
    source="https://docs.python.org/3/library/asyncio-dev.html#detect-never-retrieved-exceptions",
    hears="VCXLRSMF",
)
async def a_failure_that_was_told_is_reported_to_nobody_else(world: World) -> None:
    """Look for an error that is both given to the caller and left, unretrieved, in a future of the bridge's own.

    It is checked last. A report that a framework made while another law was kept counts here, and only here
    (those of chapter H in H7): in a law that was kept, every call has told its caller how it ended.
    """

    async def callee() -> None:
        await world.callee.turn()
        raise ValueError("told")

    for _ in range(3):
        await world.outcome(callee)
    await world.turns(3)
    gc.collect()
    await world.turns(3)
    expect(not world.reports, world.reports)
    expect(not world.reported_in("VCXLRSMF"), world.reported_in("VCXLRSMF"))


@law("R8", needs=("opens",), source="Embedding: a notebook, a test suite, a reload", once=True)
async def a_second_session_works_after_the_first_was_closed(world: World) -> None:
    """Look for a thing that can be used only once: a reactor, a global, a name."""

    async def fine(number: int) -> int:
        await world.callee.turn()
        return number

    got = []
    for number in range(3):
        session = await world.open()
        got.append(await world.call_on(session, fine, number))
        await world.close(session)
    expect(got == [0, 1, 2], got)


@law("R10", needs=("opens",), source=SHUTDOWN, once=True)
async def closing_twice_is_harmless(world: World) -> None:
    """Look for a close() that fails, or that closes somebody else's."""

    async def fine() -> str:
        return "fine"

    session, other = await world.open(), None
    with contextlib.suppress(Exception):  # Where only one can be open at a time, it is opened after that.
        other = await world.open()
    await world.close(session)
    await world.close(session)
    other = other or await world.open()
    got = await world.call_on(other, fine)
    await world.close(other)
    expect(got == "fine", got)


@law("R11", needs=("opens",), source=SHUTDOWN)
async def close_waits_for_a_call_that_is_ending_by_itself(world: World) -> None:
    """Look for a close() that ends the loop under a callee's feet."""
    session = await world.open()
    started, closing = world.caller.event(), threading.Event()

    async def callee() -> str:
        world.tell_caller(started.set)
        await until(world.callee, closing.is_set)
        for _ in range(500):  # Whatever thread is first now, it is not over before close() has begun.
            await world.callee.turn()
        return "done"

    task = await world.caller.spawn(world.call_on, session, callee)
    await started.wait()
    closing.set()
    await world.close(session)
    kind, got = await world.caller.join(task)
    expect((kind, got) == ("value", "done") or kind == "error", (kind, got))
    expect(kind == "value" or not isinstance(got, world.caller.cancel_type), (kind, got))


@law("R12", needs=("opens",), source="A with block ends what it began, also by an error", once=True)
async def a_session_ends_also_when_its_body_fails(world: World) -> None:
    """Look for a clean-up that only the good way comes to."""
    if not world.callee.has_loop or not world.caller.has_loop:
        raise NotApplicable("idle worker threads stay for a while")

    async def left() -> Count:
        return threading.active_count(), open_files()

    before = await left()
    for _ in range(3):
        session = await world.open()

        async def fails() -> None:
            raise ValueError

        outcome = await world.spawned(world.call_on, session, fails)
        await world.close(session)
        expect(outcome[0] == "error", outcome)
        del session, outcome
    is_flat, after = await settled(world, left, before)
    expect(is_flat, (before, after))


@law("R13", needs=("opens",), source="https://docs.python.org/3/reference/datamodel.html#traceback-objects", once=True)
async def an_error_that_somebody_keeps_holds_nothing_open(world: World) -> None:
    """Look for a frame that waits with a socket, a pipe or a selector in its variables: the error's traceback keeps it."""

    async def fails() -> None:
        await world.callee.turn()
        raise ValueError

    async def failed() -> Outcome:
        session = await world.open()
        outcome = await world.spawned(world.call_on, session, fails)
        await world.close(session)
        return outcome

    async def held() -> Count:
        return (open_files(),)

    for _ in range(3):
        await failed()
    gc.collect()
    before = await held()
    kept = [await failed() for _ in range(3)]
    is_flat, during = await settled(world, held, before)
    kept.clear()
    gc.collect()
    after = await held()
    expect(is_flat or during <= after, (before, during, after))  # What stays without the errors, too, is for R3.
