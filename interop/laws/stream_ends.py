"""S: how streams and managers end when something is cancelled or dropped at their very end."""

from __future__ import annotations

import contextlib
import gc
from typing import Any

from interop.laws.law import SHOULD, law
from interop.laws.peers import ERRORS, dies, named
from interop.laws.streams import drive
from interop.laws.world import World, expect


@law("S17", needs=("enter", "cancels-itself"), source="PEP 343: __exit__() is called once", once=True)
async def a_manager_whose_leaving_is_cancelled_by_itself_is_left_once(world: World) -> None:
    """Look for a clean-up that leaves whatever was not left well, and takes a cancel for that."""

    class Manager:
        def __enter__(self) -> None: ...

        def __exit__(self, *exc: object) -> None:
            world.trace.append("left")
            raise world.callee.cancel_type

        async def __aenter__(self) -> None: ...

        async def __aexit__(self, *exc: object) -> None:
            world.trace.append("left")
            await world.callee.turn()
            raise world.callee.cancel_type

    async def call() -> None:
        async with world.caller.enter(world.session, Manager):
            pass

    kind, got = await world.spawned(call)
    expect(kind != "value", (kind, got))  # Which error it is, C7 and C33 ask of a call.
    expect(world.trace == ["left"], world.trace)


@law("S18", SHOULD, needs=("stream",), source="PEP 525: finalization of asynchronous generators", once=True)
async def a_stream_that_is_dropped_gives_its_source_up(world: World) -> None:
    """Look for a source that waits for the next step until the session ends; it is hung here."""
    closed = world.caller.event()

    async def asynchronous() -> Any:
        try:
            yield 1
            yield 2
        finally:
            world.tell_caller(closed.set)

    def plain() -> Any:
        try:
            yield 1
            yield 2
        finally:
            world.tell_caller(closed.set)

    async def first() -> Any:
        async for item in world.caller.stream(world.session, plain if world.callee.blocking else asynchronous):
            return item
        return None
        return None

    got = await first()
    gc.collect()
    await closed.wait()
    world.reports.clear()  # Trio warns of it, and is right to.
    expect(got == 1, got)


@law("S39", needs=("stream", "drops"), source="PEP 525: finalization of asynchronous generators", once=True)
async def what_fails_in_the_clean_up_of_a_dropped_stream_is_reported(world: World) -> None:
    """Look for a task of the bridge's that ends with an error which nobody asks for."""

    async def asynchronous() -> Any:
        try:
            yield 1
            yield 2
        finally:
            raise ValueError("of the clean-up")

    def plain() -> Any:
        try:
            yield 1
            yield 2
        finally:
            raise ValueError("of the clean-up")

    async def first() -> Any:
        async for item in world.caller.stream(world.session, plain if world.callee.blocking else asynchronous):
            return item
        return None

    def is_of_it(line: str) -> bool:
        return "of the clean-up" in line or "a traceback" in line

    got = await first()
    rounds = 100
    while rounds:
        gc.collect()
        await world.call(world.callee.turn)
        await world.turns(1)
        rounds = min(rounds - 1, 3) if any(map(is_of_it, world.reports)) else rounds - 1  # A report may have several parts.
    said, world.reports[:] = list(world.reports), []
    expect(got == 1, got)
    expect(any(map(is_of_it, said)), said)


@law("S19", needs=("stream", "cancel"), source="PEP 525: after an error a generator is over", once=True)
async def a_stream_whose_step_was_cancelled_gives_no_more_items(world: World) -> None:
    """Look for a step that is answered with nothing where it should be told the end."""
    for answers in (False, True)[: 1 if world.callee.level else 2]:
        started = world.caller.event()
        taken = (world.callee.cancel_type,) if answers else ()

        async def asynchronous(started: Any = started, taken: Any = taken) -> Any:
            world.tell_caller(started.set)
            with contextlib.suppress(*taken):
                await world.callee.sleep_forever()
                yield 1

        def plain(started: Any = started, taken: Any = taken) -> Any:
            world.tell_caller(started.set)
            with contextlib.suppress(*taken):
                drive(world.callee.sleep_forever())
                yield 1

        items = world.caller.stream(world.session, plain if world.callee.blocking else asynchronous)

        async def step(items: Any = items, started: Any = started) -> Any:
            try:
                async for item in items:
                    return "an item", item
                return "the end"
            finally:
                world.tell_caller(started.set)  # A step that fails before it starts is no reason to wait for ever.

        task = await world.caller.spawn(step)
        await started.wait()
        await world.caller.cancel(task)
        await world.caller.join(task)
        for _ in range(2):
            kind, got = await world.spawned(step)
            expect((kind, got) == ("value", "the end") or kind == "error", (kind, got, answers))
        await items.aclose()


@law("S31", needs=("stream", "cancel", "opens", "edge"), source="PEP 533", once=True)
async def an_error_in_the_cleanup_of_a_stream_that_a_close_ends_reaches_its_reader(world: World) -> None:
    """Look for a reader who is told of the close alone: what failed meanwhile would be lost."""
    session, started, error = await world.open(), world.caller.event(), ValueError("in the cleanup")

    async def asynchronous() -> Any:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
            yield
        finally:
            raise error

    def plain() -> Any:
        world.tell_caller(started.set)
        try:
            drive(world.callee.sleep_forever())
            yield
        finally:
            raise error

    async def first() -> None:
        async for _ in world.caller.stream(session, plain if world.callee.blocking else asynchronous):
            pass

    task = await world.caller.spawn(first)
    await started.wait()
    await world.close(session)
    kind, got = await world.caller.join(task)
    expect((kind, got) == ("error", error), (kind, got))


@law("S43", needs=("stream", "cancel", "edge", "caller-edge"), source="PEP 525: a generator may take an error", once=True)
async def each_cancelled_step_of_a_stream_whose_source_goes_on_reaches_the_source(world: World) -> None:
    """Look for a cancel that is passed on once for each stream: who waits for a later step is hung, or lets the source wait."""
    asked, slept, took = list[int](), list[int](), list[int]()
    sleeps = [world.caller.event() for _ in range(3)]

    async def takes(number: int) -> None:
        if number in asked:  # A source that runs ahead of its reader (S1) is not cancelled there.
            slept.append(number)
            world.tell_caller(sleeps[number].set)
            try:
                await world.callee.sleep_forever()
            except world.callee.cancel_type:
                took.append(number)

    async def asynchronous() -> Any:
        for number in range(3):
            await takes(number)
            yield number

    def plain() -> Any:
        for number in range(3):
            drive(takes(number))
            yield number

    items = world.caller.stream(world.session, plain if world.callee.blocking else asynchronous)

    async def step(begun: Any, over: Any) -> None:
        begun.set()
        try:
            await items.__anext__()
        finally:
            over.set()  # A stream that its first cancel has ended is over: S19 asks for that.

    for number in range(3):
        begun = world.caller.event()
        asked.append(number)
        task = await world.caller.spawn(step, begun, sleeps[number])
        await begun.wait()
        await sleeps[number].wait()
        await world.caller.cancel(task)
        ended = await world.caller.join(task)
        expect(number in took or number not in slept, (number, ended, took))
    await items.aclose()


@law("S47", needs=("enter",), source="PEP 492: `async with` awaits __aenter__() and __aexit__(); PEP 343", once=True)
async def a_manager_that_has_both_forms_is_left_by_the_one_that_it_was_entered_by(world: World) -> None:
    """Look for two questions, one at each end. Some libraries have a plain form that only says "use async with"."""

    class Manager:
        def __enter__(self) -> None:
            world.trace.append("plain")

        def __exit__(self, *exc: object) -> None:
            world.trace.append("plain")

        async def __aenter__(self) -> None:
            world.trace.append("asynchronous")

        async def __aexit__(self, *exc: object) -> None:
            world.trace.append("asynchronous")

    async with world.caller.enter(world.session, Manager):
        pass
    with contextlib.suppress(ValueError):
        async with world.caller.enter(world.session, Manager):
            raise ValueError
    expect(len(world.trace) == 4 and len(set(world.trace)) == 1, world.trace)


@law("L25", needs=("errors", "stream", "enter", "opens", "callee-loop", "owns-loop"), source=ERRORS, once=True)
async def a_step_or_an_entry_that_a_gone_peer_ends_says_that_it_is_gone(world: World) -> None:
    """Look for a stream that seems to be at its end, or for an entry that gives no value: nobody has said either."""

    class Items:  # No generator: one that is never gone on with would have asyncio report that it could not be closed.
        async def __anext__(self) -> Any:
            await dies(world)

        def __next__(self) -> Any:
            drive(dies(world))

    class Asynchronous(Items):
        def __aiter__(self) -> Any:
            return self

    class Plain(Items):
        def __iter__(self) -> Any:
            return self

    class Manager:
        async def __aenter__(self) -> None:
            await dies(world)

        async def __aexit__(self, *exc: object) -> None: ...

    async def steps(session: Any) -> Any:
        async for item in world.caller.stream(session, Plain if world.callee.blocking else Asynchronous):
            return item
        return None

    async def enters(session: Any) -> Any:
        async with world.caller.enter(session, Manager) as value:
            return value

    for waits in (steps, enters) * 4:  # A loop may end its tasks in any order.
        session = await world.open()
        kind, got = await world.spawned(waits, session)
        await world.close(session)
        expect((kind, type(got)) == ("error", named(world)["gone"]), (waits.__name__, kind, got))
