"""What every crossing must keep: one coroutine a promise, named by its sentence, with the id of its law.

Order is forced by events and barriers; where a promise needs a deadline of its own, it is the framework's timeout that is
under test. `needs` names what a side must be able to do; a promise without it does not apply to that crossing.
"""

from __future__ import annotations

import builtins
import concurrent.futures
import contextlib
import contextvars
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from interop.errors import CalleeCancelled, CalleeRaisedStop, OwnLoop, PeerGone, PortalClosed
from interop.runtime import drive
from tests.adapters.drivers import Afn, Driver, ident, sniffed

Promise = Callable[["World"], Coroutine[Any, Any, None]]
PROMISES: dict[str, tuple[str, Promise, frozenset[str]]] = {}
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")


class NotApplicable(Exception):
    """With the reason."""


def promise(law: str, *needs: str) -> Callable[[Promise], Promise]:
    """Put a promise into the list; needs: see applies(); opens: it opens its portals itself."""

    def add(fn: Promise) -> Promise:
        name = fn.__name__
        assert name not in PROMISES, name
        PROMISES[name] = (law, fn, frozenset(needs))
        return fn

    return add


@dataclass
class World:
    """The two sides of one crossing, as a promise sees them; the promise runs in the caller's loop."""

    caller: Driver
    callee: Driver
    topology: str
    opens: bool = True
    host: Any = None  # the callee's runtime, where it hosts the caller's loop
    portal: Any = None
    trace: list[str] = field(default_factory=list)

    async def open(self) -> Any:
        if self.host is not None:
            return await self.caller.open(self.host)
        return await self.caller.open(self.callee.name, self.topology)

    async def call(self, fn: Afn, *args: Any) -> Any:
        return await self.caller.call(self.portal, self.callee.native(fn), *args)

    async def outcome(self, fn: Afn, *args: Any) -> tuple[str, Any]:
        try:
            return "value", await self.call(fn, *args)
        except BaseException as error:
            return "error", error

    def tell_caller(self, fn: Callable[[], object]) -> None:
        self.here.wake(fn)

    def tell_callee(self, fn: Callable[[], object]) -> None:
        self.portal.runtime.wake(fn)

    async def cancelled_call(self, fn: Afn, *args: Any, then: Callable[[], object] | None = None) -> tuple[str, Any]:
        """Call fn in a task of its own, cancel that when fn says that it has started, and return how it ended."""
        started = self.caller.event()

        async def callee() -> Any:
            self.tell_caller(started.set)
            return await fn(*args)

        task = await self.caller.spawn(self.call, callee)
        await started.wait()
        await self.caller.cancel(task)
        if then is not None:
            then()
        return await self.caller.join(task)

    async def __aenter__(self) -> World:
        self.here = self.caller.current()
        if self.opens:
            self.portal = await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.portal is not None:
            await self.caller.close(self.portal)


def expect(condition: object, saw: object) -> None:
    if not condition:
        raise AssertionError(f"saw {saw!r}")


class Odd(BaseException):
    """A BaseException that no framework knows."""


# V: values and errors


@promise("V1")
async def the_result_is_the_callees_object(world: World) -> None:
    result = object()

    async def callee() -> object:
        await world.callee.turn()
        return result

    got = await world.call(callee)
    expect(got is result, got)


@promise("V1")
async def a_call_that_returns_at_once_gives_its_value(world: World) -> None:
    async def callee(a: int, b: int) -> int:
        return a + b

    expect([await world.call(callee, n, 1) for n in range(3)] == [1, 2, 3], "another sum")


@promise("V2")
async def a_returned_value_is_never_interpreted(world: World) -> None:
    async def awaitable() -> None: ...

    try:
        raise ValueError("as data")
    except ValueError:
        info = sys.exc_info()
    pending = awaitable()
    values: list[Any] = [ValueError("as data"), info, pending, KeyboardInterrupt(), StopIteration(1), None]
    if "greenlet" in sys.modules:
        values.append(sys.modules["greenlet"].GreenletExit())
    for value in values:

        async def callee(value: Any = value) -> Any:
            return value

        got = await world.call(callee)
        expect(got is value, got)
    pending.close()


@promise("V3")
async def the_error_is_the_callees_object_and_shows_both_sites(world: World) -> None:
    cause, error = KeyError("cause"), ValueError("error")

    async def site_of_the_callee() -> None:
        await world.callee.turn()
        raise error from cause

    _, got = await world.outcome(site_of_the_callee)
    names = [frame.name for frame in traceback.extract_tb(got.__traceback__)]
    expect(got is error, got)
    expect(got.__cause__ is cause, got.__cause__)
    expect("site_of_the_callee" in names, names)
    expect("outcome" in names, names)


@promise("V4")
async def an_error_is_not_held_by_a_cycle(world: World) -> None:
    import weakref

    class Fresh(Exception):
        pass

    async def callee() -> None:
        await world.callee.turn()
        raise Fresh

    async def once() -> Any:
        try:
            await world.call(callee)
        except Fresh as error:
            return weakref.ref(error)

    gc.collect()
    gc.disable()
    try:
        held = await once()
        await world.call(world.callee.turn)  # The callee's own frames are gone once it does something else.
        alive = held() is not None
    finally:
        gc.enable()
    gc.collect()
    expect(held() is None, "still there after a collection")
    if alive and world.callee.name.startswith(("twisted", "gevent", "eventlet")):
        return  # Their own frames make a cycle of it.
    if alive and world.caller.name.startswith(("twisted",)):
        return
    expect(not alive, "only the garbage collector could free it")


@promise("V5")
async def any_base_exception_ends_the_call(world: World) -> None:
    async def callee() -> None:
        await world.callee.turn()
        raise odd

    odd = Odd()
    _, got = await world.outcome(callee)
    expect(got is odd, got)


@promise("V6")
async def stop_iteration_and_its_kin_arrive_in_a_wrapper(world: World) -> None:
    for error in (StopIteration(7), StopAsyncIteration(), GeneratorExit()):

        def plain(error: BaseException = error) -> None:
            raise error

        try:
            await world.caller.call(world.portal, plain)
        except CalleeRaisedStop as got:
            expect(got.__cause__ is error, got.__cause__)
        else:
            raise AssertionError(f"{error!r} was lost")


@promise("V7")
async def keyboard_interrupt_and_system_exit_reach_the_caller_and_spare_the_callees_loop(world: World) -> None:
    for error in (KeyboardInterrupt(), SystemExit(3)):

        async def callee(error: BaseException = error) -> None:
            await world.callee.turn()
            raise error

        _, got = await world.outcome(callee)
        expect(got is error, got)

    async def fine() -> str:
        await world.callee.turn()
        return "fine"

    expect(await world.call(fine) == "fine", "the loop is gone")


@promise("V8")
async def exception_groups_are_not_rebuilt(world: World) -> None:
    native: Any = getattr(builtins, "ExceptionGroup", None)
    if native is None:
        raise NotApplicable("no exception groups before Python 3.11")
    group = native("of one", [ValueError(1)])

    async def callee() -> None:
        raise group

    _, got = await world.outcome(callee)
    expect(got is group, got)
    expect(len(got.exceptions) == 1, got.exceptions)


@promise("V9")
async def a_foreign_cancel_type_stays_an_error(world: World) -> None:
    foreign: list[BaseException] = [concurrent.futures.CancelledError(), TimeoutError()]
    import asyncio

    foreign.append(asyncio.CancelledError())
    if "twisted.internet.defer" in sys.modules:
        foreign.append(sys.modules["twisted.internet.defer"].CancelledError())
    if "greenlet" in sys.modules:
        foreign.append(sys.modules["greenlet"].GreenletExit())
    for error in foreign:

        async def callee(error: BaseException = error) -> None:
            await world.callee.turn()
            raise error

        task = await world.caller.spawn(world.call, callee)
        kind, got = await world.caller.join(task)
        own = isinstance(error, (world.caller.cancel_type, world.callee.cancel_type))
        expect(kind == "error", (kind, got, error))
        if own:
            expect(isinstance(got, CalleeCancelled) and got.__cause__ is error, got)
        else:
            expect(got is error, got)


@promise("V10", "callee-cancel")
async def a_cancel_that_races_with_the_end_gives_exactly_one_outcome(world: World) -> None:
    """Forty interleavings: the cancel comes after 0 to 7 turns of the caller, the callee ends after 0 to 4 of its own."""

    async def callee(turns: int) -> int:
        for _ in range(turns):
            await world.callee.turn()
        return turns

    async def call(turns: int) -> int:
        got = int(await world.call(callee, turns))
        ended.append(got)
        return got

    ended: list[int] = []
    for wait in range(8):
        for turns in range(5):
            task = await world.caller.spawn(call, turns)
            for _ in range(wait):
                await world.caller.turn()
            await world.caller.cancel(task)
            kind, got = await world.caller.join(task)
            expect(kind == "cancelled" or (kind, got) == ("value", turns), (kind, got, wait, turns))
    # The loop of the callee has nothing left of them, and still answers.
    expect(await world.call(callee, 1) == 1, "another value")


# C: cancellation and time


@promise("C1", "callee-cancel")
async def cancelling_the_caller_delivers_the_callees_native_cancel(world: World) -> None:
    seen: list[BaseException] = []

    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        except BaseException as error:
            seen.append(error)
            raise

    kind, got = await world.cancelled_call(callee)
    expect(kind == "cancelled", (kind, got))
    expect([type(error) for error in seen] == [world.callee.cancel_type], seen)


@promise("C2", "callee-cancel")
async def the_caller_resumes_after_the_callees_cleanup(world: World) -> None:
    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaned")

    await world.cancelled_call(callee)
    world.trace.append("resumed")
    expect(world.trace == ["cleaned", "resumed"], world.trace)


@promise("C3", "callee-cancel", "edge")
async def the_callees_cleanup_may_wait(world: World) -> None:
    go = world.callee.event()

    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaning")
            world.tell_caller(cleaning.set)
            await go.wait()
            world.trace.append("cleaned")

    started, cleaning = world.caller.event(), world.caller.event()

    async def call() -> None:
        try:
            await world.call(start)
        finally:
            world.trace.append("resumed")

    async def start() -> None:
        world.tell_caller(started.set)
        await callee()

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    await cleaning.wait()
    for _ in range(5):
        await world.caller.turn()
    expect(world.trace == ["cleaning"], world.trace)
    world.tell_callee(go.set)
    kind, got = await world.caller.join(task)
    expect(world.trace == ["cleaning", "cleaned", "resumed"], world.trace)
    expect(kind == "cancelled", (kind, got))


@promise("C4", "callee-cancel", "edge")
async def a_second_cancel_neither_abandons_the_callee_nor_cuts_its_cleanup(world: World) -> None:
    go = world.callee.event()
    started, cleaning = world.caller.event(), world.caller.event()

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

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    await cleaning.wait()
    await world.caller.cancel(task)
    for _ in range(5):
        await world.caller.turn()
    expect(world.trace == [], world.trace)
    world.tell_callee(go.set)
    kind, got = await world.caller.join(task)
    expect(world.trace == ["cleaned", "resumed"], world.trace)
    expect(kind == "cancelled", (kind, got))


@promise("C5", "callee-cancel")
async def a_value_returned_in_spite_of_a_cancel_is_not_lost(world: World) -> None:
    values: list[Any] = []

    async def callee() -> str:
        with contextlib.suppress(world.callee.cancel_type):
            await world.callee.sleep_forever()
        return "kept"

    started = world.caller.event()

    async def start() -> str:
        world.tell_caller(started.set)
        return await callee()

    async def call() -> None:
        values.append(await world.call(start))

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    await world.caller.join(task)
    if world.callee.level:
        return  # Trio's own rule: a swallowed Cancelled comes back, and a scope that caught nothing has a value.
    expect(values == ["kept"], values)


@promise("C5", "callee-cancel", "rearm")
async def a_cancel_that_the_callee_did_not_answer_is_still_due(world: World) -> None:
    started = world.caller.event()

    async def callee() -> str:
        world.tell_caller(started.set)
        with contextlib.suppress(world.callee.cancel_type):
            await world.callee.sleep_forever()
        return "kept"

    async def call() -> None:
        await world.call(callee)
        world.trace.append("went on")
        await world.caller.sleep_forever()

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    kind, got = await world.caller.join(task)
    expect(kind == "cancelled", (kind, got))
    expect(world.trace == ["went on"], world.trace)


@promise("C6", "callee-cancel")
async def an_error_in_the_callees_cleanup_reaches_the_caller(world: World) -> None:
    error = ValueError("in cleanup")

    async def callee() -> None:
        try:
            await world.callee.sleep_forever()
        finally:
            raise error

    kind, got = await world.cancelled_call(callee)
    expect((kind, got) == ("error", error), (kind, got))


@promise("C7", "callee-cancel")
async def a_callee_that_was_cancelled_by_itself_is_an_error(world: World) -> None:
    error: list[BaseException] = []
    if world.callee.library == "trio":
        raise NotApplicable("no one but a scope can cancel in Trio, and the scope takes it back")

    async def callee() -> None:
        error.append(world.callee.cancel_type())
        raise error[0]

    task = await world.caller.spawn(world.call, callee)
    kind, got = await world.caller.join(task)
    expect(kind == "error", (kind, got))
    expect(isinstance(got, CalleeCancelled), got)
    expect(got.__cause__ is error[0], got.__cause__)


@promise("C8", "callee-cancel")
async def the_callers_task_is_as_before_after_a_call(world: World) -> None:
    states: list[object] = []

    async def fine() -> None:
        await world.callee.turn()

    async def call() -> None:
        states.append(world.caller.busy())
        await world.call(fine)
        states.append(world.caller.busy())
        try:
            await world.call(fails)
        except ValueError:
            states.append(world.caller.busy())

    async def fails() -> None:
        raise ValueError

    task = await world.caller.spawn(call)
    await world.caller.join(task)
    expect(len(states) == 3, states)
    expect(states[0] == states[1] == states[2], states)


@promise("C9", "callee-loop", "thread")
async def a_call_that_is_cancelled_before_its_first_step_never_starts(world: World) -> None:
    at_work, go = threading.Event(), threading.Event()
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
    while not at_work.is_set():
        await world.caller.turn()
    task = await world.caller.spawn(call)
    await started.wait()
    for _ in range(3):
        await world.caller.turn()
    await world.caller.cancel(task)
    for _ in range(3):
        await world.caller.turn()
    if world.caller.name == "threads":
        while not any(call.unwanted for call in world.portal._calls):
            await world.caller.turn()
    go.set()
    kind, got = await world.caller.join(task)
    await world.caller.join(blocker)
    expect(kind == "cancelled", (kind, got))
    expect(world.trace == [], world.trace)


@promise("C10", "caller-timeout", "callee-cancel")
async def the_callers_own_timeout_fires_as_its_own_type_after_the_cleanup(world: World) -> None:
    async def callee() -> None:
        world.trace.append("started")
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaned")

    for seconds in (0.02, 0.2, 2.0):
        world.trace.clear()

        async def call(seconds: float = seconds) -> None:
            await world.caller.within(seconds, lambda: world.call(callee))

        kind, got = await world.caller.join(await world.caller.spawn(call))
        world.trace.append("resumed")
        expect(kind == "error", (kind, got))
        expect(type(got) is world.caller.timeout_type, got)
        if "started" in world.trace:  # On a busy machine the timeout may come before the callee's first step.
            break
    expect(world.trace == ["started", "cleaned", "resumed"], world.trace)


@promise("C11", "caller-timeout")
async def a_timeout_error_of_the_callee_is_not_the_callers(world: World) -> None:
    error = TimeoutError("the callee's")

    async def callee() -> None:
        await world.callee.turn()
        raise error

    try:
        await world.caller.within(1000, lambda: world.call(callee))
    except BaseException as got:
        expect(got is error, got)
    else:
        raise AssertionError("no error")


# X: context and identity


@promise("X1")
async def the_callee_sees_the_callers_context(world: World) -> None:
    token = variable.set("the caller's")

    async def callee() -> list[str]:
        seen = [variable.get()]
        await world.callee.turn()
        return [*seen, variable.get()]

    try:
        got = await world.call(callee)
    finally:
        variable.reset(token)
    expect(got == ["the caller's"] * 2, got)


@promise("X2")
async def what_the_callee_writes_stays_with_the_callee(world: World) -> None:
    async def callee() -> list[str]:
        variable.set("the callee's")
        await world.callee.turn()
        return [variable.get()]

    got = await world.call(callee)
    expect(got == ["the callee's"], got)
    expect(variable.get() == "nothing", variable.get())


@promise("X4")
async def library_detection_is_right_on_both_sides_at_every_step(world: World) -> None:
    async def callee() -> list[str | None]:
        seen = [sniffed()]
        await world.callee.turn()
        return [*seen, sniffed()]

    before = sniffed()
    got = await world.call(callee)
    expect(got == [world.callee.library] * 2, got)
    expect(before == sniffed() == world.caller.library, (before, sniffed()))


@promise("X5")
async def the_callees_task_is_never_the_callers(world: World) -> None:
    mine = world.caller.task()

    async def callee() -> list[object]:
        seen = [world.callee.task()]
        await world.callee.turn()
        return [*seen, world.callee.task()]

    got = await world.call(callee)
    expect(mine is None or all(task is not mine for task in got), (mine, got))
    expect(got[0] is got[1], got)
    expect(world.caller.task() is mine, (world.caller.task(), mine))


@promise("X6")
async def the_caller_goes_on_in_its_own_thread_and_task(world: World) -> None:
    async def at_once() -> None: ...

    async def later() -> None:
        await world.callee.turn()

    def where() -> tuple[object, ...]:
        return ident(), world.caller.task(), sniffed(), world.caller.current()

    before = where()
    for callee in (at_once, later):
        await world.call(callee)
        expect(where() == before, (before, where()))


@promise("X7")
async def the_callee_runs_in_the_thread_of_its_loop(world: World) -> None:
    async def callee() -> list[int]:
        seen = [ident()]
        await world.callee.turn()
        return [*seen, ident()]

    got = await world.call(callee)
    if world.callee.name != "threads":
        expect(got == [world.portal.runtime.ident] * 2, got)
    expect((got[0] == ident()) == (world.topology != "thread"), got)
    expect(got[0] == got[1], got)


@promise("X3")
async def each_of_many_calls_keeps_its_own_context_through_its_waits(world: World) -> None:
    async def callee() -> list[str]:
        seen = []
        for _ in range(3):
            seen.append(variable.get())
            await world.callee.turn()
        variable.set(f"{variable.get()}, changed")
        await world.callee.turn()
        return [*seen, variable.get()]

    async def call(name: str) -> Any:
        variable.set(name)
        return await world.call(callee)

    names = [f"call {number}" for number in range(5)]
    tasks = [await world.caller.spawn(call, name) for name in names]
    for name, task in zip(names, tasks, strict=True):
        got = await world.caller.join(task)
        expect(got == ("value", [name, name, name, f"{name}, changed"]), got)


@promise("X8")
async def no_side_sees_a_running_asyncio_loop_that_is_not_its_own(world: World) -> None:
    import asyncio

    def loop() -> object:
        return asyncio._get_running_loop()

    async def callee() -> list[object]:
        seen = [loop()]
        await world.callee.turn()
        return [*seen, loop()]

    mine = loop()
    got = await world.call(callee)
    theirs = world.portal.runtime.asyncio_loop()
    if world.topology == "guest" and "trio" in (world.callee.library, world.caller.library) and (theirs or mine) is not None:
        return  # A Trio guest's ticks are callbacks of its host's loop, and Trio's guest mode does not hide it.
    expect(got == [theirs, theirs], got)
    expect(loop() is mine, loop())
    expect(mine is world.here.asyncio_loop(), mine)


# L: liveness


@promise("L1")
async def the_callers_loop_beats_while_it_waits(world: World) -> None:
    go = world.callee.event()
    beats = world.caller.event()

    async def callee() -> None:
        await go.wait()

    async def other() -> None:
        for _ in range(10):
            await world.caller.turn()
        world.trace.append("beat")
        world.tell_callee(go.set)
        world.tell_caller(beats.set)

    task = await world.caller.spawn(other)
    await world.call(callee)
    world.trace.append("back")
    await world.caller.join(task)
    expect(world.trace == ["beat", "back"], world.trace)


@promise("L2")
async def calls_overlap(world: World) -> None:
    first, second = world.callee.event(), world.callee.event()

    async def one() -> None:
        world.tell_callee(first.set)
        await second.wait()

    async def two() -> None:
        world.tell_callee(second.set)
        await first.wait()

    tasks = [await world.caller.spawn(world.call, fn) for fn in (one, two)]
    for task in tasks:
        expect(await world.caller.join(task) == ("value", None), "another outcome")


@promise("L4")
async def a_hundred_calls_nested_ten_deep_finish(world: World) -> None:
    back: list[Any] = []

    async def open_back() -> None:
        back.append(await world.callee.open(world.here))

    async def close_back() -> None:
        await world.callee.close(back[0])

    async def down(depth: int) -> int:
        if depth == 0:
            return 0
        return int(await world.call(across, depth - 1)) + 1

    async def across(depth: int) -> int:
        if depth == 0:
            return 0
        return int(await world.callee.call(back[0], world.caller.native(down), depth - 1)) + 1

    await world.call(open_back)
    width = 10 if "threads" in (world.caller.name, world.callee.name) else 100
    tasks = [await world.caller.spawn(down, 10) for _ in range(width)]
    got = [await world.caller.join(task) for task in tasks]
    await world.call(close_back)
    expect(got == [("value", 10)] * width, got[:3])


@promise("L6", "blocking")
async def a_blocking_call_into_ones_own_loop_is_refused(world: World) -> None:
    other = world.callee

    async def callee() -> str:
        portal = world.caller.adapter.open_portal(other.current())
        try:
            with portal:
                portal.call(other.native(other.turn))
        except OwnLoop:
            return "refused"
        return "called"

    if other.name == "threads":
        raise NotApplicable("a thread has no loop of its own")
    got = await world.call(callee)
    expect(got == "refused", got)


@promise("L7", "opens")
async def a_closed_portal_refuses_at_once(world: World) -> None:
    async def callee() -> None:
        world.trace.append("started")

    portal = await world.open()
    native = world.callee.native(callee)
    await world.caller.call(portal, native)
    runtime = portal.runtime
    await world.caller.close(portal)
    try:
        await world.caller.call(portal, native)
    except PortalClosed:
        pass
    else:
        raise AssertionError("it was called")
    expect(world.trace == ["started"], world.trace)
    if world.topology == "loop" or world.host is not None:
        return  # The loop goes on; only the portal is closed.
    try:
        again = await world.caller.open(runtime)
        await world.caller.call(again, native)
    except PeerGone:
        pass
    else:
        raise AssertionError("it was called")


@promise("L8", "callee-loop", "owns-loop", "opens")
async def a_peer_that_dies_fails_every_outstanding_call(world: World) -> None:
    portal = await world.open()
    started = [world.caller.event() for _ in range(3)]

    async def callee(number: int) -> None:
        world.tell_caller(started[number].set)
        await world.callee.sleep_forever()

    async def die() -> None:
        world.callee.kill_loop()
        await world.callee.sleep_forever()

    async def call(fn: Afn, *args: Any) -> None:
        await world.caller.call(portal, world.callee.native(fn), *args)

    tasks = [await world.caller.spawn(call, callee, number) for number in range(3)]
    for event in started:
        await event.wait()
    tasks.append(await world.caller.spawn(call, die))
    got = [await world.caller.join(task) for task in tasks]
    expect(all(kind == "error" and type(error) is PeerGone for kind, error in got), got)
    expect(len({id(error) for kind, error in got}) == 4, "one error for all")
    await world.caller.close(portal)


@promise("L9")
async def a_thousand_calls_that_end_at_once_need_no_more_stack_than_one(world: World) -> None:
    depths: set[int] = set()

    def depth() -> int:
        frame, count = sys._getframe(), 0
        while frame.f_back is not None:
            frame, count = frame.f_back, count + 1
        return count

    async def callee(number: int) -> int:
        return number

    for number in range(1000):
        expect(await world.call(callee, number) == number, number)
        if number in (10, 999):
            depths.add(depth())
    expect(len(depths) == 1, depths)


@promise("L10")
async def many_calls_do_not_starve_the_callers_other_work(world: World) -> None:
    async def callee() -> None: ...

    async def flood() -> None:
        for _ in range(300):
            await world.call(callee)
        world.trace.append("flood")

    async def other() -> None:
        for _ in range(20):
            await world.caller.turn()
        world.trace.append("other")

    floods = [await world.caller.spawn(flood) for _ in range(3)]
    task = await world.caller.spawn(other)
    await world.caller.join(task)
    if world.caller.name != "threads":  # Those are scheduled by the system.
        expect(world.trace[0] == "other", world.trace)
    for flood_task in floods:
        expect((await world.caller.join(flood_task))[0] == "value", "an error")


@promise("L11", "callee-loop")
async def calls_start_in_the_order_of_their_issue(world: World) -> None:
    order: list[int] = []
    if world.caller.name == "threads":
        raise NotApplicable("threads issue in no order")

    async def callee(number: int) -> None:
        order.append(number)
        await world.callee.turn()

    tasks = [await world.caller.spawn(world.call, callee, number) for number in range(50)]
    for task in tasks:
        await world.caller.join(task)
    if world.callee.library == "trio" or world.caller.library == "trio":
        expect(sorted(order) == list(range(50)), order)  # Trio shuffles each batch of tasks on purpose.
    else:
        expect(order == list(range(50)), order)


# R: resources and lifecycle


@promise("R1", "callee-cancel", "opens")
async def close_cancels_awaits_and_refuses(world: World) -> None:
    portal = await world.open()
    started = world.caller.event()

    async def callee() -> None:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaned")

    async def call() -> None:
        await world.caller.call(portal, world.callee.native(callee))

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.close(portal)
    world.trace.append("closed")
    kind, got = await world.caller.join(task)
    expect(world.trace == ["cleaned", "closed"], world.trace)
    expect(kind == "error", (kind, got))
    expect(type(got) is PortalClosed, got)


@promise("R2")
async def calls_errors_and_cancels_leave_nothing_behind(world: World) -> None:
    async def fine() -> None:
        await world.callee.turn()

    async def fails() -> None:
        await world.callee.turn()
        raise ValueError

    async def some() -> None:
        for _ in range(20):
            await world.call(fine)
            await world.outcome(fails)
            if world.callee.name != "threads":
                await world.cancelled_call(world.callee.sleep_forever)

    await some()
    gc.collect()
    runtime = world.portal.runtime
    before, outstanding = (threading.active_count(), _open_files()), set(runtime.outstanding)
    await some()
    gc.collect()
    expect((threading.active_count(), _open_files()) == before, (before, threading.enumerate(), _open_files()))
    expect(runtime.outstanding == outstanding, runtime.outstanding)
    expect(not world.portal._calls, world.portal._calls)


@promise("R3", "opens")
async def fifty_cycles_leave_nothing_behind(world: World) -> None:
    async def fine() -> str:
        await world.callee.turn()
        return "fine"

    async def cycle() -> None:
        portal = await world.open()
        got = await world.caller.call(portal, world.callee.native(fine))
        expect(got == "fine", got)
        await world.caller.close(portal)

    for _ in range(3):
        await cycle()
    gc.collect()
    before = threading.active_count(), _open_files()
    for _ in range(50):
        await cycle()
    gc.collect()
    after = threading.active_count(), _open_files()
    expect(after == before, (before, after, threading.enumerate()))


@promise("R4", "opens")
async def opening_a_portal_changes_nothing_global(world: World) -> None:
    def state() -> dict[str, object]:
        import asyncio
        import socket
        import time

        return {
            "policy": id(getattr(sys.modules.get("asyncio.events"), "_event_loop_policy", None)),
            "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
            "wakeup": signal.set_wakeup_fd(-1) if threading.current_thread() is threading.main_thread() else None,
            "asyncgens": sys.get_asyncgen_hooks(),
            "patched": (socket.socket, time.sleep, threading.Thread, os.read),
            "running": asyncio._get_running_loop(),
            "excepthook": (sys.excepthook, threading.excepthook, sys.unraisablehook),
            "sniffio": sniffed(),
        }

    def peek() -> dict[str, object]:
        seen = state()
        if seen["wakeup"] not in (None, -1):
            signal.set_wakeup_fd(seen["wakeup"], warn_on_full_buffer=False)  # type: ignore[arg-type]
        return seen

    before = peek()
    portal = await world.open()
    during = peek()
    if world.topology == "guest" and world.callee.library == "trio":
        during["asyncgens"] = before["asyncgens"]  # Trio's hooks pass on what is not Trio's: so it is documented.
    await world.caller.close(portal)
    after = peek()
    expect(before == during, {key: (before[key], during[key]) for key in before if before[key] != during[key]})
    expect(before == after, {key: (before[key], after[key]) for key in before if before[key] != after[key]})


# S: streams and context managers


def _source(world: World, count: int = 3, error: BaseException | None = None) -> Any:
    """An iterator as the callee's users write it, that says what it does."""

    async def asynchronous() -> Any:
        try:
            for number in range(count):
                world.trace.append(f"make {number}")
                await world.callee.turn()
                yield number
            if error is not None:
                raise error
        finally:
            await world.callee.turn()
            world.trace.append("closed")

    def plain() -> Any:
        try:
            for number in range(count):
                world.trace.append(f"make {number}")
                drive(world.callee.turn())
                yield number
            if error is not None:
                raise error
        finally:
            drive(world.callee.turn())
            world.trace.append("closed")

    return plain if world.callee.blocking else asynchronous


@promise("S1")
async def items_arrive_in_order_each_when_it_is_asked_for(world: World) -> None:
    async for item in world.caller.stream(world.portal, _source(world)):
        await world.caller.turn()
        world.trace.append(f"take {item}")
    expect(world.trace == ["make 0", "take 0", "make 1", "take 1", "make 2", "take 2", "closed"], world.trace)


@promise("S2")
async def leaving_a_stream_early_closes_the_source_before_the_caller_goes_on(world: World) -> None:
    items = world.caller.stream(world.portal, _source(world))
    async for _ in items:
        break
    await items.aclose()
    world.trace.append("went on")
    expect(world.trace == ["make 0", "closed", "went on"], world.trace)


@promise("S2", "callee-cancel")
async def cancelling_a_stream_closes_the_source_before_the_caller_goes_on(world: World) -> None:
    started = world.caller.event()

    async def asynchronous() -> Any:
        try:
            world.tell_caller(started.set)
            await world.callee.sleep_forever()
            yield
        finally:
            world.trace.append("closed")

    def plain() -> Any:
        try:
            world.tell_caller(started.set)
            drive(world.callee.sleep_forever())
            yield
        finally:
            world.trace.append("closed")

    async def call() -> None:
        items = world.caller.stream(world.portal, plain if world.callee.blocking else asynchronous)
        try:
            async for _ in items:
                pass
        finally:
            await items.aclose()

    task = await world.caller.spawn(call)
    await started.wait()
    await world.caller.cancel(task)
    kind, got = await world.caller.join(task)
    world.trace.append("went on")
    expect(world.trace == ["closed", "went on"], world.trace)
    expect(kind == "cancelled", (kind, got))


@promise("S3")
async def all_steps_of_a_stream_run_in_one_task_with_one_context(world: World) -> None:
    seen: list[Any] = []

    async def asynchronous() -> Any:
        variable.set("the source's")
        for _ in range(3):
            seen.append((world.callee.task(), ident(), variable.get()))
            yield

    def plain() -> Any:
        variable.set("the source's")
        for _ in range(3):
            seen.append((world.callee.task(), ident(), variable.get()))
            yield

    async for _ in world.caller.stream(world.portal, plain if world.callee.blocking else asynchronous):
        pass
    expect(len(seen) == 3 and len(set(seen)) == 1, seen)
    expect(seen[0][2] == "the source's", seen)


@promise("S5")
async def an_error_of_the_source_ends_the_stream_once(world: World) -> None:
    error = ValueError("of the source")
    items = world.caller.stream(world.portal, _source(world, 1, error))
    got: list[Any] = []
    try:
        async for item in items:
            got.append(item)
    except ValueError as caught:
        got.append(caught)
    async for item in items:
        got.append(item)
    expect(got == [0, error], got)


@promise("S3")
async def both_ends_of_a_context_manager_run_in_one_task(world: World) -> None:
    seen: list[Any] = []
    error = ValueError("of the body")

    class Manager:
        def __enter__(self) -> Manager:
            seen.append((world.callee.task(), ident()))
            return self

        def __exit__(self, kind: object, got: object, trace: object) -> bool:
            seen.append((world.callee.task(), ident()))
            world.trace.append(repr(got))
            return got is error

    class AsyncManager(Manager):
        async def __aenter__(self) -> Manager:
            await world.callee.turn()
            return self.__enter__()

        async def __aexit__(self, *exc: Any) -> bool:
            await world.callee.turn()
            return self.__exit__(*exc)

    kind = Manager if world.callee.blocking else AsyncManager
    for body in (None, error):
        async with world.caller.enter(world.portal, kind) as value:
            expect(type(value) is kind, value)
            if body is not None:
                raise body
    expect(len(seen) == 4, seen)
    expect(seen[0] == seen[1] and seen[2] == seen[3], seen)
    expect(world.trace == ["None", repr(error)], world.trace)


@promise("S3", "callee-cancel")
async def a_cancelled_body_cancels_the_callees_context_manager(world: World) -> None:
    entered = world.caller.event()

    class Manager:
        def __enter__(self) -> None:
            pass

        def __exit__(self, kind: Any, got: object, trace: object) -> None:
            world.trace.append(kind.__name__)

    class AsyncManager(Manager):
        async def __aenter__(self) -> None:
            await world.callee.turn()

        async def __aexit__(self, kind: Any, got: object, trace: object) -> None:
            world.trace.append(kind.__name__)

    async def call() -> None:
        async with world.caller.enter(world.portal, Manager if world.callee.blocking else AsyncManager):
            world.tell_caller(entered.set)
            await world.caller.sleep_forever()

    task = await world.caller.spawn(call)
    await entered.wait()
    await world.caller.cancel(task)
    kind, got = await world.caller.join(task)
    world.trace.append("went on")
    expect(kind == "cancelled", (kind, got))
    expect(world.trace == [world.callee.cancel_type.__name__, "went on"], world.trace)


@promise("S3", "opens", "callee-cancel")
async def closing_the_portal_closes_its_streams(world: World) -> None:
    portal = await world.open()
    items = world.caller.stream(portal, _source(world))
    async for _ in items:
        break
    await world.caller.close(portal)
    world.trace.append("went on")
    if world.callee.level:
        world.trace = [entry for entry in world.trace if entry != "closed"]  # Its finally waits, in a cancelled scope.
        expect(world.trace == ["make 0", "went on"], world.trace)
    else:
        expect(world.trace == ["make 0", "closed", "went on"], world.trace)
    try:
        async for _ in items:
            raise AssertionError("an item from a closed portal")
    except PortalClosed:
        pass


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def applies(world: World, needs: frozenset[str]) -> str | None:
    """Why a promise does not apply to this crossing; None if it does."""
    caller, callee = world.caller, world.callee
    if "callee-loop" in needs and callee.name == "threads":
        return "a plain function has no loop"
    if "caller-timeout" in needs and caller.timeout_type is None:
        return f"{caller.name} has no timeout of its own"
    if "blocking" in needs and caller.name != "threads":
        return f"a call from {caller.name} does not block the thread"
    if "thread" in needs and world.topology != "thread":
        return "both sides share a thread"
    if "rearm" in needs and caller.name.startswith("twisted"):
        return "cancelling a Deferred is a request: one that has a value is done"
    if "edge" in needs and callee.level:
        return f"the cancel of {callee.name} is level-triggered: cleanup that waits has to be shielded"
    if "owns-loop" in needs and (world.topology == "loop" or world.host is not None):
        return "the callee's loop is the caller's, or hosts it"
    return None
