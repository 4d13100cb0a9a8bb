"""S: streams and context managers. Many steps, one task on the other side, and an end that is waited for."""

from __future__ import annotations

from typing import Any

from interop.laws.law import law
from interop.laws.world import World, expect, ident, variable

PEP525 = "PEP 525"


def drive(coroutine: Any) -> Any:
    """Run a coroutine that never suspends: what a blocking callee's generator waits with."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("a blocking callee was handed a coroutine that suspends")


def source(world: World, count: int = 3, error: BaseException | None = None) -> Any:
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


def echo(world: World) -> Any:
    """An iterator that says what is sent and thrown into it."""

    async def asynchronous() -> Any:
        got: Any = "begun"
        while True:
            try:
                got = yield got
            except ValueError as error:
                got = ("thrown", error)

    def plain() -> Any:
        got: Any = "begun"
        while True:
            try:
                got = yield got
            except ValueError as error:
                got = ("thrown", error)

    return plain if world.callee.blocking else asynchronous


@law("S1", needs=("stream",), source=PEP525, once=True)
async def items_arrive_in_order_each_when_it_is_asked_for(world: World) -> None:
    """Look for a source that runs ahead of its consumer."""
    async for item in world.caller.stream(world.session, source(world)):
        await world.caller.turn()
        world.trace.append(f"take {item}")
    expect(world.trace == ["make 0", "take 0", "make 1", "take 1", "make 2", "take 2", "closed"], world.trace)


@law("S2", needs=("stream",), source="PEP 533", once=True)
async def leaving_a_stream_early_closes_the_source_before_the_caller_goes_on(world: World) -> None:
    """Look for an aclose() that only asks, or that leaves it to the collector."""
    items = world.caller.stream(world.session, source(world))
    async for _ in items:
        break
    await items.aclose()
    world.trace.append("went on")
    expect(world.trace == ["make 0", "closed", "went on"], world.trace)


@law("S3", needs=("stream",), source="Trio: a cancel scope must be left in the task that entered it", once=True)
async def all_steps_of_a_stream_run_in_one_task_with_one_context(world: World) -> None:
    """Look for a call for each step: nurseries, scopes and context variables would not live through it."""
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

    async for _ in world.caller.stream(world.session, plain if world.callee.blocking else asynchronous):
        pass
    expect(len(seen) == 3 and len(set(seen)) == 1, seen)
    expect(seen[0][2] == "the source's", seen)


@law("S4", needs=("stream",), source=PEP525, once=True)
async def what_is_sent_and_thrown_into_a_stream_arrives_in_the_source(world: World) -> None:
    """Look for an iterator that drops what it is sent; refusing both loudly would do, too."""
    error = ValueError("thrown")
    items = world.caller.stream(world.session, echo(world))
    got = [await items.__anext__()]
    for step, what in (("asend", "sent"), ("athrow", error)):
        try:
            got.append(await getattr(items, step)(what))
        except (TypeError, AttributeError, NotImplementedError):
            got = ["refused"] if got in (["begun"], ["refused"]) else [*got, "refused"]
    await items.aclose()
    expect(got in (["begun", "sent", ("thrown", error)], ["refused"]), got)


@law("S5", needs=("stream",), source=PEP525, once=True)
async def an_error_of_the_source_ends_the_stream_once(world: World) -> None:
    """Look for an error that is raised again, or lost, when one goes on after it."""
    error = ValueError("of the source")
    items = world.caller.stream(world.session, source(world, 1, error))
    got: list[Any] = []
    try:
        async for item in items:
            got.append(item)
    except ValueError as caught:
        got.append(caught)
    async for item in items:
        got.append(item)
    expect(got == [0, error], got)


@law("S6", needs=("stream", "cancel"), source="PEP 533", once=True)
async def cancelling_a_stream_closes_the_source_before_the_caller_goes_on(world: World) -> None:
    """Look for a cancel that ends the consumer and not the source."""
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
        items = world.caller.stream(world.session, plain if world.callee.blocking else asynchronous)
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
    expect(world.ended_by_a_cancel(kind, got), (kind, got))


def manager(world: World, seen: list[Any], taken: BaseException | None = None) -> Any:
    """A context manager as the callee's users write it: says where its ends run, and takes one error."""

    class Manager:
        def __enter__(self) -> Manager:
            seen.append((world.callee.task(), ident()))
            return self

        def __exit__(self, kind: Any, got: object, trace: object) -> bool:
            seen.append((world.callee.task(), ident()))
            world.trace.append(kind.__name__ if kind else "no error")
            return got is taken and got is not None

    class AsyncManager:
        async def __aenter__(self) -> AsyncManager:
            await world.callee.turn()
            seen.append((world.callee.task(), ident()))
            return self

        async def __aexit__(self, kind: Any, got: object, trace: object) -> bool:
            seen.append((world.callee.task(), ident()))
            world.trace.append(kind.__name__ if kind else "no error")
            return got is taken and got is not None

    return Manager if world.callee.blocking else AsyncManager


@law("S7", needs=("enter",), source="Trio: a nursery must be left in the task that entered it", once=True)
async def both_ends_of_a_context_manager_run_in_one_task(world: World) -> None:
    """Look for a call to __aenter__ and another to __aexit__."""
    seen: list[Any] = []
    kind = manager(world, seen)
    async with world.caller.enter(world.session, kind) as value:
        expect(type(value) is kind, value)
    expect(len(seen) == 2 and seen[0] == seen[1], seen)


@law("S8", needs=("enter", "cancel"), source=PEP525, once=True)
async def a_cancelled_body_cancels_the_callees_context_manager(world: World) -> None:
    """Look for a manager that is left as if all had gone well."""
    entered, seen = world.caller.event(), list[Any]()

    async def call() -> None:
        async with world.caller.enter(world.session, manager(world, seen)):
            world.tell_caller(entered.set)
            await world.caller.sleep_forever()

    task = await world.caller.spawn(call)
    await entered.wait()
    await world.caller.cancel(task)
    kind, got = await world.caller.join(task)
    world.trace.append("went on")
    expect(world.ended_by_a_cancel(kind, got), (kind, got))
    expect(world.trace == [world.callee.cancel_type.__name__, "went on"], world.trace)


@law("S9", needs=("stream", "opens", "edge"), source="PEP 533", once=True)
async def closing_the_portal_closes_its_streams(world: World) -> None:
    """Look for a source that outlives the session it was opened in."""
    session = await world.open()
    items = world.caller.stream(session, source(world))
    async for _ in items:
        break
    await world.close(session)
    world.trace.append("went on")
    expect(world.trace == ["make 0", "closed", "went on"], world.trace)
    try:
        async for _ in items:
            world.trace.append("an item from a closed portal")
    except Exception:
        world.trace.append("refused")
    expect(world.trace[-1] == "refused", world.trace)


@law("S10", needs=("enter",), source="PEP 343", once=True)
async def the_callees_context_manager_sees_the_bodys_error_and_may_take_it(world: World) -> None:
    """Look for a manager that is told nothing, or whose answer is dropped."""
    seen: list[Any] = []
    taken, other = KeyError("taken"), ValueError("not taken")
    async with world.caller.enter(world.session, manager(world, seen, taken)):
        raise taken
    got: BaseException | None = None
    try:
        async with world.caller.enter(world.session, manager(world, seen, taken)):
            raise other
    except ValueError as error:
        got = error
    expect(got is other, got)
    expect(world.trace == ["KeyError", "ValueError"], world.trace)


@law("S11", needs=("stream",), source=PEP525, once=True)
async def two_streams_at_once_do_not_mix(world: World) -> None:
    """Look for one queue that all streams of a session share."""
    one, two = (world.caller.stream(world.session, source(world, 3)) for _ in range(2))
    got = []
    for _ in range(3):
        got.append((await one.__anext__(), await two.__anext__()))
    await one.aclose()
    await two.aclose()
    expect(got == [(0, 0), (1, 1), (2, 2)], got)


@law("S12", needs=("stream",), source=PEP525, once=True)
async def an_empty_stream_ends_at_once(world: World) -> None:
    """Look for an end that is only told with an item."""
    got = [item async for item in world.caller.stream(world.session, source(world, 0))]
    expect(got == [] and world.trace == ["closed"], (got, world.trace))


class Anything:
    """Equal to every object, as unittest.mock.ANY."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__


@law("S13", needs=("stream",), source="PEP 525: items are objects, None too", once=True)
async def any_object_can_be_an_item(world: World) -> None:
    """Look for an end that is marked by a value which a source may give, too."""
    values: list[Any] = [None, StopIteration(), StopAsyncIteration, ValueError("as data"), Ellipsis, NotImplemented, Anything()]

    async def asynchronous() -> Any:
        for value in values:
            yield value

    def plain() -> Any:
        yield from values

    got = [item async for item in world.caller.stream(world.session, plain if world.callee.blocking else asynchronous)]
    expect(len(got) == len(values) and all(a is b for a, b in zip(got, values, strict=True)), got)
    items = world.caller.stream(world.session, echo(world))
    await items.__anext__()
    try:
        # Whether anything arrives that is sent is what S4 asks.
        answer: Any = await items.asend(values[-1]) if await items.asend("a word") == "a word" else values[-1]
    except (TypeError, AttributeError, NotImplementedError):
        answer = values[-1]  # Refusing it loudly would do, too (S4).
    await items.aclose()
    expect(answer is values[-1], answer)


@law("S14", needs=("enter",), source="PEP 343", once=True)
async def an_error_on_entering_reaches_the_caller_and_nothing_is_left(world: World) -> None:
    """Look for an __exit__ of what was never entered."""
    error = ValueError("on entering")

    class Manager:
        def __enter__(self) -> None:
            raise error

        def __exit__(self, *exc: object) -> None:
            world.trace.append("left")

        async def __aenter__(self) -> None:
            await world.callee.turn()
            raise error

        async def __aexit__(self, *exc: object) -> None:
            world.trace.append("left")

    class Plain:
        __enter__, __exit__ = Manager.__enter__, Manager.__exit__

    got: BaseException | None = None
    try:
        async with world.caller.enter(world.session, Plain if world.callee.blocking else Manager):
            world.trace.append("body")
    except ValueError as caught:
        got = caught
    expect(got is error and world.trace == [], (got, world.trace))
