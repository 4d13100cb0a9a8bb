"""H: what wrap() takes beside a framework's own futures: coroutines, objects with __await__(), futures that no loop owns."""

from __future__ import annotations

import concurrent.futures
import contextlib
import inspect
from collections.abc import Generator
from typing import Any

from interop.laws.hybrids import each
from interop.laws.law import law
from interop.laws.threads import until
from interop.laws.world import Afn, Event, NotApplicable, Outcome, Session, WayBack, World, expect, ident

AWAITABLES = "https://docs.python.org/3/library/asyncio-task.html#awaitables"
FUTURE = "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.cancel"


class Thing:
    """An awaitable that no framework knows."""

    def __init__(self, coroutine: Any) -> None:
        self.coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.coroutine.__await__()  # type: ignore[no-any-return]


@law("H13", needs=("wrap-any",), source=AWAITABLES, once=True)
async def a_wrapped_coroutine_runs_in_the_callees_loop_and_gives_what_it_gives(world: World) -> None:
    """Look for a coroutine that the caller's loop runs, since it is the one that awaits it."""
    if world.callee.blocking:
        raise NotApplicable(f"{world.callee.name} runs no coroutines")
    result, error = object(), ValueError("of the coroutine")

    async def where() -> int:
        return ident()

    async def gives() -> object:
        await world.callee.turn()
        return result if ident() == home else ident()

    async def fails() -> None:
        await world.callee.turn()
        raise error

    home = await world.call(where)
    for make in (lambda fn: fn(), lambda fn: Thing(fn())):
        got: Any = await world.caller.waited(world.wrap(make(gives)))
        expect(got is result, got)
        try:
            got = await world.caller.waited(world.wrap(make(fails)))
        except ValueError as caught:
            got = caught
        expect(got is error, got)


async def cancelled_at_once(world: World, foreign: Any) -> tuple[bool, Any]:
    """Cancel what wrap() gives as soon as there is something to cancel; whether who waits ends as cancelled, and how it ends."""

    async def wait() -> Any:
        return await world.caller.waited(wrapper)

    wrapper = world.wrap(foreign)
    lazy = inspect.iscoroutine(wrapper)  # Nothing begins before it is awaited, and who awaits it is cancelled.
    if not lazy:
        world.caller.drop(wrapper)
    task = await world.caller.spawn(wait)
    if lazy:
        await world.turns(1)
        await world.caller.cancel(task)
    kind, got = await world.caller.join(task)
    says = getattr(wrapper, "cancelled", None)  # As futures do.
    expect(says is None or says(), (wrapper, "does not say that it is cancelled"))
    plain = world.caller.blocking and not world.caller.has_loop  # A thread that waits for a cancelled Future has an error.
    return kind != "value" if plain else world.ended_by_a_cancel(kind, got), (kind, got)


@law("H15", needs=("wrap-any", "cancel"), source="Python warns of a coroutine that was never awaited", once=True)
async def a_wrapped_coroutine_that_is_cancelled_at_once_is_closed(world: World) -> None:
    """Look for a coroutine that nobody runs any more, and that nobody closes."""
    if world.callee.blocking:
        raise NotApplicable(f"{world.callee.name} runs no coroutines")

    async def forever() -> None:
        await world.callee.sleep_forever()

    coroutine = forever()
    is_cancelled, how = await cancelled_at_once(world, coroutine)
    await world.call(world.callee.turn)
    expect(is_cancelled, how)
    expect(inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED, inspect.getcoroutinestate(coroutine))


@law("H17", needs=("wrap-any", "cancel"), source=FUTURE, once=True)
async def a_future_that_no_loop_owns_is_cancelled_with_its_wrapper_and_not_taken_for_it(world: World) -> None:
    """Look for a wrapper that is let go, or for a cancel of somebody else's that ends who waits as if it were its own."""
    future: Any = concurrent.futures.Future()
    is_cancelled, how = await cancelled_at_once(world, future)
    expect(future.cancelled() and is_cancelled, (future, how))

    async def wait(foreign: Any) -> Any:
        return await world.caller.waited(world.wrap(foreign))

    other: Any = concurrent.futures.Future()
    task = await world.caller.spawn(wait, other)
    await world.turns(3)
    other.cancel()
    kind, got = await world.caller.join(task)
    expect(kind == "error", (kind, got))
    expect(not isinstance(got, world.caller.cancel_type), got)
    if "cancelled" in world.bridge.errors:
        expect(isinstance(got.__cause__, concurrent.futures.CancelledError), (got, got.__cause__))


@law("H19", needs=("wrap-any",), source="A coroutine that nobody can run is an error, at once", once=True)
async def a_coroutine_is_refused_where_none_can_run(world: World) -> None:
    """Look for a function that returns the coroutine as its value."""
    if not world.callee.blocking:
        raise NotApplicable(f"{world.callee.name} runs coroutines")

    async def refused(foreign: Any) -> bool:
        try:
            await world.caller.waited(world.wrap(foreign))
        except Exception:
            return True
        return False

    async def fine() -> None: ...

    for make in _coroutine, Thing:
        coroutine = fine()
        got = await refused(make(coroutine))
        coroutine.close()
        expect(got, make)


def _coroutine(it: Any) -> Any:
    return it


@law("H25", needs=("wrap", "cancel"), source=FUTURE, once=True)
async def who_waits_for_a_wrapper_among_others_hears_of_its_cancel(world: World) -> None:
    """Look for a future that says that it is cancelled, and has not told those who wait for it; they are hung here."""

    async def fine() -> None: ...

    async def fn() -> None:
        world.tell_caller(started.set)
        await world.callee.sleep_forever()

    started = world.caller.event()
    async for _, foreign in each(world, fine, "cancel"):
        wrapper = world.wrap(foreign)
        with contextlib.suppress(Exception):  # What it gives, H1 asks.
            await world.caller.waited(wrapper)
        if inspect.iscoroutine(wrapper):
            raise NotApplicable(f"wrap() gives {world.caller.name} a coroutine, which only a task can wait for among others")
    async for kind, foreign in each(world, fn, "cancel"):
        await started.wait()
        wrapper = world.wrap(foreign)
        task = await world.caller.spawn(world.caller.among, wrapper)
        await world.turns(3)
        world.caller.drop(wrapper)
        ended = await world.caller.join(task)
        expect(ended == ("value", None), (kind, ended))
        started = world.caller.event()


@law("H21", needs=("wrap", "cancel"), source=AWAITABLES, once=True)
async def a_wrapper_that_is_cancelled_at_once_cancels_what_it_wraps(world: World) -> None:
    """Look for a cancel that comes before the wrapper has anybody at home who could pass it on; it is hung here."""

    async def fn() -> None:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        finally:
            world.tell_caller(ended.set)

    started, ended = world.caller.event(), world.caller.event()
    async for kind, foreign in each(world, fn, "cancel"):
        await started.wait()
        is_cancelled, how = await cancelled_at_once(world, foreign)
        await ended.wait()
        expect(is_cancelled, (kind, how))
        started, ended = world.caller.event(), world.caller.event()


@law("H23", needs=("wrap", "lasts"), source="https://docs.python.org/3/library/asyncio-task.html#asyncio.wait", once=True)
async def a_wait_for_a_wrapper_may_have_a_limit_and_the_wrapper_goes_on(world: World) -> None:
    """Look for a method that takes a timeout and does not pass it on: then this is hung."""
    go = world.callee.event()

    async def fn() -> str:
        await go.wait()
        return "it came"

    async for kind, foreign in each(world, fn):
        wrapper = world.wrap(foreign)
        soon = await world.caller.in_time(wrapper, 0.001)
        world.tell_callee(go.set)
        got = await world.caller.waited(wrapper)
        if soon is None:
            raise NotApplicable(f"{world.caller.name} has no wait with a limit but one that cancels")
        expect((soon, got) == (False, "it came"), (kind, soon, got))
        go = world.callee.event()


@law("H26", needs=("wrap", "opens"), source=FUTURE, once=True)
async def who_waits_for_a_wrapper_is_told_though_the_session_has_closed(world: World) -> None:
    """Look for a wrapper that only an open session can wake: what it wraps comes to its end, and nobody is told.

    Where the callee ends with the session, that is an error or a cancel, and else a value; a hang is none of them.
    """
    ends = world.callee.has_loop and world.topology not in ("loop", "hosted")
    for kind in world.callee.awaitables:
        session, go, made = await world.open(), world.callee.event(), list[Any]()

        async def fn(go: Event = go) -> str:
            await go.wait()
            return "done"

        async def make(kind: str = kind, fn: Afn = fn, made: list[Any] = made) -> None:
            made.append(world.callee.awaitable(kind, fn))

        async def wait(session: Session = session, made: list[Any] = made) -> Any:
            return await world.caller.waited(world.bridge.wrap(session, made.pop()))

        await world.learn_the_callee(session)
        await world.call_on(session, make)
        task = await world.caller.spawn(wait)
        await world.turns(3)
        await world.close(session)
        await world.turns(3)  # What closing has left to do is done.
        if not ends:
            world.tell_callee(go.set)
        outcome, got = await world.caller.join(task)
        expect(outcome != "value" or got == "done", (kind, outcome, got))
    if not world.callee.awaitables:
        raise NotApplicable(f"{world.callee.name} has no awaitable object but coroutines")


@law("H27", needs=("wrap", "wrap-back", "back"), source=FUTURE, once=True)
async def what_wrap_gave_can_be_wrapped_by_the_other_side_again(world: World) -> None:
    """Look for a wrapper that its own library's users take for one of theirs, and that wrap() does not know.

    A value comes through both wrappers, and a cancel goes through both, where the awaitable has one.
    """
    way, mine, result = WayBack(world), list[Any](), object()
    go: list[Event] = []

    async def fn() -> object:
        go.append(world.callee.event())
        await go[0].wait()
        return result

    async def waits() -> Outcome:
        theirs = world.bridge.wrap_back(way.here, mine[0])

        async def wait() -> Any:
            return await world.callee.waited(theirs)

        task = await world.callee.spawn(wait)
        await until(world.callee, lambda: go)
        await world.callee.turn()
        if not cancels:
            go[0].set()
        elif inspect.iscoroutine(theirs):
            await world.callee.cancel(task)
        else:
            world.callee.drop(theirs)
        got = await world.callee.join(task)
        go[0].set()  # What does fn() for a future does not hear that this was cancelled.
        await world.callee.turn()
        return got

    await way.open()
    try:
        for cancels in (False, True):
            async for kind, foreign in each(world, fn, "cancel" if cancels else ""):
                mine[:] = [world.wrap(foreign)]
                got = await world.call(waits)
                mine_got: object = None
                with contextlib.suppress(BaseException):  # It is cancelled, or a coroutine that was awaited.
                    mine_got = await world.caller.waited(mine[0])
                go.clear()
                expect(got[0] == "cancelled" if cancels else got == ("value", result), (kind, cancels, got))
                expect(not cancels or mine_got is not result, (kind, "the cancel did not come through"))
    finally:
        await way.close()
