"""S: how streams begin: what a source may be, what may be sent into it, and what a cancel or a close meets there."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from interop.laws.law import law
from interop.laws.odd_values import TRUTH, same, values
from interop.laws.streams import PEP525, drive, echo, source
from interop.laws.threads import until
from interop.laws.world import Driver, NotApplicable, Outcome, World, expect

ITERATORS = "https://docs.python.org/3/glossary.html#term-asynchronous-iterator"


@law("S21", needs=("stream",), source=PEP525, once=True)
async def a_stream_that_is_closed_before_its_first_step_gives_no_items(world: World) -> None:
    """Look for a close that does nothing because nothing has begun: the next step would begin it."""
    items = world.caller.stream(world.session, source(world))
    await items.aclose()
    got = [item async for item in items]
    expect(got == [] and world.trace == [], (got, world.trace))


@law("S23", needs=("stream",), source=ITERATORS, once=True)
async def a_source_may_be_an_iterator_that_is_no_generator(world: World) -> None:
    """Look for a step that is always a send(), or for a close that every source is believed to have."""

    class Asynchronous:
        left = 3

        def __aiter__(self) -> Asynchronous:
            return self

        async def __anext__(self) -> int:
            await world.callee.turn()
            self.left -= 1
            if self.left < 0:
                raise StopAsyncIteration
            return self.left

    class Plain:
        left = 3

        def __iter__(self) -> Plain:
            return self

        def __next__(self) -> int:
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return self.left

    kind = Plain if world.callee.blocking else Asynchronous
    got = [item async for item in world.caller.stream(world.session, kind)]
    expect(got == [2, 1, 0], got)
    items = world.caller.stream(world.session, kind)
    async for item in items:
        got.append(item)
        break
    if hasattr(items, "aclose"):
        await items.aclose()
    expect(got == [2, 1, 0, 2], got)


@law("S25", needs=("stream", "cancel"), source="PEP 533", once=True)
async def a_cancel_at_any_moment_of_a_streams_first_step_is_not_lost(world: World) -> None:
    """Eight moments, as C29. Look for a cancel that ends the step and leaves the source alone, or the other way round."""

    async def asynchronous() -> Any:
        await world.callee.sleep_forever()
        yield

    def plain() -> Any:
        drive(world.callee.sleep_forever())
        yield

    async def first() -> None:
        async for _ in world.caller.stream(world.session, plain if world.callee.blocking else asynchronous):
            pass

    for wait in range(8):
        task = await world.caller.spawn(first)
        await world.turns(wait)
        await world.caller.cancel(task)
        kind, got = await world.caller.join(task)
        expect(world.ended_by_a_cancel(kind, got), (kind, got, wait))
    got = [item async for item in world.caller.stream(world.session, source(world))]
    expect(got == [0, 1, 2], got)


async def cancelled_then_closed(world: World) -> Outcome:
    """How the reader of a stream ends that is cancelled, and whose portal is closed while the source cleans up."""
    session, started, cleans = await world.open(), world.caller.event(), world.caller.event()
    closing = threading.Event()

    async def cleaned() -> None:
        world.tell_caller(cleans.set)
        await until(world.callee, closing.is_set)
        for _ in range(500):  # Whatever thread is first now, it is not over before close() has begun.
            await world.callee.turn()
        world.trace.append("cleaned")

    async def asynchronous() -> Any:
        world.tell_caller(started.set)
        try:
            await world.callee.sleep_forever()
            yield
        finally:
            await cleaned()

    def plain() -> Any:
        world.tell_caller(started.set)
        try:
            drive(world.callee.sleep_forever())
            yield
        finally:
            drive(cleaned())

    async def first() -> None:
        async for _ in world.caller.stream(session, plain if world.callee.blocking else asynchronous):
            pass

    task = await world.caller.spawn(first)
    await started.wait()
    await world.caller.cancel(task)
    await cleans.wait()
    closing.set()
    await world.close(session)
    return await world.caller.join(task)


@law("S27", needs=("stream", "cancel", "opens", "edge"), source="PEP 533", once=True)
async def closing_the_portal_does_not_cut_the_cleanup_of_a_stream_that_was_cancelled(world: World) -> None:
    """Look for a close that cancels all that is left, also what has been cancelled already and is cleaning up."""
    await cancelled_then_closed(world)
    expect(world.trace == ["cleaned"], world.trace)


@law("S33", needs=("stream", "cancel", "opens", "edge"), source="The first request counts, as with two cancels (C16)", once=True)
async def a_reader_who_was_cancelled_before_the_close_ends_as_cancelled(world: World) -> None:
    """Look for a close that gives its own reason to all who still wait."""
    kind, got = await cancelled_then_closed(world)
    expect(world.ended_by_a_cancel(kind, got), (kind, got))


@law("S29", needs=("stream",), source=PEP525, once=True)
async def a_source_that_ends_at_what_is_sent_or_thrown_into_it_ends_the_stream(world: World) -> None:
    """Look for an end that only the plain next step is believed to have: there would be an item, or an error of the bridge's.

    Whether what is sent and thrown arrives there, S4 asks.
    """

    async def asynchronous() -> Any:
        with contextlib.suppress(ValueError):
            yield 1

    def plain() -> Any:
        with contextlib.suppress(ValueError):
            yield 1

    for step, what in (("asend", "the end"), ("athrow", ValueError("the end"))):
        items = world.caller.stream(world.session, plain if world.callee.blocking else asynchronous)
        got = [await items.__anext__()]
        try:
            got.append(await getattr(items, step)(what))
        except (StopAsyncIteration, TypeError, AttributeError, NotImplementedError):
            pass
        except ValueError as error:
            expect(error is what, error)
        await items.aclose()
        expect(got == [1], (step, got))


@law("S35", needs=("stream",), source=PEP525, once=True)
async def what_is_sent_to_a_source_that_is_no_generator_is_refused_in_words(world: World) -> None:
    """Look for a send() that is a next(): what is sent is lost, and nobody hears of it."""

    class Asynchronous:
        def __aiter__(self) -> Asynchronous:
            return self

        async def __anext__(self) -> str:
            return "an item"

    class Plain:
        def __iter__(self) -> Plain:
            return self

        def __next__(self) -> str:
            return "an item"

    items = world.caller.stream(world.session, Plain if world.callee.blocking else Asynchronous)
    got: list[Any] = [await items.__anext__()]
    try:
        got.append(await items.asend("lost"))
    except (TypeError, AttributeError, NotImplementedError) as error:
        got.append(str(error))
    if hasattr(items, "aclose"):
        await items.aclose()
    expect(got[0] == "an item" and "send" in got[1], got)


@law("S37", needs=("stream", "enter"), source="A function takes what it is given, as with call()", once=True)
async def what_a_stream_and_a_manager_are_given_reaches_them(world: World) -> None:
    """Look for a function that is called without its arguments, or with the first of them only."""
    given = (object(), object())

    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        yield args, kwargs

    def plain(*args: Any, **kwargs: Any) -> Any:
        yield args, kwargs

    fn = plain if world.callee.blocking else asynchronous
    manager: Any = contextlib.contextmanager(plain) if world.callee.blocking else contextlib.asynccontextmanager(asynchronous)
    items = world.caller.stream(world.session, fn, *given, key=given)
    got = [await items.__anext__()]
    await items.aclose()
    async with world.caller.enter(world.session, manager, *given, key=given) as value:
        got.append(value)
    expect(got == [(given, {"key": given})] * 2, got)


@law("S45", needs=("stream",), source=TRUTH, once=True)
async def what_is_sent_into_a_stream_may_be_false(world: World) -> None:
    """Look for `if sent:` where `is None` is meant: the source's `yield` would give None, or the step would fail."""
    items = world.caller.stream(world.session, echo(world))
    await items.__anext__()
    try:
        takes = await items.asend("sent") == "sent"
    except (TypeError, AttributeError, NotImplementedError):
        takes = False
    if not takes:
        await items.aclose()
        raise NotApplicable("nothing that is sent into its streams arrives: S4 asks whether they say so")
    given, got = values(), list[Any]()
    for value in given:
        try:
            got.append(await items.asend(value))
        except Exception as error:
            got.append(error)
    await items.aclose()
    expect(same(got, given), got)


@law(
    "S41",
    needs=("stream", "opens", "back"),
    source="PEP 533: who leaves a stream closes it, whatever has become of it",
    once=True,
)
async def a_stream_that_is_first_read_when_its_session_is_closed_is_refused_and_can_be_closed(world: World) -> None:
    """In both directions. Look for a step that is marked as begun before it may begin: the close after it waits for nobody."""
    here = world.bridge.here()

    def gives() -> Any:
        world.trace.append("begun")
        yield from range(3)

    async def reads(side: Driver, manager: Any, early: bool) -> Outcome:
        session = await side.open(manager)
        made = [side.stream(session, gives)] if early else []
        await side.close(manager)
        items: Any = None
        try:
            items = made.pop() if made else side.stream(session, gives)
            return "value", await items.__anext__()
        except Exception as error:
            return "error", error
        finally:
            with contextlib.suppress(Exception):
                await items.aclose()

    async def back(early: bool) -> Outcome:
        return await reads(world.callee, world.bridge.back(here), early)

    got = [await reads(world.caller, world.bridge.open(), early) for early in (True, False)]
    session = await world.open()
    got += [await world.call_on(session, back, early) for early in (True, False)]
    await world.close(session)
    expect({kind for kind, _ in got} == {"error"} and world.trace == [], (got, world.trace))
