"""H: hybrid futures. wrap() takes any of the callee's own awaitables and gives one of the caller's.

Each law runs over every kind of awaitable that the callee has.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import weakref
from collections.abc import AsyncIterator
from typing import Any

from interop.laws.law import law
from interop.laws.threads import rounds
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
        expect(world.ended_by_a_cancel(how, got), (kind, how, got))
        started, ended = world.caller.event(), world.caller.event()


@law("H24", needs=("wrap", "cancel", "edge"), source=FUTURES, once=True)
async def what_a_wrapped_awaitable_gives_in_spite_of_a_cancel_is_not_lost(world: World) -> None:
    """Look for a wrapper that counts as cancelled because that was asked for."""
    if world.caller.blocking and not world.caller.has_loop:
        raise NotApplicable("a concurrent.futures.Future that is waited for cannot be cancelled")

    async def fn() -> str:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
        except world.callee.cancel_type:
            world.trace.append("refused")
            return "kept"
        finally:
            world.tell_caller(ended.set)
        return ""

    async def wait() -> Any:
        wrappers.append(world.wrap(foreign))
        values.append(await world.caller.waited(wrappers[0]))

    started, ended = world.caller.event(), world.caller.event()
    async for kind, foreign in each(world, fn, "cancel"):
        wrappers: list[Any] = []
        values: list[Any] = []
        task = await world.caller.spawn(wait)
        await started.wait()
        await world.turns(5)
        await world.call(world.callee.turn)  # The wrapper waits by now.
        if world.caller.blocking:
            world.caller.drop(wrappers[0])
        else:
            await world.caller.cancel(task)
        await ended.wait()
        how = await world.caller.join(task)
        if world.trace == ["refused"] and not (hasattr(foreign, "cancelled") and foreign.cancelled()):
            expect(values == ["kept"], (kind, values, how))  # A future is cancelled at once, whatever its maker does then.
        world.trace.clear()
        started, ended = world.caller.event(), world.caller.event()


@law("H6", needs=("wrap", "lasts"), source=FUTURES, once=True)
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
    hears="H",
)
async def an_error_that_the_wrapper_raised_is_reported_to_nobody_else(world: World) -> None:
    """Look for an original that nobody has asked for its error. What the other laws of this chapter hear counts here, too."""

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
    expect(not world.reported_in("H"), world.reported_in("H"))


@law("H8", needs=("wrap",), source="A type that is not known is an error, at once", once=True)
async def what_is_no_awaitable_is_refused(world: World) -> None:
    """Look for a wrap() that gives a future which nobody will ever complete."""
    try:
        await world.caller.waited(world.wrap(object()))
    except Exception:
        world.trace.append("refused")
    expect(world.trace == ["refused"], world.trace)


@law(
    "H10",
    needs=("wrap",),
    source="https://docs.python.org/3/library/asyncio-dev.html#detect-never-retrieved-exceptions",
    once=True,
)
async def an_error_that_nobody_asks_the_wrapper_for_is_reported(world: World) -> None:
    """Look for a wrapper that takes the error, so that its own framework is content, and is dropped with it."""

    async def fine() -> None: ...

    async def fn() -> None:
        raise ValueError("nobody has asked for it")

    lazy = False
    async for _, foreign in each(world, fine):
        wrapper = world.wrap(foreign)
        await world.caller.waited(wrapper)
        lazy = inspect.iscoroutine(wrapper)
    if lazy:
        raise NotApplicable(f"wrap() gives {world.caller.name} a coroutine, which does nothing before it is awaited")
    async for kind, foreign in each(world, fn):
        world.reports.clear()
        wrapper = world.wrap(foreign)
        del foreign
        for _ in range(3):
            await world.call(world.callee.turn)
        await world.turns(3)
        del wrapper
        gc.collect()
        await world.call(world.callee.turn)
        await world.turns(3)
        expect(world.reports, f"{kind}: no report")
    world.reports.clear()  # They are as they should be.


@law("H11", needs=("wrap",), source="https://docs.python.org/3/library/gc.html", once=True)
async def what_a_wrapper_gave_is_freed_without_the_collector(world: World) -> None:
    """Look for a wrapper and a callback that refer to each other, or for a table that nobody takes the wrapper out of."""

    class Result:
        pass

    async def fn() -> Result:
        await world.callee.turn()
        return Result()

    async def gives(foreign: Any) -> Any:
        return weakref.ref(await world.caller.waited(world.wrap(foreign)))

    gc.disable()
    try:
        async for kind, foreign in each(world, fn):
            reference = await gives(foreign)
            del foreign
            for _ in rounds():  # The callee's thread may still have its last step to make.
                await world.call(world.callee.turn)
                await world.turns(2)
                if reference() is None:
                    break
            expect(reference() is None, f"{kind}: only the garbage collector could free it")
    finally:
        gc.enable()


@law(
    "H12",
    needs=("wrap", "cancel", "why"),
    source="https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.cancel",
    once=True,
)
async def the_message_of_a_cancel_passes_through_a_wrapper(world: World) -> None:
    """Look for a wrapper that is cancelled anew when what it wraps has ended."""
    if world.caller.blocking:
        raise NotApplicable("who waits is cancelled there, and not what it waits for")
    seen: list[Any] = []

    async def fn() -> None:
        await world.callee.sleep_forever()

    async def wait(foreign: Any) -> None:
        try:
            await world.caller.waited(world.wrap(foreign))
        except BaseException as error:
            seen.append(error.args)
            raise

    async for _, foreign in each(world, fn, "cancel"):
        task = await world.caller.spawn(wait, foreign)
        await world.turns(3)
        await world.call(world.callee.turn)
        await world.caller.cancel(task, "the reason")
        await world.caller.join(task)
    expect(set(seen) == {("the reason",)}, seen)
