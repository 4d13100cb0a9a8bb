"""What breaks the laws of chapter V: values and errors."""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import copy
from inspect import isawaitable
from typing import Any

from interop.errors import CalleeRaisedStop
from tests.faulty.fault import Fault, Session, adapter, result


class CopiesTheValue(Fault):
    """As whatever pickles: a process pool, a queue between interpreters."""

    breaks = "V1"
    on = "asyncio->asyncio/loop"

    async def calls(self, session: Session, fn: Any) -> Any:
        return copy.copy(await session.portal.call(fn))


class AwaitsReturnedAwaitables(Fault):
    """As a Deferred's callback chain, and asyncio's own wrappers that await until there is nothing to await."""

    breaks = "V2"

    async def there(self, session: Session, fn: Any) -> Any:
        value = await result(fn)
        return await value if isawaitable(value) else value


class RaisesReturnedErrors(Fault):
    """As Failure in Twisted, or gather(return_exceptions=True) read with isinstance()."""

    breaks = "V2"

    async def calls(self, session: Session, fn: Any) -> Any:
        value = await session.portal.call(fn)
        if isinstance(value, BaseException):
            raise value
        return value


class LosesTheTraceback(Fault):
    """As Failure.cleanFailure() in Twisted, and whatever keeps an error without its traceback."""

    breaks = "V3"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except BaseException as error:
            raise error.with_traceback(None)  # noqa: B904 - the same error: it has no other cause


class RaisesACopyOfTheError(Fault):
    """As an error that was pickled: its own type and arguments, and nothing else of it."""

    breaks = "V3"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            raise type(error)(*error.args) from error.__cause__


class ChainsEachErrorToTheOneBefore(Fault):
    """As a worker whose loop goes on inside its own `except` block."""

    breaks = "V4"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            error.__context__, session.kept = session.kept, RuntimeError(str(error))
            raise


class HearsOfExceptionsOnly(Fault):
    """As `except Exception` around the callee in a worker thread: asgiref and crochet have both been there."""

    breaks = "V5"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except (Exception, asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            raise RuntimeError("the worker ended") from error


class DropsTheError(Fault):
    """As a callback that is added for the value only."""

    breaks = "V16"
    on = "asyncio->asyncio/loop"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception:
            return None


class PassesStopsOn(Fault):
    """As an awaitable that is written by hand: a StopIteration that leaves its __next__ is the value of the await."""

    breaks = "V6"

    def calls(self, session: Session, fn: Any) -> Any:
        return ByHand(session.portal.call(fn))


class ByHand:
    """Awaited, its own iterator, and no generator."""

    def __init__(self, awaitable: Any) -> None:
        self.steps = awaitable.__await__()

    def __await__(self) -> ByHand:
        return self

    def __iter__(self) -> ByHand:
        return self

    def __next__(self) -> Any:
        return self.step(self.steps.send, None)

    def send(self, value: Any) -> Any:
        return self.step(self.steps.send, value)

    def throw(self, *error: Any) -> Any:
        return self.step(self.steps.throw, *error)

    def step(self, how: Any, *what: Any) -> Any:
        try:
            return how(*what)
        except CalleeRaisedStop as error:
            if isinstance(error.__cause__, StopIteration):
                raise error.__cause__  # noqa: B904 - it is the callee's
            raise


class TakesTwoErrorsForAnEnd(Fault):
    """As an asynchronous generator under the call: what ends generators ends it, and nobody hears why."""

    breaks = "V18"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except CalleeRaisedStop as error:
            if isinstance(error.__cause__, (StopAsyncIteration, GeneratorExit)):
                return None
            raise


class EndsTheLoopOnCtrlC(Fault):
    """As asyncio, which lets KeyboardInterrupt and SystemExit of any task out of run_forever()."""

    breaks = "V7"

    async def there(self, session: Session, fn: Any) -> Any:
        try:
            return await result(fn)
        except (KeyboardInterrupt, SystemExit):
            asyncio.get_running_loop().stop()
            raise


class UnwrapsGroupsOfOne(Fault):
    """As Trio's strict_exception_groups=False, and everybody's collapse_excgroups()."""

    breaks = "V8"
    since = (3, 11)

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except getattr(builtins, "BaseExceptionGroup", ()) as group:
            raise group.exceptions[0] from None


class WrapsErrorsInAGroup(Fault):
    """As a callee inside a nursery or task group of the bridge's own: anyio's portal did it."""

    breaks = "V8"
    since = (3, 11)

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            raise getattr(builtins, "ExceptionGroup")("unhandled errors in a task group", [error]) from None  # noqa: B009


class TakesTheCancelOfAConcurrentFutureForAsyncios(Fault):
    """As asyncio.wrap_future(), which turns concurrent.futures.CancelledError into asyncio's."""

    breaks = "V9"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except concurrent.futures.CancelledError as error:
            raise asyncio.CancelledError from error


class SetsTheResultOfACancelledFuture(Fault):
    """As call_soon_threadsafe(future.set_result, value) for a future that was cancelled meanwhile: InvalidStateError."""

    breaks = "V10"
    on = "asyncio->asyncio/loop"

    def spoil(self) -> None:
        loop = adapter("asyncio").Loop
        deliver = loop.deliver

        def delivers(here: Any, call: Any) -> Any:
            if call.unwanted is True and not call.cancelled and not call.stopped:
                raise asyncio.InvalidStateError("CANCELLED")
            return deliver(here, call)

        loop.deliver = delivers


class LosesEveryThirdAnswerThatComesAtOnce(Fault):
    """As an outcome that is told before anybody waits for it, in a slot that the next one empties."""

    breaks = "V11"
    on = "asyncio->asyncio/loop"

    async def there(self, session: Session, fn: Any) -> Any:
        turned: list[int] = []
        asyncio.get_running_loop().call_soon(turned.append, 1)
        value = await result(fn)
        session.kept = (session.kept or 0) + (not turned)
        return None if not turned and session.kept % 3 == 0 else value


class GivesTheErrorACause(Fault):
    """As `raise ... from` in the bridge: its own story hides the callee's."""

    breaks = "V12"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            error.__cause__ = error.__cause__ or RuntimeError("in the bridge")
            raise


class RaisesInsideItsOwnExcept(Fault):
    """As an outcome that is asked for in the `except` block of the waiting: __context__ is the bridge's own."""

    breaks = "V12"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            error.__context__ = error.__context__ or TimeoutError("not yet")
            raise


class HoldsTheErrorInItsOwnFrame(Fault):
    """As outcome before 1.1.0: the frame that raised the error had it in a local."""

    breaks = "V13"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except BaseException as error:
            held = error  # noqa: F841
            raise


class CopiesTheArguments(Fault):
    """As a request that is pickled."""

    breaks = "V14"

    def binds(self, fn: Any, args: Any, kwargs: Any) -> Any:
        return super().binds(fn, copy.deepcopy(args), kwargs)


class TakesTheTimeoutForItself(Fault):
    """As every call(fn, *args, timeout=None, **kwargs) of a bridge."""

    breaks = "V14"

    def binds(self, fn: Any, args: Any, kwargs: Any) -> Any:
        kwargs.pop("timeout", None)
        return super().binds(fn, args, kwargs)


class GivesNothingOfPlainFunctions(Fault):
    """As loop.call_soon_threadsafe(fn): fine for a coroutine function's task, and a plain function's value is gone."""

    breaks = "V15"

    async def there(self, session: Session, fn: Any) -> Any:
        value = fn()
        return await value if isawaitable(value) else None


class TakesWhatIsFalseForNothing(Fault):
    """As `return value or default`."""

    breaks = "V15"
    on = "asyncio->asyncio/loop"

    async def calls(self, session: Session, fn: Any) -> Any:
        return await session.portal.call(fn) or None


class AwaitsWhateverItIsGiven(Fault):
    """As run_coroutine_threadsafe(fn()): a plain function is an error."""

    breaks = "V15"

    async def there(self, session: Session, fn: Any) -> Any:
        return await fn()


class HearsNothingBeforeTheFirstWait(Fault):
    """As a function that is started in one place, and listened to in another."""

    breaks = "V16"
    on = "asyncio->asyncio/loop"

    async def there(self, session: Session, fn: Any) -> Any:
        turned: list[int] = []
        asyncio.get_running_loop().call_soon(turned.append, 1)
        try:
            return await result(fn)
        except Exception as error:
            if not turned:
                raise RuntimeError("it could not be started") from error
            raise


class AddsANote(Fault):
    """As an error that is decorated on its way."""

    breaks = "V17"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            notes: Any = getattr(error, "__notes__", [])
            vars(error)["__notes__"] = [*notes, "through the bridge"]
            raise


class ForgetsWhichStopItWas(Fault):
    """As a message that is made when its cause is not known yet."""

    breaks = "V18"

    def spoil(self) -> None:
        good = CalleeRaisedStop.__init__
        CalleeRaisedStop.__init__ = lambda error, crossing, cause: good(error, crossing, None)  # type: ignore
