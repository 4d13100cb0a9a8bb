"""What breaks the laws of chapter H: hybrid futures."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from interop.bridges.portals import Portals
from interop.errors import CalleeCancelled
from tests.faulty.fault import Fault

LOOP = "asyncio->asyncio/loop"


class WrapFault(Fault):
    """Its wrap() gives a coroutine, which waits for what the good one gives."""

    on = LOOP

    def wrap(self, session: Any, foreign: Any) -> Any:
        return self.waits(super().wrap(session, foreign), foreign)

    async def waits(self, future: Any, foreign: Any) -> Any:
        raise NotImplementedError


class CopiesWhatItWraps(WrapFault):
    """As a result that goes through JSON or pickle to the waiter."""

    breaks = "H1"

    async def waits(self, future: Any, foreign: Any) -> Any:
        return copy.copy(await future)


class GivesNothingOfWhatIsDone(WrapFault):
    """As a callback that is added too late to be called."""

    breaks = "H2"

    def wrap(self, session: Any, foreign: Any) -> Any:
        done = asyncio.isfuture(foreign) and foreign.done()
        return self.waits(Portals.wrap(self, session, foreign), done)

    async def waits(self, future: Any, done: Any) -> Any:
        value = await future
        return None if done else value


class RaisesACopyOfTheForeignError(WrapFault):
    """As Failure(type, value) of the error's text, and what a result backend has stored."""

    breaks = "H3"

    async def waits(self, future: Any, foreign: Any) -> Any:
        try:
            return await future
        except ValueError as error:
            raise ValueError(*error.args) from None


class TakesAForeignCancelForItsOwn(WrapFault):
    """As asyncio.wrap_future() and Deferred.asFuture(): whose cancel it was is forgotten."""

    breaks = "H4"

    async def waits(self, future: Any, foreign: Any) -> Any:
        try:
            return await future
        except CalleeCancelled:
            raise asyncio.CancelledError from None


class LetsGoOfWhatItWraps(WrapFault):
    """As asyncio.shield(): the wrapper is cancelled, and the work goes on."""

    breaks = "H5"

    async def waits(self, future: Any, foreign: Any) -> Any:
        return await asyncio.shield(future)


class FailsWhenItIsCancelled(WrapFault):
    """As a wrapper whose cancel is told as the other side's error."""

    breaks = "H5"

    async def waits(self, future: Any, foreign: Any) -> Any:
        try:
            return await future
        except asyncio.CancelledError:
            raise ConnectionAbortedError from None


class LosesWhatCameInSpiteOfACancel(WrapFault):
    """As `except CancelledError: await task; raise` around a shielded task: it was asked to end, so it counts as ended."""

    breaks = "H24"

    async def waits(self, future: Any, foreign: Any) -> Any:
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.cancel()
            await asyncio.wait([future])
            raise


class TakesTheResultAway(WrapFault):
    """As Deferred.asFuture(): the callback returns None, and that is what the next one gets."""

    breaks = "H6"
    taken: Any = None

    async def waits(self, future: Any, foreign: Any) -> Any:
        value = await future
        before, self.taken = self.taken, foreign
        return None if before is foreign else value


class ReportsTheErrorAlsoToTheLoop(WrapFault):
    """As a wrapper that leaves the original unasked: "Future exception was never retrieved"."""

    breaks = "H7"

    async def waits(self, future: Any, foreign: Any) -> Any:
        try:
            return await future
        except Exception as error:
            asyncio.get_running_loop().create_future().set_exception(error)
            raise


class WrapsWhateverItIsGiven(Fault):
    """As gevent and Twisted's maybeDeferred(): what is no awaitable is a value."""

    breaks = "H8"
    on = LOOP

    def wrap(self, session: Any, foreign: Any) -> Any:
        return super().wrap(session, foreign) if hasattr(foreign, "__await__") else asyncio.sleep(0, foreign)


class AsksForTheErrorItself(Fault):
    """As `future.exception()` in a callback of the bridge's: nothing is reported when the Future is dropped."""

    breaks = "H10"
    on = LOOP

    def wrap(self, session: Any, foreign: Any) -> Any:
        future = super().wrap(session, foreign)
        future.add_done_callback(lambda future: future.cancelled() or future.exception())
        return future


class RefersToItself(Fault):
    """As a Future that has its own callback's owner as an attribute."""

    breaks = "H11"
    on = LOOP

    def wrap(self, session: Any, foreign: Any) -> Any:
        future = super().wrap(session, foreign)
        future.itself = future
        return future


class CancelsItsWaiterAnew(WrapFault):
    """As `raise CancelledError` when what was waited for has ended."""

    breaks = "H12"

    async def waits(self, future: Any, foreign: Any) -> Any:
        try:
            return await future
        except asyncio.CancelledError:
            raise asyncio.CancelledError from None
