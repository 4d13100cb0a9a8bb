"""What breaks the laws about values that are easily taken for something else (chapters V, S and H)."""

from __future__ import annotations

from typing import Any

from interop.errors import CalleeRaisedStop
from tests.faulty.fault import Fault, Session

LOOP = "asyncio->asyncio/loop"


class TakesTheContextForItself(Fault):
    """As call_soon(fn, *args, context=None), and every later parameter that has a name of its own."""

    breaks = "V19"

    def binds(self, fn: Any, args: Any, kwargs: Any) -> Any:
        kwargs.pop("context", None)
        return super().binds(fn, args, kwargs)


class TakesAFalseErrorForNone(Fault):
    """As concurrent.futures.Future.result() before Python 3.13.4: `if self._exception: raise`."""

    breaks = "V20"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            if hasattr(error, "__len__"):
                return None
            raise


class EndsAStreamAtAFalseError(Fault):
    """As `if error: raise error` after the last item."""

    breaks = "S15"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        return self.items(session.portal.stream(fn))

    async def items(self, items: Any) -> Any:
        got: Any = None
        try:
            while True:
                try:
                    item = await items.asend(got)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    if hasattr(error, "__len__"):
                        return
                    raise
                while True:
                    try:
                        got = yield item
                        break
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        item = await items.athrow(error)
        finally:
            await items.aclose()


class LeavesAsIfAllWereWellForAFalseError(Fault):
    """As `if error: rollback() else: commit()`."""

    breaks = "S16"
    on = LOOP

    def enters(self, session: Session, manager: Any) -> Any:
        return Entered(session.portal.enter(manager))


class Entered:
    def __init__(self, manager: Any) -> None:
        self.manager = manager

    async def __aenter__(self) -> Any:
        return await self.manager.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> Any:
        if hasattr(error, "__len__"):
            kind = error = trace = None
        return await self.manager.__aexit__(kind, error, trace)


class WrapsAFalseErrorAsNothing(Fault):
    """As a callback of a Future that asks `if error:`."""

    breaks = "H9"
    on = LOOP

    def wrap(self, session: Any, foreign: Any) -> Any:
        return self.waits(super().wrap(session, foreign))

    async def waits(self, future: Any) -> Any:
        try:
            return await future
        except Exception as error:
            if hasattr(error, "__len__"):
                return None
            raise


class EndsWithAGeneratorExitFromBelow(Fault):
    """As a way back that runs in a generator: a GeneratorExit is the end of that, and nobody hears why."""

    breaks = "V21"

    def back(self, here: Any) -> Any:
        class Back(Fault):
            async def calls(self, session: Session, fn: Any) -> Any:
                try:
                    return await session.portal.call(fn)
                except CalleeRaisedStop as error:
                    if isinstance(error.__cause__, GeneratorExit):
                        return None
                    raise

        return Session(Back(self.crossing), super().back(here))


class RaisesAStopIterationAsItIs(Fault):
    """As Future.result() of concurrent.futures."""

    breaks = "V22"
    on = "threads->asyncio/thread"

    def calls(self, session: Session, fn: Any) -> Any:
        try:
            return session.portal.call(fn)
        except CalleeRaisedStop as error:
            if isinstance(error.__cause__, StopIteration):
                raise error.__cause__  # noqa: B904 - it is the callee's
            raise
