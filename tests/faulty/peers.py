"""What breaks the laws about peers that call back, that end, and that say so (chapters L, C and X)."""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from typing import Any

from interop.errors import CalleeCancelled, CannotWrap, NoSuchTopology, PeerGone, PortalClosed, WrongThread
from interop.portal import Portal
from tests.faulty.fault import AtItsPeersEnd, Fault, Session, adapter, result

inside: contextvars.ContextVar[Any] = contextvars.ContextVar("inside", default=None)


class KnowsItsWayBackInItsOwnTaskOnly(Fault):
    """As async_to_sync() of asgiref, which knows the loop in the thread that sync_to_async() has started, and in no other."""

    breaks = "L17"

    def back(self, here: Any) -> Any:
        class Back(Fault):
            async def calls(self, session: Session, fn: Any) -> Any:
                if inside.get() is not asyncio.current_task():
                    raise RuntimeError("this task was not started by a call")
                return await session.portal.call(fn)

        return Session(Back(self.crossing), super().back(here))

    async def there(self, session: Session, fn: Any) -> Any:
        inside.set(asyncio.current_task())
        return await result(fn)


class DoesNotHearOfAThreadsEnd(Fault):
    """As a table of threads by their number, which a thread does not leave when it ends."""

    breaks = "L22"
    on = "threads->asyncio/thread"

    def spoil(self) -> None:
        adapter("threads").Ending = lambda runtime: None


class TakesEveryTopologyForAThread(Fault):
    """As an option with a default that nobody checks."""

    breaks = "L24"

    def refused(self) -> Any:
        for _, words in super().refused():
            yield self.caller.open_portal(self.crossing.callee), words  # type: ignore[attr-defined]


class NamesAnotherCallerInItsRefusal(Fault):
    """As a sentence that was written for the caller that its author had in mind."""

    breaks = "L24"
    on = "gevent->asyncio/thread"

    def spoil(self) -> None:
        good = NoSuchTopology.__init__
        NoSuchTopology.__init__ = lambda error, caller, *others: good(error, "asyncio", *others)  # type: ignore[method-assign]


class TakesEveryTopologyForTheOneThatThereIs(Fault):
    """As an option that is read only where something is to be started."""

    breaks = "L24"

    def open(self) -> Any:
        portal = self.caller.open_portal(self.crossing.callee, topology=self.topology)  # type: ignore[attr-defined]
        self.latest = weakref.ref(portal)
        return Session(self, portal)

    def spoil(self) -> None:
        good = Portal._reach

        async def reach(portal: Portal, here: Any) -> Any:
            if not isinstance(portal._wanted, str):
                portal._topology = None
            return await good(portal, here)

        Portal._reach = reach  # type: ignore


class DoesNotSayWhatItCannotWrap(Fault):
    """As TypeError("not supported")."""

    breaks = "L24"
    on = "asyncio->gevent/thread"

    def spoil(self) -> None:
        CannotWrap.__init__ = lambda error, value, reason: None  # type: ignore


class SaysNoReasonForItsPeersEnd(Fault):
    """As f"gone: {reason}" where nobody has given a reason."""

    breaks = "L20"

    def spoil(self) -> None:
        good = PeerGone.__init__
        PeerGone.__init__ = lambda error, framework, why: good(error, framework, None)  # type: ignore


class WaitsForALoopThatHasEnded(AtItsPeersEnd):
    """As run_coroutine_threadsafe() and blockingCallFromThread(): what the loop has not answered, nobody answers."""

    breaks = "L18"

    async def instead(self, error: PeerGone) -> Any:
        await asyncio.get_running_loop().create_future()


class SaysThatItsPeerIsGoneWhenItIsClosed(Fault):
    """As one ConnectionError for whatever end there was."""

    breaks = "L19"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except PortalClosed as error:
            raise PeerGone("asyncio", "the connection was lost") from error


class SaysThatItIsClosedWhenItsPeerIsGone(AtItsPeersEnd):
    """As an executor, which "cannot schedule new futures after shutdown", with no word of who has shut it down."""

    breaks = "L20"

    async def instead(self, error: PeerGone) -> Any:
        raise PortalClosed("asyncio->asyncio") from error


class ForgetsWhatHadNotBegun(Fault):
    """As a queue that is let go with its loop: those who wait in it hear that something was cancelled."""

    breaks = "L26"

    async def calls(self, session: Session, fn: Any) -> Any:
        begun: list[bool] = []

        async def begins() -> Any:
            begun.append(True)
            return await result(fn)

        try:
            return await session.portal.call(begins)
        except PeerGone as error:
            if begun or isinstance(error, PortalClosed):
                raise
            raise CalleeCancelled("asyncio->asyncio", error) from error


class SaysThatItsPeerIsGoneWhenItsCalleeWasCancelled(Fault):
    """As a bridge that takes a cancel which it has not sent for the end of the callee's loop."""

    breaks = "C33"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except CalleeCancelled as error:
            raise PeerGone("asyncio", "it was cancelled") from error.__cause__


class ServesWhoeverCalls(Fault):
    """As most clients, which are documented to be no good in another loop, and do not look."""

    breaks = "X13"

    def calls(self, session: Session, fn: Any) -> Any:
        return self.anywhere(session, fn)

    async def anywhere(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except WrongThread:
            async with adapter("asyncio").open_portal(session.runtime) as portal:
                return await portal.call(fn)


class SaysThatItIsClosedAndNoMore(Fault):
    """As RuntimeError("closed"): the message is right, and nobody knows what it is about."""

    breaks = "L21"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except PortalClosed as error:
            error.args = ("it is closed",)
            raise


class ForgetsWhatEndedThePeer(Fault):
    """As `except BaseException: break` around a loop that runs in a thread."""

    breaks = "L23"
    on = "asyncio->gevent/thread"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except PeerGone as error:
            error.__cause__ = None
            raise


class ForgetsWhichCancelItWas(Fault):
    """As "the other side was cancelled", of which there are four kinds."""

    breaks = "C33"

    def spoil(self) -> None:
        good = CalleeCancelled.__init__
        CalleeCancelled.__init__ = lambda error, crossing, cause: good(error, crossing, None)  # type: ignore


class LeavesWhatRunsWhenTheReactorStops(Fault):
    """As Twisted itself, which stops where it stands."""

    breaks = "L29"
    on = "asyncio->twisted/thread"

    def spoil(self) -> None:
        adapter("twisted").Reactor._stops = lambda reactor: None
