"""What breaks the laws of chapter S: streams and context managers."""

from __future__ import annotations

import asyncio
from typing import Any

from interop.errors import PortalClosed
from tests.faulty.fault import Fault, Session, later

LOOP = "asyncio->asyncio/loop"


class Items:
    """A stream, and what a fault does to it."""

    def __init__(self, stream: Any, session: Session) -> None:
        self.stream, self.session = stream, session

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        return await self.stream.__anext__()

    async def asend(self, value: Any) -> Any:
        return await self.stream.asend(value)

    async def athrow(self, error: BaseException) -> Any:
        return await self.stream.athrow(error)

    async def aclose(self) -> None:
        await self.stream.aclose()


class StreamFault(Fault):
    """Its streams are of its own kind."""

    Items: type[Items]

    def streams(self, session: Session, fn: Any) -> Any:
        return self.Items(session.portal.stream(fn), session)


class BuffersAWholeStream(Fault):
    """As gather() or list() on the other side: all items, or the first ten, are made before the first is taken."""

    breaks = "S1"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        async def items() -> Any:
            for item in await session.portal.call(self.all, fn):
                yield item

        return items()

    async def all(self, fn: Any) -> list[Any]:
        items: list[Any] = []
        async for item in fn():
            items.append(item)
            if len(items) == 10:
                break
        return items


class AsksForTheNextItemAheadOfTime(StreamFault):
    """As a queue of length one between the two sides: the source is always one item ahead."""

    breaks = "S1"
    on = LOOP

    class Items(Items):
        ahead: Any = None

        async def __anext__(self) -> Any:
            item = await (self.ahead or super().__anext__())
            self.ahead = asyncio.ensure_future(super().__anext__())
            self.ahead.add_done_callback(lambda ahead: ahead.cancelled() or ahead.exception())
            await asyncio.wait([self.ahead])
            return item


class OnlyAsksForTheEndOfAStream(StreamFault):
    """As the asynchronous generator that is left to the finalizer hook: PEP 533 is about this."""

    breaks = "S2"
    on = LOOP

    class Items(Items):
        async def aclose(self) -> None:
            later(20, lambda: asyncio.ensure_future(super(type(self), self).aclose()))


class MakesACallOfEachStep(Fault):
    """As asgiref's and Django's iteration over plain generators: each next() in whichever thread is free."""

    breaks = "S3"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        return Steps(fn(), session)


class Steps(Items):
    def __init__(self, source: Any, session: Session) -> None:
        super().__init__(source, session)
        self.over = False

    async def step(self, name: str, *args: Any) -> Any:
        kind, item = await self.session.portal.call(self.there, name, args)
        if kind == "over":
            raise StopAsyncIteration
        return item

    async def there(self, name: str, args: Any) -> Any:
        try:
            return "item", await getattr(self.stream, name)(*args)
        except StopAsyncIteration:
            return "over", None

    async def __anext__(self) -> Any:
        return await self.step("__anext__")

    async def asend(self, value: Any) -> Any:
        return await self.step("asend", value)

    async def athrow(self, error: BaseException) -> Any:
        return await self.step("athrow", error)

    async def aclose(self) -> None:
        await self.step("aclose")


class DropsWhatIsSent(StreamFault):
    """As asend() of an iterator that knows only how to go on."""

    breaks = "S4"

    class Items(Items):
        async def asend(self, value: Any) -> Any:
            return await self.__anext__()


class RaisesTheErrorOfTheSourceAgain(StreamFault):
    """As a queue whose last item is the error, and stays in it."""

    breaks = "S5"

    class Items(Items):
        error: BaseException | None = None

        async def __anext__(self) -> Any:
            if self.error is not None:
                raise self.error
            try:
                return await super().__anext__()
            except Exception as error:
                if not isinstance(error, StopAsyncIteration):
                    self.error = error
                raise


class LeavesTheSourceOfACancelledStream(StreamFault):
    """As a consumer that is cancelled, and a producer that nobody tells."""

    breaks = "S6"
    on = LOOP

    class Items(Items):
        left = False

        async def __anext__(self) -> Any:
            step = asyncio.ensure_future(self.next())
            try:
                await asyncio.wait([step])
            except asyncio.CancelledError:
                self.left = True
                later(20, step.cancel)
                raise
            return step.result()[0] if step.result() else await self.end()

        async def next(self) -> Any:
            try:
                return [await super().__anext__()]
            except StopAsyncIteration:
                return []

        async def end(self) -> Any:
            raise StopAsyncIteration

        async def aclose(self) -> None:
            if not self.left:
                await super().aclose()


class EntersAndLeavesInTwoTasks(Fault):
    """As fixtures of pytest-asyncio, and every pair of calls to __aenter__ and __aexit__."""

    breaks = "S7"

    def enters(self, session: Session, manager: Any) -> Any:
        return TwoCalls(manager(), session)


class TwoCalls:
    def __init__(self, manager: Any, session: Session) -> None:
        self.manager, self.session = manager, session

    async def __aenter__(self) -> Any:
        return await self.session.portal.call(self.manager.__aenter__)

    async def __aexit__(self, *exc: object) -> Any:
        return await self.session.portal.call(self.manager.__aexit__, *exc)


class Ends:
    """An entered context manager, and what a fault does when it is left."""

    def __init__(self, entered: Any) -> None:
        self.entered = entered

    async def __aenter__(self) -> Any:
        return await self.entered.__aenter__()


class LeavesACancelledBodyAsIfAllWereWell(Fault):
    """As `except Exception` around the body: a cancel is none."""

    breaks = "S8"

    def enters(self, session: Session, manager: Any) -> Any:
        class Left(Ends):
            async def __aexit__(self, kind: Any, error: Any, trace: Any) -> Any:
                well = isinstance(error, asyncio.CancelledError)
                return await self.entered.__aexit__(*((None, None, None) if well else (kind, error, trace)))

        return Left(session.portal.enter(manager))


class EndsTheStreamsOfAClosedPortalQuietly(StreamFault):
    """As a queue that is closed: its reader believes that it has read all."""

    breaks = "S9"

    class Items(Items):
        async def __anext__(self) -> Any:
            try:
                return await super().__anext__()
            except PortalClosed:
                raise StopAsyncIteration from None


class DropsTheManagersAnswer(Fault):
    """As `await manager.__aexit__(...)` without `return`."""

    breaks = "S10"

    def enters(self, session: Session, manager: Any) -> Any:
        class Left(Ends):
            async def __aexit__(self, *exc: Any) -> None:
                await self.entered.__aexit__(*exc)

        return Left(session.portal.enter(manager))


class HasOneSourceForAllStreams(Fault):
    """As one queue on the session."""

    breaks = "S11"

    def streams(self, session: Session, fn: Any) -> Any:
        session.kept = session.kept or session.portal.stream(fn)
        return session.kept


class TellsTheEndOnlyAfterAnItem(StreamFault):
    """As an end that is a flag on the last item."""

    breaks = "S12"

    class Items(Items):
        taken = False

        async def __anext__(self) -> Any:
            try:
                item = await super().__anext__()
            except StopAsyncIteration:
                if self.taken:
                    raise
                item = None
            self.taken = True
            return item


class TakesAnItemForTheEnd(StreamFault):
    """As a queue whose end is a value that a source may give, too."""

    breaks = "S13"

    class Items(Items):
        async def __anext__(self) -> Any:
            item = await super().__anext__()
            if item is Ellipsis:
                raise StopAsyncIteration
            return item


class RaisesItemsThatAreErrors(StreamFault):
    """As a queue through which errors come, too, told apart by their type."""

    breaks = "S13"

    class Items(Items):
        async def __anext__(self) -> Any:
            item = await super().__anext__()
            if isinstance(item, BaseException):
                raise item
            return item


class SendsNothingForWhatEqualsNone(StreamFault):
    """As a step whose request is None where nothing was sent, and is compared with `==`."""

    breaks = "S13"

    class Items(Items):
        async def asend(self, value: Any) -> Any:
            return await (self.__anext__() if value in (None,) else super().asend(value))


class LeavesWhatItCouldNotEnter(Fault):
    """As `try: enter() ... finally: exit()` with the enter() inside."""

    breaks = "S14"

    def enters(self, session: Session, manager: Any) -> Any:
        class Both:
            def __init__(self) -> None:
                self.good = manager()

            async def __aenter__(self) -> Any:
                try:
                    return await self.good.__aenter__()
                except Exception as error:
                    await self.good.__aexit__(type(error), error, None)
                    raise

            async def __aexit__(self, *exc: Any) -> Any:
                return await self.good.__aexit__(*exc)

        return session.portal.enter(Both)
