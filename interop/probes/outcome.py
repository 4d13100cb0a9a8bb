"""outcome: what carries a value or an error from one place to another, and what it adds and leaves."""

from typing import Any

from interop.probes.observe import child, name
from interop.probes.observe import outcome as told
from interop.probes.probe import probe


@probe("P260", "outcome", "lifecycle", source="outcome 1.1, issue 29: unwrap() left a cycle between the error and its frame")
def what_unwrapping_an_error_keeps_alive() -> Any:
    import asyncio
    import gc
    import weakref

    import outcome

    class Held:
        pass

    def fails(held: Any) -> None:
        raise ValueError

    async def afails(held: Any) -> None:
        raise ValueError

    async def awaits() -> None:
        await asyncio.sleep(0)

    def run(how: str) -> str:
        held = Held()
        ref = weakref.ref(held)
        result = asyncio.run(outcome.acapture(afails, held)) if how == "acapture" else outcome.capture(fails, held)
        del held
        try:
            if how == "send":
                coroutine = awaits()
                coroutine.send(None)
                result.send(coroutine)
            else:
                result.unwrap()
        except ValueError:
            pass
        del result
        return "freed" if ref() is None else "alive"

    gc.disable()
    return {how: run(how) for how in ("unwrap", "acapture", "send")}


@probe("P261", "outcome", "exceptions", source="outcome 0.1, 1.0, issue 21: used once; no frame of its own in the traceback")
def what_an_outcome_gives_and_refuses() -> Any:
    import traceback

    import outcome

    def fails() -> None:
        raise KeyError

    def stops() -> None:
        raise StopIteration("value")

    def frames(result: Any) -> Any:
        try:
            result.unwrap()
        except BaseException as error:
            return [frame.name for frame in traceback.extract_tb(error.__traceback__)][1:]

    value, error = outcome.capture(lambda: "value"), outcome.Error(KeyError())
    return {
        "value": [told(value.unwrap), told(value.unwrap)],
        "error": [told(error.unwrap), told(error.unwrap)],
        "frames": [frames(outcome.capture(fails)), frames(outcome.Error(KeyError()))],
        "base exceptions": [name(outcome.capture(_raise, kind)) for kind in (SystemExit, KeyboardInterrupt, GeneratorExit)],
        "stop": told(outcome.capture(stops).unwrap),
        "no exception": told(outcome.Error, 1),
        "equal": [outcome.Value(1) == outcome.Value(1), outcome.Error(error.error) == outcome.Error(error.error)],
        "class": [
            told(lambda: bool(outcome.Value[int])),
            hasattr(outcome, "Maybe"),
            hasattr(outcome, "Outcome"),
            hasattr(value, "__dict__"),
        ],
    }


def _raise(kind: Any) -> None:
    raise kind


@probe("P262", "outcome", "converters", source="outcome docs: send, asend, acapture")
def what_is_sent_into_generators_and_coroutines() -> Any:
    import asyncio

    import outcome

    def generator() -> Any:
        try:
            got = yield "first"
            yield got
        except KeyError as error:
            yield name(error)

    async def agenerator() -> Any:
        try:
            got = yield "first"
            yield got
        except KeyError as error:
            yield name(error)

    def sent(result: Any) -> Any:
        made = generator()
        next(made)
        return result.send(made)

    async def asent(result: Any) -> Any:
        made = agenerator()
        await made.__anext__()
        return await result.asend(made)

    async def returns(value: Any) -> Any:
        return value

    async def cancelled() -> Any:
        raise asyncio.CancelledError

    def chain() -> Any:
        made = generator()
        next(made)
        given = KeyError()
        error = outcome.Error(given)
        error.send(made)
        return [name(given.__context__), name(given.__cause__)]

    return {
        "send": [sent(outcome.Value("value")), sent(outcome.Error(KeyError()))],
        "asend": [asyncio.run(asent(outcome.Value("value"))), asyncio.run(asent(outcome.Error(KeyError())))],
        "acapture": [asyncio.run(outcome.acapture(returns, 1)).unwrap(), name(asyncio.run(outcome.acapture(cancelled)))],
        "chain": chain(),
    }


@probe("P263", "outcome", "warnings", source="outcome: what an import warns of and loads")
def what_importing_outcome_warns_of_and_loads() -> Any:
    seen = child("import sys, outcome; print(sorted({'attr', 'attrs', 'typing_extensions'} & set(sys.modules)))", "-W", "error")
    return [seen["exit"], *seen["out"], *seen["printed"]]
