"""What breaks the laws about the very end of streams and managers (chapter S)."""

from __future__ import annotations

import asyncio
from typing import Any

from interop.conversation import Conversation
from interop.errors import CalleeCancelled, PeerGone, PortalClosed
from interop.runtime import Runtime
from tests.faulty import stream_starts
from tests.faulty.fault import Fault, Session

LOOP = "asyncio->asyncio/loop"


class LeavesAgainWhatWasCancelled(Fault):
    """As `except BaseException: await manager.__aexit__(...)` around a block whose leaving has just been cancelled."""

    breaks = "S17"
    on = LOOP

    def enters(self, session: Session, manager: Any) -> Any:
        made = manager()
        return Again(session, session.portal.enter(made), made)


class Again:
    def __init__(self, session: Session, entered: Any, made: Any) -> None:
        self.session, self.entered, self.made = session, entered, made

    async def __aenter__(self) -> Any:
        return await self.entered.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> Any:
        try:
            return await self.entered.__aexit__(kind, error, trace)
        except CalleeCancelled:
            await self.session.portal.call(self.made.__aexit__, kind, error, trace)
            raise


class KeepsADroppedStream(Fault):
    """As a table of open streams, from which a close takes them out, and nothing else."""

    breaks = "S18"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        stream = session.portal.stream(fn)
        session.kept = [*(session.kept or ()), stream]
        return stream


class GivesNothingAfterACancelledStep(Fault):
    """As a step that is answered with nothing when the source has ended meanwhile."""

    breaks = "S19"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        return Items(session.portal.stream(fn))


class Items:
    def __init__(self, items: Any) -> None:
        self.items, self.cancelled = items, False

    def __aiter__(self) -> Items:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.items, name)

    async def __anext__(self) -> Any:
        if self.cancelled:
            return None
        try:
            return await self.items.__anext__()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


class TellsItsReadersOfTheCloseAlone(Fault):
    """As `raise PortalClosed` for all who wait, whatever their sources said at their end."""

    breaks = "S31"
    on = LOOP

    def streams(self, session: Session, fn: Any) -> Any:
        class Told(Items):
            async def __anext__(self) -> Any:
                try:
                    return await self.items.__anext__()
                except ValueError:
                    if session.kept == "closing":
                        raise PortalClosed("asyncio->asyncio") from None
                    raise

        return Told(session.portal.stream(fn))

    async def closes(self, session: Session) -> None:
        session.kept = "closing"
        await super().closes(session)


class PassesOnOneCancelForEachStream(Fault):
    """As `if not self.cancelled: self.cancelled = True; task.cancel()`, which nobody sets back."""

    breaks = "S43"
    on = LOOP

    def spoil(self) -> None:
        good = Conversation.cancel

        def cancel(talk: Any, step: Any) -> None:
            if "was_cancelled" not in vars(talk):
                talk.was_cancelled = True
                good(talk, step)

        Conversation.cancel = cancel  # type: ignore[method-assign]


class EntersOneFormAndLeavesTheOther(Fault):
    """As `if hasattr(manager, "__exit__")` at the end, and `if hasattr(manager, "__aenter__")` at the beginning."""

    breaks = "S47"
    on = LOOP

    def enters(self, session: Session, manager: Any) -> Any:
        class Mixed:
            def __init__(self) -> None:
                self.good = manager()

            async def __aenter__(self) -> Any:
                return await self.good.__aenter__()

            async def __aexit__(self, *exc: Any) -> Any:
                return self.good.__exit__(*exc) if hasattr(self.good, "__exit__") else await self.good.__aexit__(*exc)

        return session.portal.enter(Mixed)


class TakesAGonePeerForTheEndOfItsItems(Fault):
    """As `while peer.is_alive()` around the reading of a queue: where nothing comes any more, that was all."""

    breaks = "L25"

    def streams(self, session: Session, fn: Any) -> Any:
        class Ended(stream_starts.Items):
            async def __anext__(self) -> Any:
                try:
                    return await super().__anext__()
                except PortalClosed:
                    raise
                except PeerGone:
                    raise StopAsyncIteration from None

        return Ended(session.portal.stream(fn))


class SaysNothingOfAFailedCleanUp(Fault):
    """As a task that nobody awaits, and whose error is taken out by a callback that logs at level DEBUG."""

    breaks = "S39"

    def spoil(self) -> None:
        Runtime.unheard = lambda runtime, error: None  # type: ignore
