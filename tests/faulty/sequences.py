"""What breaks the laws of chapter M: sequences. Each is well behaved in one call, one stream or one manager by itself."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.faulty.fault import Fault, Session, adapter, later
from tests.faulty.streams import Ends, Items, StreamFault

LOOP = "asyncio->asyncio/loop"


async def kept(awaitable: Any) -> tuple[Any, BaseException | None]:
    """An outcome that a task can have without being told as failed."""
    try:
        return await awaitable, None
    except BaseException as error:
        return None, error


def given(task: asyncio.Task[tuple[Any, BaseException | None]]) -> Any:
    """That outcome."""
    value, error = task.result()
    try:
        if error is not None:
            raise error
        return value
    finally:
        del error, task


class TakesTheFirstAnswerForThatOfTheFirstRequest(Fault):
    """As a pipe without numbers on its messages, as long as nobody is cancelled."""

    breaks = "M1"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        waiting = session.kept = session.kept or []
        mine: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting.append(mine)
        task = asyncio.ensure_future(kept(session.portal.call(fn)))

        def answered(task: Any) -> None:
            if mine in waiting:
                waiting.pop(0).set_result(task)

        task.add_done_callback(answered)
        try:
            await asyncio.wait([mine])
        except asyncio.CancelledError:
            if mine in waiting:
                waiting.remove(mine)
            task.cancel()
            await asyncio.wait([task])
            if isinstance(task.result()[1], asyncio.CancelledError):
                raise
            again = asyncio.current_task()
            assert again is not None
            asyncio.get_running_loop().call_soon(again.cancel)
            return given(task)
        return given(mine.result())


class TakesALateCancelForAnOlderOne(Fault):
    """As our own adapter did: each call takes the count of Task.cancelling() at its start for the cancels before it."""

    breaks = "M2"
    on = "asyncio->threads/thread"
    since = (3, 11)

    def spoil(self) -> None:
        due = adapter("asyncio_futures").DueCancels
        due.count_before = lambda self, task: task.cancelling() if task else 0
        due.check = lambda self, task: None


class LeavesTheSourceThatHasGivenAnItem(StreamFault):
    """As a cancel that is passed on to what begins the source, and to nothing that goes on with it."""

    breaks = "M3"
    on = LOOP

    class Items(Items):
        taken = left = False

        async def __anext__(self) -> Any:
            step = asyncio.ensure_future(kept(super().__anext__()))
            try:
                await asyncio.wait([step])
            except asyncio.CancelledError:
                self.left = self.taken
                if self.left:
                    later(20, step.cancel)
                else:
                    step.cancel()
                    await asyncio.wait([step])
                raise
            self.taken = True
            return given(step)

        async def aclose(self) -> None:
            if not self.left:
                await super().aclose()


class GoesOnWhileItEnters(Fault):
    """As `await asyncio.shield(manager.__aenter__())`: what is entered after the cancel is nobody's."""

    breaks = "M4"
    on = LOOP

    def enters(self, session: Session, manager: Any) -> Any:
        class Entered(Ends):
            async def __aenter__(self) -> Any:
                task = asyncio.ensure_future(kept(self.entered.__aenter__()))
                try:
                    await asyncio.wait([task])
                except asyncio.CancelledError:
                    later(20, task.cancel)
                    raise
                return given(task)

            async def __aexit__(self, *exc: Any) -> Any:
                return await self.entered.__aexit__(*exc)

        return Entered(session.portal.enter(manager))


class LeavesItsManagersAfterTheClose(Fault):
    """As an exit stack of the process's, which the session that is closed does not know."""

    breaks = "M5"
    on = LOOP

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        session.kept = self.caller.open_portal(self.crossing.callee, topology=self.topology)  # type: ignore[attr-defined]
        await session.kept.__aenter__()

    async def closes(self, session: Session) -> None:
        await super().closes(session)
        closing = session.kept.__aexit__
        later(5, lambda: asyncio.ensure_future(kept(closing(None, None, None))))  # What fails there is told to nobody.

    def enters(self, session: Session, manager: Any) -> Any:
        return session.kept.enter(manager)


class EndsItsStreamsWhenAManagerIsLeft(StreamFault):
    """As one exit stack for all that a session has open."""

    breaks = "M6"
    on = LOOP

    class Items(Items):
        began: Any = None

        async def __anext__(self) -> Any:
            if self.began is None:
                self.began = self.session.kept or 0
            if self.began != (self.session.kept or 0):
                await self.aclose()
                raise StopAsyncIteration
            return await super().__anext__()

    def enters(self, session: Session, manager: Any) -> Any:
        class Left(Ends):
            async def __aexit__(self, *exc: Any) -> Any:
                session.kept = (session.kept or 0) + 1
                return await self.entered.__aexit__(*exc)

        return Left(session.portal.enter(manager))
