"""What breaks the laws of chapter R: resources and lifecycle."""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from interop.errors import PortalClosed
from tests.faulty.fault import Fault, Session, result

LOOP = "asyncio->asyncio/loop"
SLEEP = time.sleep


class TellsItsCallersACancelWhenItIsClosed(Fault):
    """As asyncio.run(), which cancels whatever is left: nobody who waits can tell it from a cancel of its own."""

    breaks = "R11"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except PortalClosed:
            if session.closed:
                raise
            raise asyncio.CancelledError from None


class ClosesInTheBackground(Fault):
    """As a close() that only asks: aclose() without await, stop() without join()."""

    breaks = "R1"
    on = LOOP

    async def closes(self, session: Session) -> None:
        closing = asyncio.ensure_future(super().closes(session))
        if not session.portal._calls:
            await closing


class LeavesATaskInTheCalleeForEachCall(Fault):
    """As a watcher for each call that nobody ends."""

    breaks = "R2"

    async def there(self, session: Session, fn: Any) -> Any:
        session.kept = [*(session.kept or ()), asyncio.ensure_future(asyncio.sleep(3600))]
        return await result(fn)


class LeavesAPoolForEachSession(Fault):
    """As ThreadPoolExecutor without shutdown(): its idle thread stays as long as the pool does."""

    breaks = "R3"
    pools: tuple[ThreadPoolExecutor, ...] = ()

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        pool = ThreadPoolExecutor(1)
        pool.submit(int).result()
        self.pools += (pool,)


class SetsAnEventLoopPolicy(Fault):
    """As tornado.platform.asyncio.AnyThreadEventLoopPolicy, and every library that brings its own loop."""

    breaks = "R4"

    async def opens(self, session: Session) -> None:
        session.kept = asyncio.events._event_loop_policy  # type: ignore[attr-defined]
        asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
        await super().opens(session)

    async def closes(self, session: Session) -> None:
        await super().closes(session)
        asyncio.set_event_loop_policy(session.kept)


class PatchesSleep(Fault):
    """As gevent.monkey.patch_time() behind the user's back."""

    breaks = "R4"

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        time.sleep = lambda seconds: None

    async def closes(self, session: Session) -> None:
        time.sleep = SLEEP  # Also after sessions that were open at once.
        await super().closes(session)


class CancelsEveryTaskWhenItIsClosed(Fault):
    """As a guest that ends as asyncio.run() does, with all tasks of the loop, which is not its own."""

    breaks = "R5"

    async def closes(self, session: Session) -> None:
        await super().closes(session)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()


class TellsTheLoopToo(Fault):
    """As a task beside the call, whose exception nobody retrieves: "Task exception was never retrieved"."""

    breaks = "R6"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            asyncio.get_running_loop().create_future().set_exception(error)
            raise


class KeepsTheAnswersOfTheLastSession(Fault):
    """As a cache that is the class's and not the session's."""

    breaks = "R8"
    on = LOOP
    answers: ClassVar[Any] = weakref.WeakKeyDictionary()

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            there, value = self.answers[fn.func]
        except (KeyError, TypeError):
            there = value = None
        if there is None or there is session or session.closed:
            value = await session.portal.call(fn)
            if "<locals>" in getattr(fn.func, "__qualname__", ""):
                self.answers[fn.func] = session, value
        return value


class CannotBeClosedTwice(Fault):
    """As loop.close() and its like, of which half say nothing and half raise."""

    breaks = "R10"

    async def closes(self, session: Session) -> None:
        if session.closed:
            raise RuntimeError("it is closed")
        await super().closes(session)


class LeavesItsPoolAfterAnError(Fault):
    """As a clean-up after the `yield` of a context manager that has no `finally`."""

    breaks = "R12"
    pools: tuple[ThreadPoolExecutor, ...] = ()

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        session.kept = ThreadPoolExecutor(1)
        session.kept.submit(int).result()

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception:
            self.pools += (session.kept,)
            raise

    async def closes(self, session: Session) -> None:
        if session.kept not in self.pools:
            session.kept.shutdown()
        await super().closes(session)


class Pipe:
    """Open until it is forgotten."""

    def __init__(self) -> None:
        self.ends = os.pipe()

    def __del__(self) -> None:
        for end in self.ends:
            os.close(end)


class WaitsWithAPipeInItsFrame(Fault):
    """As a bridge that waits with a pipe or an eventfd of its own: an error's traceback keeps the frame, and that the pipe."""

    breaks = "R13"

    async def calls(self, session: Session, fn: Any) -> Any:
        pipe = Pipe()
        value = await session.portal.call(fn)
        del pipe
        return value
