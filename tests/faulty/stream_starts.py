"""What breaks the laws about how streams begin (chapter S)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from interop.call import RUNNING
from interop.conversation import Serving, Step
from interop.errors import PortalClosed
from tests.faulty.fault import Fault, Session, adapter

LOOP = "asyncio->asyncio/loop"


class Items:
    """A stream, step by step."""

    def __init__(self, items: Any) -> None:
        self.items, self.begun = items, False

    def __aiter__(self) -> Items:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.items, name)

    async def __anext__(self) -> Any:
        self.begun = True
        return await self.items.__anext__()


class BeginsAfterItsClose(Fault):
    """As a close that looks for the other side's task, and finds none yet."""

    breaks = "S21"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class ClosedWhenBegun(Items):
            async def aclose(self) -> None:
                if self.begun:
                    await self.items.aclose()

        return ClosedWhenBegun(session.portal.stream(fn))


class SendsNoneForEachStep(Fault):
    """As `source.send(value)` with a value that is None unless somebody sends one: only a generator has send()."""

    breaks = "S23"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Sent(Items):
            async def __anext__(self) -> Any:
                return await self.items.asend(None)

        return Sent(session.portal.stream(fn))


class DropsACancelThatComesBeforeTheFirstStep(Fault):
    """As a stream whose task is known only when its first item has been asked for there."""

    breaks = "S25"
    on = LOOP

    def spoil(self) -> None:
        asyncio_adapter = adapter("asyncio")

        class Waiter(asyncio_adapter.Waiter):  # type: ignore[misc,name-defined]
            def cancel(self, msg: Any = None) -> Any:
                return True if isinstance(self.call, Step) and self.call.state < RUNNING else super().cancel(msg)

        asyncio_adapter.Waiter = Waiter


class CancelsItsStreamsAgainWhenItIsClosed(Fault):
    """As a close that cancels each task that it still knows, also those that have been cancelled and clean up."""

    breaks = "S27"
    on = LOOP

    async def closes(self, session: Session) -> None:
        for call in list(session.portal._calls):
            if isinstance(call, Serving) and call.stopped and call.task is not None:
                call.task.cancel()
        await super().closes(session)


class TellsACancelledReaderOfTheClose(Fault):
    """As a close that sets its own error in all that wait, also where a cancel is on its way."""

    breaks = "S33"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Told(Items):
            async def __anext__(self) -> Any:
                try:
                    return await self.items.__anext__()
                except asyncio.CancelledError:
                    if session.kept == "closing":
                        raise PortalClosed(LOOP) from None
                    raise

        return Told(session.portal.stream(fn))

    async def closes(self, session: Session) -> None:
        session.kept = "closing"
        await super().closes(session)


class GivesNoneAtTheEnd(Fault):
    """As `try: ... except StopAsyncIteration: pass` around a step."""

    breaks = "S29"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Answered(Items):
            async def asend(self, value: Any) -> Any:
                try:
                    return await self.items.asend(value)
                except StopAsyncIteration:
                    return None

        return Answered(session.portal.stream(fn))


class TakesASendForANext(Fault):
    """As a stream whose asend() is there for the type checker."""

    breaks = "S35"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Deaf(Items):
            async def asend(self, value: Any) -> Any:
                return await self.__anext__()

        return (Deaf if isinstance(fn, type) else Items)(session.portal.stream(fn))


class GivesAStreamItsFirstArgumentOnly(Fault):
    """As `stream(fn, *args)` that was `stream(fn, arg)` in an earlier release."""

    breaks = "S37"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        given = isinstance(fn, partial)
        return session.portal.stream(fn.func, *fn.args[:1], **fn.keywords) if given else session.portal.stream(fn)


class SendsNothingForWhatIsFalse(Fault):
    """As `source.send(value) if value else next(source)`."""

    breaks = "S45"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Sent(Items):
            async def asend(self, value: Any) -> Any:
                return await (self.items.asend(value) if value or value is None else self.items.__anext__())

        return Sent(session.portal.stream(fn))


class WaitsForTheCloseOfWhatItCouldNotBegin(Fault):
    """As a flag that is set before the request is sent: the close asks a task that nobody has started."""

    breaks = "S41"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Closed(Items):
            async def __anext__(self) -> Any:
                try:
                    return await super().__anext__()
                except PortalClosed:
                    self.refused = True
                    raise

            async def aclose(self) -> None:
                if "refused" in vars(self):
                    await asyncio.get_running_loop().create_future()
                await self.items.aclose()

        return Closed(session.portal.stream(fn))
