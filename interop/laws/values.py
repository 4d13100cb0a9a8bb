"""V: values and errors. What comes back is what the callee said: the same object, once, and nothing is read into it."""

from __future__ import annotations

import builtins
import concurrent.futures
import gc
import sys
import traceback
import weakref
from typing import Any

from interop.laws.law import SHOULD, law
from interop.laws.peers import is_the
from interop.laws.world import Afn, Driver, NotApplicable, Odd, World, expect

STDTYPES = "https://docs.python.org/3/reference/executionmodel.html#exceptions"


@law("V1", source="PEP 3148: result() returns the value returned by the call")
async def the_result_is_the_callees_object(world: World) -> None:
    """Look for a copy, a pickle or a wrapper on the way back."""
    result = object()

    async def callee() -> object:
        await world.callee.turn()
        return result

    got = await world.call(callee)
    expect(got is result, got)


@law("V2", source="PEP 3148; a value is a value, also where it looks like an outcome")
async def a_returned_value_is_never_interpreted(world: World) -> None:
    """Look for code that asks what type the value has: an exception to raise, an awaitable to await, a Failure to unpack."""

    async def awaitable() -> None: ...

    try:
        raise ValueError("as data")
    except ValueError:
        info = sys.exc_info()
    pending = awaitable()
    values: list[Any] = [ValueError("as data"), info, pending, KeyboardInterrupt(), StopIteration(1), None]
    if "greenlet" in sys.modules:
        values.append(sys.modules["greenlet"].GreenletExit())
    try:
        for value in values:

            async def callee(value: Any = value) -> Any:
                return value

            got = await world.call(callee)
            expect(got is value, got)
    finally:
        pending.close()
        del info


@law("V3", source=STDTYPES)
async def the_error_is_the_callees_object_and_shows_both_sites(world: World) -> None:
    """Look for an error that is made anew from type and arguments, or raised without its traceback."""
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


@law("V4", source=STDTYPES)
async def an_error_bears_no_trace_of_the_calls_before_it(world: World) -> None:
    """Look for an error that is kept and raised again, or raised inside an `except` block of the one before."""

    async def callee(number: int) -> None:
        await world.callee.turn()
        raise ValueError(number)

    lengths = set()
    for number in range(10):
        _, got = await world.outcome(callee, number)
        expect(type(got) is ValueError and got.args == (number,), got)
        expect(got.__context__ is None, got.__context__)
        lengths.add(len(traceback.extract_tb(got.__traceback__)))
    expect(len(lengths) == 1, sorted(lengths))


@law("V5", needs=("base-exceptions",), source=STDTYPES)
async def any_base_exception_ends_the_call(world: World) -> None:
    """Look for `except Exception` where the outcome is taken."""

    async def callee() -> None:
        await world.callee.turn()
        raise odd

    odd = Odd()
    _, got = await world.outcome(callee)
    expect(got is odd, got)


@law("V6", source="PEP 479: a StopIteration leaves a coroutine as the cause of another error", once=True)
async def a_stop_iteration_arrives_as_the_cause_of_an_error(world: World) -> None:
    """Look for an outcome that is thrown into a coroutine, or set in a future, as it is: it would be a value, or get lost."""
    error = StopIteration(7)

    def plain() -> None:
        raise error

    try:
        got: object = await world.caller.call(world.session, plain)
    except BaseException as caught:
        expect(not isinstance(caught, StopIteration), caught)
        expect(caught.__cause__ is error, caught.__cause__)
    else:
        expect(False, got)


@law("V7", needs=("exits",), source="https://docs.python.org/3/library/exceptions.html#KeyboardInterrupt")
async def keyboard_interrupt_and_system_exit_reach_the_caller_and_spare_the_callees_loop(world: World) -> None:
    """Look for a loop that lets these two through its own run()."""
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


@law("V8", source="PEP 654")
async def exception_groups_are_not_rebuilt(world: World) -> None:
    """Look for a nursery or task group of the bridge's own around the callee, or for one that unwraps a group of one."""
    native: Any = getattr(builtins, "ExceptionGroup", None)
    if native is None:
        raise NotApplicable("no exception groups before Python 3.11")
    group = native("of one", [ValueError(1)])
    inner = group.exceptions[0]

    async def callee() -> None:
        raise group

    _, got = await world.outcome(callee)
    expect(got is group, got)
    expect(got.exceptions == (inner,), got.exceptions)


def _foreign_cancels() -> list[BaseException]:
    errors: list[BaseException] = [concurrent.futures.CancelledError(), TimeoutError()]
    for module, name in (
        ("asyncio", "CancelledError"),
        ("twisted.internet.defer", "CancelledError"),
        ("greenlet", "GreenletExit"),
    ):
        if module in sys.modules:
            errors.append(getattr(sys.modules[module], name)())
    return errors


@law("V9", needs=("base-exceptions",), source="Trio reference: only the library that cancels may raise or take its cancel")
async def a_foreign_cancel_type_stays_an_error(world: World) -> None:
    """Look for `except CancelledError` of a framework that is on neither side, or of the wrong one."""
    for error in _foreign_cancels():
        if isinstance(error, (world.caller.cancel_type, world.callee.cancel_type)):
            continue

        async def callee(error: BaseException = error) -> None:
            await world.callee.turn()
            raise error

        kind, got = await world.spawned(world.call, callee)
        expect((kind, got) == ("error", error), (kind, got, error))


@law("V10", needs=("cancel",), source="asyncio: InvalidStateError; Twisted: AlreadyCalledError")
async def a_cancel_that_races_with_the_end_gives_exactly_one_outcome(world: World) -> None:
    """Forty interleavings: the cancel comes after 0 to 7 turns of the caller, the callee ends after 0 to 4 of its own."""

    async def callee(turns: int) -> int:
        for _ in range(turns):
            await world.callee.turn()
        return turns

    for wait in range(8):
        for turns in range(5):
            task = await world.caller.spawn(world.call, callee, turns)
            await world.turns(wait)
            await world.caller.cancel(task)
            kind, got = await world.caller.join(task)
            expect(world.ended_by_a_cancel(kind, got) or (kind, got) == ("value", turns), (kind, got, wait, turns))
    # The callee's loop has nothing left of them, and still answers.
    expect(await world.call(callee, 1) == 1, "another value")


@law("V11", source="PEP 3148")
async def a_call_that_returns_at_once_gives_its_value(world: World) -> None:
    """Look for an outcome that is told before anybody waits for it."""

    async def callee(a: int, b: int) -> int:
        return a + b

    sums = [await world.call(callee, number, 1) for number in range(3)]
    expect(sums == [1, 2, 3], sums)


@law("V12", source=STDTYPES)
async def an_error_gets_no_context_from_the_bridge(world: World) -> None:
    """Look for a `raise` inside the bridge's own `except`: its error hides the callee's story."""
    error = ValueError("alone")

    async def callee() -> None:
        await world.callee.turn()
        raise error

    _, got = await world.outcome(callee)
    expect((got, got.__cause__, got.__context__) == (error, None, None), (got, got.__cause__, got.__context__))


@law("V13", SHOULD, source="https://docs.python.org/3/library/gc.html; outcome 1.1.0", once=True)
async def an_error_is_not_held_by_a_cycle(world: World) -> None:
    """Look for a frame that keeps the error in a local, and is in the error's own traceback."""

    class Fresh(Exception):
        pass

    async def callee() -> None:
        await world.callee.turn()
        raise Fresh

    async def collector_only(fails: Afn, then: Afn) -> bool:
        """Whether only the collector can free the error of fails()."""
        gc.collect()
        gc.disable()
        try:
            reference = await _caught(Fresh, fails)
            await then()  # The frames of those who raised it are gone once they do something else.
            return reference() is not None
        finally:
            gc.enable()

    async def through_the_bridge() -> None:
        await world.call(callee)

    async def then() -> None:
        await world.call(world.callee.turn)
        await world.turns(2)

    if not await collector_only(through_the_bridge, then):
        return
    if await collector_only(_natively(world.caller, Fresh), world.caller.turn):
        raise NotApplicable(f"{world.caller.name} makes a cycle of an error by itself")
    if await world.call(collector_only, _natively(world.callee, Fresh), world.callee.turn):
        raise NotApplicable(f"{world.callee.name} makes a cycle of an error by itself")
    expect(False, "only the garbage collector could free it")


async def _caught(kind: type[BaseException], fails: Afn) -> Any:
    try:
        await fails()
    except kind as error:
        return weakref.ref(error)  # In no local of this frame: it would be in the error's own traceback.


def _natively(side: Driver, kind: type[BaseException]) -> Afn:
    async def raises() -> None:
        await side.turn()
        raise kind

    async def fails() -> None:
        for kind_of_awaitable in side.awaitables:  # As its own code waits for what fails elsewhere.
            await side.waited(side.awaitable(kind_of_awaitable, raises))
        raise (await side.join(await side.spawn(raises)))[1]

    return fails


@law("V14", source="PEP 3148: the callable is called with its own arguments")
async def the_callee_gets_the_callers_own_arguments(world: World) -> None:
    """Look for arguments that are copied, or keywords that the bridge takes for itself."""
    first, second = object(), object()

    async def callee(*args: object, **kwargs: object) -> tuple[Any, Any]:
        return args, kwargs

    args, kwargs = await world.call(callee, first, fn=second, timeout=first)
    expect(args == (first,) and args[0] is first, args)
    expect(kwargs == {"fn": second, "timeout": first}, kwargs)


@law("V15", source="PEP 3148", once=True)
async def a_plain_function_is_called_and_its_value_given(world: World) -> None:
    """Look for a bridge that awaits whatever it is given."""
    values: list[Any] = [None, 0, "", [], False]
    for value in values:
        got = await world.caller.call(world.session, lambda value=value: value)
        expect(got is value, got)


@law("V16", source=STDTYPES)
async def an_error_before_the_first_wait_arrives_like_any_other(world: World) -> None:
    """Look for a bridge that starts the function where nobody takes its error."""
    error = ValueError("at once")

    async def callee() -> None:
        raise error

    _, got = await world.outcome(callee)
    expect(got is error, got)


@law("V17", source="PEP 678")
async def notes_on_an_error_are_kept_and_none_added(world: World) -> None:
    """Look for an error that is made anew, or decorated."""
    error = ValueError("with a note")
    vars(error)["__notes__"] = ["the callee's"]

    async def callee() -> None:
        await world.callee.turn()
        raise error

    _, got = await world.outcome(callee)
    expect(getattr(got, "__notes__", None) == ["the callee's"], getattr(got, "__notes__", None))


@law(
    "V18",
    needs=("base-exceptions",),
    source="https://docs.python.org/3/library/exceptions.html#GeneratorExit; PEP 492: StopAsyncIteration ends __anext__()",
    once=True,
)
async def what_ends_a_generator_or_an_asynchronous_iterator_is_an_error_like_any_other(world: World) -> None:
    """Look for `async for` or close() inside the bridge: they take these two for an end. In a wrapper they arrive, too."""
    for error in (StopAsyncIteration(), GeneratorExit()):

        def plain(error: BaseException = error) -> None:
            raise error

        # In a task of its own: who throws a GeneratorExit into a coroutine closes all that it waits for (PEP 380).
        kind, got = await world.spawned(world.caller.call, world.session, plain)
        expect(kind == "error", (kind, got))
        expect(got is error or got.__cause__ is error, (got, got.__cause__))
        if got is not error and "stop" in world.bridge.errors:
            expect(is_the(world, "stop", got) and type(error).__name__ in str(got), got)
