"""V, S, H: values that are easily taken for something else: keywords, what is false, what ends a generator."""

from __future__ import annotations

from typing import Any

from interop.laws.law import SHOULD, law
from interop.laws.world import World, expect

# What bridges call their own parameters, and what the frameworks' own functions are called with.
KEYWORDS = """
abandon_on_cancel args call callback callee caller cancellable cls context coro coroutine daemon delay done errback eager_start
error exc_info executor f fn func function greenlet here home how interval kwargs kwds limiter loop main manager message name
owner parent portal priority pool reactor result seconds self session step target task there thread thread_sensitive timeout token
topology trio_token value world
"""
TRUTH = "https://docs.python.org/3/library/stdtypes.html#truth-value-testing"


class Empty:
    """A value that is false, as an empty container of a user's."""

    def __len__(self) -> int:
        return 0


class Undecided:
    """A value without truth, as an array of NumPy's."""

    def __bool__(self) -> bool:
        raise ValueError("the truth value is ambiguous")


class EmptyError(Empty, Exception):
    """An error that is false, as a group of errors with a __len__()."""


class UndecidedError(Undecided, Exception):
    """An error without truth."""


def values() -> list[Any]:
    """Objects of which nobody may ask whether they are true."""
    return [Empty(), Undecided(), None, 0, "", False]


def errors() -> list[Exception]:
    """Errors of which nobody may ask whether they are true."""
    return [EmptyError("false"), UndecidedError("undecided")]


def same(got: Any, given: Any) -> bool:
    """Whether two lists hold the same objects."""
    return len(got) == len(given) and all(one is other for one, other in zip(got, given, strict=True))


@law("V19", source="PEP 570: positional-only parameters leave every keyword to the function that is called", once=True)
async def any_keyword_name_passes_through_a_call(world: World) -> None:
    """Look for a parameter of the bridge's own that can be given by name: put a `/` after it, or bind the function first."""

    async def callee(**keywords: object) -> dict[str, object]:
        return keywords

    async def passes(*names: str) -> bool:
        given = {name: object() for name in names}
        try:
            got = await world.call(callee, **given)
        except Exception:
            return False
        return bool(got == given)

    names = KEYWORDS.split()
    if not await passes(*names):
        expect(False, {"lost": [name for name in names if not await passes(name)]})


@law("V20", source=TRUTH, once=True)
async def a_value_or_an_error_that_is_false_is_one_like_any_other(world: World) -> None:
    """Look for `if error:` or `value or ...` where `is None` is meant."""

    async def gives(value: Any) -> Any:
        await world.callee.turn()
        return value

    async def fails(error: Exception) -> None:
        await world.callee.turn()
        raise error

    given, raised = values(), errors()
    got = [await world.call(gives, value) for value in given]
    expect(same(got, given), got)
    for error in raised:
        kind, caught = await world.spawned(world.call, fails, error)
        expect(kind == "error" and caught is error, (kind, caught))


@law("S15", needs=("stream",), source=TRUTH, once=True)
async def an_item_or_an_error_of_a_source_that_is_false_is_one_like_any_other(world: World) -> None:
    """Look for `while item := ...`, or for an error that is asked for its truth: the stream would end early, or never."""
    given, error = values(), errors()

    async def asynchronous(last: Exception) -> Any:
        for value in given:
            yield value
        raise last

    def plain(last: Exception) -> Any:
        yield from given
        raise last

    source = plain if world.callee.blocking else asynchronous
    for last in error:
        got: list[Any] = []
        try:
            async for item in world.caller.stream(world.session, lambda last=last: source(last)):
                got.append(item)
        except Exception as caught:
            got.append(caught)
        expect(same(got, [*given, last]), got)


@law("S16", needs=("enter",), source=TRUTH, once=True)
async def what_is_entered_and_the_error_of_its_body_may_be_false(world: World) -> None:
    """Look for `if value:`, `if error:` or `manager or ...`: a transaction would be committed for an error that is false."""
    seen: list[object] = []

    class Manager(Empty):
        def __init__(self, value: Any) -> None:
            self.value = value

        def __enter__(self) -> Any:
            return self.value

        def __exit__(self, kind: object, error: object, trace: object) -> None:
            seen.append(error)

        async def __aenter__(self) -> Any:
            return self.value

        async def __aexit__(self, kind: object, error: object, trace: object) -> None:
            seen.append(error)

    given, raised, got = values(), errors(), list[Any]()
    for value in given:
        async with world.caller.enter(world.session, lambda value=value: Manager(value)) as entered:
            got.append(entered)
    expect(same(got, given) and seen == [None] * len(given), (got, seen))
    seen.clear()
    for error in raised:
        try:
            async with world.caller.enter(world.session, lambda: Manager(None)):
                raise error
        except Exception as caught:
            expect(caught is error, caught)
    expect(same(seen, raised), seen)


@law("H9", needs=("wrap",), source=TRUTH, once=True)
async def a_wrapped_awaitable_may_give_or_raise_what_is_false(world: World) -> None:
    """Look for `if error:` in a callback: concurrent.futures.Future.result() had it until Python 3.13.4."""
    from interop.laws.hybrids import each

    for value in (Empty(), Undecided()):

        async def gives(value: Any = value) -> Any:
            return value

        async for kind, foreign in each(world, gives):
            got = await world.caller.waited(world.wrap(foreign))
            expect(got is value, (kind, got))
    for error in errors()[:1]:  # Greenlets print what fails, and traceback.py asks each error for its truth.

        async def fails(error: Exception = error) -> None:
            raise error

        async for kind, foreign in each(world, fails):
            try:
                got = await world.caller.waited(world.wrap(foreign))
            except Exception as caught:
                got = caught
            expect(got is error, (kind, got))


def because_of(got: Any, error: BaseException) -> bool:
    """Whether an error is another one, or has it among its causes."""
    while got is not None and got is not error:
        got = got.__cause__
    return got is error


@law(
    "V21",
    needs=("back", "base-exceptions"),
    source="https://docs.python.org/3/library/exceptions.html#GeneratorExit",
    once=True,
)
async def a_generator_exit_ends_a_nested_call_and_the_call_around_it_with_an_error(world: World) -> None:
    """Look for a GeneratorExit that is taken for the end of the coroutine that it passes: it would close it, or be a value."""
    here = world.bridge.here()

    def innermost() -> None:
        raise GeneratorExit

    async def callee() -> Any:
        manager = world.bridge.back(here)
        session = await world.callee.open(manager)
        try:
            return await world.callee.call(session, innermost)
        finally:
            await world.callee.close(manager)

    kind, got = await world.spawned(world.call, callee)
    expect(kind == "error", (kind, got))  # asyncio throws it in, and PEP 380 makes another one of it on the way.


@law("V22", SHOULD, needs=("plain-caller",), source="PEP 479: a StopIteration that nobody expects ends a loop", once=True)
async def a_stop_iteration_reaches_a_blocking_caller_as_the_cause_of_an_error_too(world: World) -> None:
    """Look for a StopIteration that is raised as it is: in the caller's own __next__() it would end a loop without a word."""
    error = StopIteration(7)

    def plain() -> None:
        raise error

    try:
        got: object = world.session.call(plain)  # Not through the driver: a coroutine would make a RuntimeError of it.
    except BaseException as caught:
        expect(not isinstance(caught, StopIteration), caught)
        expect(because_of(caught, error), (caught, caught.__cause__))
    else:
        expect(False, got)
