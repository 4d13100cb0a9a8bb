"""H: hybrid futures. wrap() takes any of the callee's own awaitables and gives one of the caller's.

Each law runs over every kind of awaitable that the callee has.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any

from interop.laws.law import law
from interop.laws.world import Afn, NotApplicable, World, expect

FUTURES = "https://docs.python.org/3/library/asyncio-future.html; Deferred.asFuture() and fromFuture()"


async def each(world: World, fn: Afn, need: str = "") -> AsyncIterator[tuple[str, Any]]:
    """Every kind of awaitable of the callee's that can do what is needed, made in its loop, to do fn()."""
    if not world.callee.awaitables:
        raise NotApplicable(f"{world.callee.name} has no awaitable object but coroutines")
    kinds = [kind for kind, lacks in world.callee.awaitables.items() if need not in lacks]
    if not kinds:
        raise NotApplicable(next(iter(world.callee.awaitables.values()))[need])
    for kind in kinds:
        holder: list[Any] = []  # A call that *returned* an awaitable might be taken for one that awaits it.

        def make(kind: str = kind, holder: list[Any] = holder) -> None:
            holder.append(world.callee.awaitable(kind, fn))

        await world.caller.call(world.session, make)
        yield kind, holder.pop()


@law("H1", needs=("wrap",), source=FUTURES, once=True)
async def a_wrapped_awaitable_gives_the_foreign_result_itself(world: World) -> None:
    """Look for a value that is copied, or awaited once more."""
    result = object()

    async def fn() -> object:
        await world.callee.turn()
        return result

    async for kind, foreign in each(world, fn):
        got = await world.caller.waited(world.wrap(foreign))
        expect(got is result, (kind, got))


@law("H2", needs=("wrap",), source=FUTURES, once=True)
async def an_awaitable_that_is_done_already_can_be_wrapped(world: World) -> None:
    """Look for a callback that is added too late to be called."""
    done = world.caller.event()

    async def fn() -> str:
        world.tell_caller(done.set)
        return "done"

    async for kind, foreign in each(world, fn):
        await done.wait()
        await world.call(world.callee.turn)
        got = await world.caller.waited(world.wrap(foreign))
        expect(got == "done", (kind, got))


@law("H3", needs=("wrap",), source=FUTURES, once=True)
async def a_wrapped_awaitable_raises_the_foreign_error_itself(world: World) -> None:
    """Look for a Failure, an ExceptionInfo or a copy in its place."""
    errors: list[BaseException] = []

    async def fn() -> None:
        await world.callee.turn()
        errors.append(ValueError("foreign"))
        raise errors[-1]

    async for kind, foreign in each(world, fn):
        try:
            got: Any = await world.caller.waited(world.wrap(foreign))
        except ValueError as error:
            got = error
        expect(got is errors[-1], (kind, got))


@law("H4", needs=("wrap", "cancel"), source=FUTURES, once=True)
async def a_foreign_awaitable_that_is_cancelled_is_an_error_and_not_my_cancel(world: World) -> None:
    """Look for a foreign cancel that ends the caller's task as if it were its own."""

    async def fn() -> None:
        raise world.callee.cancel_type()

    async def wait(foreign: Any) -> Any:
        return await world.caller.waited(world.wrap(foreign))

    async for kind, foreign in each(world, fn, "cancel"):
        how, got = await world.spawned(wait, foreign)
        expect(how == "error", (kind, how, got))
        expect(not isinstance(got, world.caller.cancel_type), (kind, got))


@law("H5", needs=("wrap", "cancel"), source=FUTURES, once=True)
async def cancelling_the_wrapper_cancels_what_it_wraps(world: World) -> None:
    """Look for a wrapper that is let go, while the foreign work goes on."""
    if world.caller.blocking and not world.caller.has_loop:
        raise NotApplicable("a concurrent.futures.Future that is waited for cannot be cancelled")

    async def fn() -> None:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("ended")
            world.tell_caller(ended.set)

    async def wait() -> Any:
        wrappers.append(world.wrap(foreign))
        return await world.caller.waited(wrappers[-1])

    started, ended = world.caller.event(), world.caller.event()
    async for kind, foreign in each(world, fn, "cancel"):  # noqa: B007
        wrappers: list[Any] = []
        task = await world.caller.spawn(wait)
        await started.wait()
        await world.turns(5)
        await world.call(world.callee.turn)  # The wrapper waits by now.
        if world.caller.blocking:
            world.caller.drop(wrappers[0])  # Who waits for it there is another greenlet.
        else:
            await world.caller.cancel(task)
        await ended.wait()
        how, got = await world.caller.join(task)
        expect(how == "cancelled", (kind, how, got))
        started, ended = world.caller.event(), world.caller.event()


@law("H6", needs=("wrap",), source=FUTURES, once=True)
async def two_wrappers_of_one_awaitable_both_give_its_result(world: World) -> None:
    """Look for a wrapper that takes the outcome away from the original."""
    result = object()
    go = world.callee.event()

    async def fn() -> object:
        await go.wait()
        return result

    async for kind, foreign in each(world, fn, "share"):
        wrappers = [world.wrap(foreign) for _ in range(2)]
        world.tell_callee(go.set)
        got = [await world.caller.waited(wrapper) for wrapper in wrappers]
        expect(all(value is result for value in got), (kind, got))


@law(
    "H7",
    needs=("wrap",),
    source="https://docs.python.org/3/library/asyncio-dev.html#detect-never-retrieved-exceptions",
    once=True,
)
async def an_error_that_the_wrapper_raised_is_reported_to_nobody_else(world: World) -> None:
    """Look for an original that nobody has asked for its error."""

    async def fn() -> None:
        await world.callee.turn()
        raise ValueError("told")

    async for _, foreign in each(world, fn):
        wrapper = world.wrap(foreign)
        with contextlib.suppress(ValueError):
            await world.caller.waited(wrapper)
        del foreign, wrapper
    await world.call(world.callee.turn)
    await world.turns(3)
    gc.collect()
    await world.turns(3)
    expect(not world.reports, world.reports)


@law("H8", needs=("wrap",), source="A type that is not known is an error, at once", once=True)
async def what_is_no_awaitable_is_refused(world: World) -> None:
    """Look for a wrap() that gives a future which nobody will ever complete."""
    try:
        await world.caller.waited(world.wrap(object()))
    except Exception:
        world.trace.append("refused")
    expect(world.trace == ["refused"], world.trace)
