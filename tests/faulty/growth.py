"""What breaks the laws about what grows, what stays, and what works though nobody asks for anything (chapter R)."""

from __future__ import annotations

import asyncio
import os
import warnings
from types import SimpleNamespace
from typing import Any, ClassVar

from interop import portal
from interop.bridges.portals import Portals
from interop.portal import Portal
from interop.runtime import Runtime
from tests.faulty.fault import Fault, Session

LOOP = "asyncio->asyncio/loop"


class KeepsANumberForEachCall(Fault):
    """As a dict of pending requests, from which only those that end well are taken out."""

    breaks = "R14"
    on = LOOP

    def calls(self, session: Session, fn: Any) -> Any:
        session.kept = session.kept if isinstance(session.kept, list) else []
        session.kept.append(object())
        return session.portal.call(fn)


class LeavesItsThreadWhenItIsDropped(Fault):
    """As a pool that only its close() ends."""

    breaks = "R19"

    def spoil(self) -> None:
        good = Portal.__del__

        def leaves_it(portal: Portal) -> None:
            portal._hosted = None
            good(portal)

        Portal.__del__ = leaves_it  # type: ignore[method-assign]


class SaysNothingWhenItIsDropped(Fault):
    """As a `__del__` that only tidies up."""

    breaks = "R19"

    def spoil(self) -> None:
        good = Portal.__del__

        def quietly(portal: Portal) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                good(portal)

        Portal.__del__ = quietly  # type: ignore[method-assign]


class KeepsThePipeOfItsFirstSession(Fault):
    """As uvloop, and as everything that is made at the first use for the whole process."""

    breaks = "R15"
    pipe: ClassVar[Any] = None

    async def opens(self, session: Session) -> None:
        type(self).pipe = self.pipe or os.pipe()
        await super().opens(session)


class AsksEachMillisecondWhetherThereIsSomething(Fault):
    """As a loop around queue.get_nowait() and sleep(0.001): fine, and never at rest."""

    breaks = "R16"
    on = LOOP

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        session.kept = asyncio.ensure_future(self.asks())

    async def asks(self) -> None:
        while True:  # noqa: ASYNC110 - this is the fault
            await asyncio.sleep(0.001)

    async def closes(self, session: Session) -> None:
        if session.kept is not None:
            session.kept.cancel()
            session.kept = None
        await super().closes(session)


class EndsWithTheFirstSessionThatIsClosed(Fault):
    """As a client that all sessions share, and each closes."""

    breaks = "R17"
    on = LOOP
    open_now: ClassVar[list[Session]] = []

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        self.open_now.append(session)

    async def closes(self, session: Session) -> None:
        if session in self.open_now[1:]:  # Not the oldest, which is often the only one that calls.
            for other in self.open_now:
                other.kept = "closed"
        if session in self.open_now:
            self.open_now.remove(session)
        await super().closes(session)

    async def calls(self, session: Session, fn: Any) -> Any:
        if session.kept and session in self.open_now:
            raise RuntimeError("the client has been closed")
        return await session.portal.call(fn)


class NamesItsOwnLineWhenItIsDropped(Fault):
    """As a warning without its stacklevel: every portal that is dropped is the same line, which is shown once."""

    breaks = "R19"

    def open(self) -> Any:
        return Portals.open(self)

    def spoil(self) -> None:
        warn = warnings.warn
        where: Any = portal
        where.warnings = SimpleNamespace(warn=lambda message, kind, source, stacklevel: warn(message, kind, 2, source))


class LeavesWhatItHasStartedWhenItsLoopEnds(Fault):
    """As a daemon thread: it goes on until the process ends, and is cut off then."""

    breaks = "R21"
    on = "trio->asyncio/thread"

    def spoil(self) -> None:
        async def end_guests(runtime: Runtime) -> None: ...

        Runtime.end_guests = end_guests  # type: ignore
