"""What breaks the laws of chapter L: liveness."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

from interop.errors import PeerGone
from tests.faulty.fault import AtItsPeersEnd, Fault, OwnedFault, Session, adapter, result

LOOP = "asyncio->asyncio/loop"
depth: contextvars.ContextVar[int] = contextvars.ContextVar("depth", default=0)


class BlocksTheTaskThatOpenedIt(OwnedFault):
    """As run_coroutine_threadsafe(...).result() inside a coroutine, in the task that has opened the portal."""

    breaks = "L1"

    async def calls(self, session: Session, fn: Any) -> Any:
        if asyncio.current_task() is not session.kept or session.closed or session.runtime.gone:
            return await session.portal.call(fn)
        with adapter("threads").open_portal(session.runtime) as blocking:
            return blocking.call(fn)


class RefusesAnotherFunctionWhileOneIsOut(Fault):
    """As a connection that says "another operation is in progress", and is of no use to either from then on."""

    breaks = "L2"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        if any(call.fn.func.__qualname__ != fn.func.__qualname__ for call in session.portal._calls):
            for call in session.portal._calls:
                call.ask_to_stop(RuntimeError("another operation was begun"))
            raise RuntimeError("another operation is in progress")
        return await session.portal.call(fn)


class Nesting(Fault):
    """The part that faults share which want to know how deep a call is nested in calls."""

    async def calls(self, session: Session, fn: Any) -> Any:
        level = depth.get() + 1
        token = depth.set(level)
        try:
            call = session.portal.call(fn)
        finally:
            depth.reset(token)
        return await self.nested(session, level, call)

    async def nested(self, session: Session, level: int, call: Any) -> Any:
        raise NotImplementedError


class NestsNoDeeperThanTen(Nesting):
    """As asgiref and greenback, where each level costs a thread or a greenlet, and a limit was found for it."""

    breaks = "L3"

    async def nested(self, session: Session, level: int, call: Any) -> Any:
        if level > 10:
            call.close()
            raise RecursionError("calls are nested too deep")
        return await call


class HasAPoolOfAHundred(Fault):
    """As every pool with a limit: asgiref's thread pool, anyio's 40 worker threads."""

    breaks = "L4"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        session.kept = session.kept or asyncio.Semaphore(100)
        async with session.kept:
            return await session.portal.call(fn)


class LosesEverySixtiethWakeUpOfAnIdlePeer(Fault):
    """As a flag that is looked at before the sleep and not after; what nobody hears ends with a timeout."""

    breaks = "L5"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        session.kept = (session.kept or 0) + (not session.portal._calls)
        if not session.portal._calls and session.kept % 60 == 0:
            raise asyncio.TimeoutError("no answer")
        return await session.portal.call(fn)


class BlocksItsOwnLoop(Fault):
    """As Twisted's blockingCallFromThread() called in the reactor's own thread."""

    breaks = "L6"
    on = "threads->asyncio/thread"

    def inward(self) -> Any:
        return Blockingly()


class Blockingly:
    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def call(self, fn: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(fn(), asyncio.get_running_loop()).result()


class OpensItselfAgain(Fault):
    """As a client that reconnects by itself, also after close()."""

    breaks = "L7"

    async def calls(self, session: Session, fn: Any) -> Any:
        if not session.closed:
            return await session.portal.call(fn)
        async with super().open() as again:
            return await again.portal.call(fn)


class GivesAllTheSameError(Fault):
    """As one exception object for all that wait: each adds its traceback to it."""

    breaks = "L8"

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        runtime, one = session.runtime, list[Any]()
        peer_gone = runtime.peer_gone

        def same(*why: Any) -> Any:
            one[:] = one or [peer_gone(*why)]
            return one[0]

        runtime.peer_gone = same


class TakesADeadPeerForACancel(AtItsPeersEnd):
    """As run_coroutine_threadsafe(), whose future is cancelled when the other loop ends."""

    breaks = "L8"

    async def instead(self, error: PeerGone) -> Any:
        raise asyncio.CancelledError from None


class GivesNothingOfADeadPeer(Fault):
    """As call_soon_threadsafe() on a stopped loop, and reactor.callFromThread(): silent."""

    breaks = "L16"

    async def calls(self, session: Session, fn: Any) -> Any:
        if not session.closed and session.runtime.gone:
            return None
        return await session.portal.call(fn)


class WrapsItselfOnceMoreForEachCall(Fault):
    """As `self.call = traced(self.call)` in a method, and a Deferred to which each call chains its own, Twisted #411."""

    breaks = "L9"

    async def calls(self, session: Session, fn: Any) -> Any:
        session.kept = (session.kept or 0) + 4
        return await self.layer(session, fn, session.kept)

    async def layer(self, session: Session, fn: Any, more: int) -> Any:
        return await (self.layer(session, fn, more - 1) if more else session.portal.call(fn))


class EmptiesItsInboxForAsLongAsThereIsSomething(Fault):
    """As `while queue: queue.popleft()()` in a callback of the loop's."""

    breaks = "L10"
    on = "twisted[asyncio]->twisted[asyncio]/loop"

    def spoil(self) -> None:
        def drains(here: Any) -> None:
            while here._inbox:
                here._inbox.popleft()()
            here._awake = False

        adapter("twisted").Reactor.drain = drains


class EmptiesItsInboxForEver(Fault):
    """The same in the wake-up of a loop: each answer brings the next request, and nothing else has its turn."""

    breaks = "L10"
    on = LOOP
    since = (3, 12)  # Before it, a task's first step is a turn of the loop later.

    def spoil(self) -> None:
        def drains(here: Any) -> None:
            here._awake = False
            while here._inbox:
                here._inbox.popleft()()

        adapter("asyncio").Loop.drain = drains


class LetsEverySecondCallWaitATurn(Fault):
    """As a pool of workers, or a set in place of a queue."""

    breaks = "L11"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        session.kept = not session.kept
        if session.kept:
            await asyncio.sleep(0)
        return await session.portal.call(fn)


class RefusesItsOwnerWhileACallWaits(OwnedFault):
    """As run_until_complete() in the callee: until that call is done, nothing else can be."""

    breaks = "L12"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        if asyncio.current_task() is session.kept and session.portal._calls:
            raise RuntimeError("this event loop is already running")
        return await session.portal.call(fn)


class RefusesToCallWhileItIsCalled(Nesting):
    """As two directions over one connection, of which one has the floor."""

    breaks = "L13"
    on = LOOP
    called = 0

    async def nested(self, session: Session, level: int, call: Any) -> Any:
        if self.called and level == 1:
            call.close()
            raise RuntimeError("the other side is speaking")
        return await call

    def back(self, here: Any) -> Any:
        fault = self

        class Back(Fault):
            async def calls(self, session: Session, fn: Any) -> Any:
                fault.called += 1
                try:
                    return await session.portal.call(fn)
                finally:
                    fault.called -= 1

        return Session(Back(self.crossing), super().back(here))


class HasOneSlotForAnswers(Fault):
    """As `self.result = value; event.set()` in the object that all calls share."""

    breaks = "L14"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        await session.portal.call(self.answering, session, fn)
        return session.kept

    async def answering(self, session: Session, fn: Any) -> None:
        session.kept = await result(fn)


class ParksAThreadForEachCall(Fault):
    """As run_in_executor(None, future.result): asgiref, and gevent's threadpool."""

    breaks = "L15"

    async def calls(self, session: Session, fn: Any) -> Any:
        answered = threading.Event()
        thread = threading.Thread(target=answered.wait, daemon=True)
        thread.start()
        try:
            return await session.portal.call(fn)
        finally:
            answered.set()
            thread.join()
