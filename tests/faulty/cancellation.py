"""What breaks the laws of chapter C: cancellation and time.

Most run on one loop, where the order of all steps is the same in every run.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from interop.call import BEGUN
from interop.errors import CalleeCancelled, PeerGone
from tests.faulty.fault import Fault, OwnedFault, Session, abandoned_when_cancelled, adapter, driven, later

LOOP = "asyncio->asyncio/loop"


class ForwardsNoCancel(Fault):
    """As asyncio.shield(), and asgiref's sync_to_async: a thread cannot be cancelled, so nobody is told."""

    breaks = "C1"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        return await abandoned_when_cancelled(session, fn, lambda task: None)


class ThrowsACancelOfItsOwn(Fault):
    """As a bridge with an exception of its own for it, which `except CancelledError` takes and type() does not."""

    breaks = "C1"
    on = LOOP

    def spoil(self) -> None:
        adapter("asyncio").Loop.cancel = lambda here, call: call.task.cancel("the bridge's")

    async def there(self, session: Session, fn: Any) -> Any:
        def step(how: Any, what: Any) -> Any:
            return how(Stopped() if getattr(what, "args", None) == ("the bridge's",) else what)

        return await driven(fn, step)


class Stopped(asyncio.CancelledError):
    pass


class ResumesBeforeTheCleanup(Fault):
    """As wrap_future(run_coroutine_threadsafe(...)): a cancel is passed on, and its end is nobody's business."""

    breaks = "C2"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        return await abandoned_when_cancelled(session, fn, lambda task: later(20, task.cancel))


class ResumesWhenTheCleanupWaits(Fault):
    """As Deferred.cancel(): it fires before the callee's cleanup is done, unless that is done at once."""

    breaks = "C3"
    on = LOOP

    def spoil(self) -> None:
        here = adapter("asyncio").Loop
        here.cancel = cancel = _cancels_and_knows(here.cancel)
        self.stopped = cancel.calls

    async def there(self, session: Session, fn: Any) -> Any:
        me = asyncio.current_task()

        def step(how: Any, what: Any) -> Any:
            waits_for = how(what)
            for call in list(self.stopped):
                if call.task is me:
                    self.stopped.remove(call)
                    call.settle(cancelled=True)
            return waits_for

        return await driven(fn, step)


def _cancels_and_knows(cancel: Any) -> Any:
    def cancels(here: Any, call: Any) -> None:
        cancels.calls.append(call)  # type: ignore[attr-defined]
        cancel(here, call)

    cancels.calls = []  # type: ignore[attr-defined]
    return cancels


class AbandonsOnTheSecondCancel(Fault):
    """As asyncio.wait_for() before 3.12: a second cancel ends the waiting for the first one's cleanup."""

    breaks = "C4"
    on = LOOP

    def spoil(self) -> None:
        asyncio_adapter = adapter("asyncio")

        class Waiter(asyncio_adapter.Waiter):  # type: ignore[misc,name-defined]
            def cancel(self, msg: Any = None) -> Any:
                if self.interrupted is not None:
                    self.call.settle(cancelled=True)
                return super().cancel(msg)

        asyncio_adapter.Waiter = Waiter


class ForwardsEveryCancel(Fault):
    """As asyncio's own chain of futures, in which each cancel() goes all the way down again."""

    breaks = "C16"
    on = LOOP

    def spoil(self) -> None:
        asyncio_adapter = adapter("asyncio")

        class Waiter(asyncio_adapter.Waiter):  # type: ignore[misc,name-defined]
            def cancel(self, msg: Any = None) -> Any:
                self.call.unwanted = self.call.stop_sent = self.call.stopped = False
                return super().cancel(msg)

        asyncio_adapter.Waiter = Waiter


class Delivers(Fault):
    """The part that faults share which spoil what a cancelled caller is told."""

    on = LOOP

    def spoil(self) -> None:
        loop = adapter("asyncio").Loop
        deliver = loop.deliver

        def delivers(here: Any, call: Any) -> Any:
            if call.unwanted is True and not call.cancelled and self.lost(call):
                raise asyncio.CancelledError
            return deliver(here, call)

        loop.deliver = delivers

    def lost(self, call: Any) -> bool:
        raise NotImplementedError


class ThrowsAValueAwayThatCameInSpiteOfTheCancel(Delivers):
    """As a future that is cancelled at once: set_result() finds it done."""

    breaks = "C5"

    def lost(self, call: Any) -> bool:
        return call.stopped and call.error is None


class CountsAsCancelledWhateverTheCleanupRaised(Delivers):
    """As asyncio.gather(), which forgets the errors of children that it has cancelled."""

    breaks = "C6"

    def lost(self, call: Any) -> bool:
        return call.error is not None


class LetsALateCancelWin(Delivers):
    """As asyncio.wait_for() before 3.12 (bpo-37658): the value was there, a cancel came, and a connection was lost."""

    breaks = "C12"

    def lost(self, call: Any) -> bool:
        return not call.stopped


class PassesTheCalleesCancelOn(Fault):
    """As wrap_future(run_coroutine_threadsafe(...)): the callee's cancel is taken for the caller's own."""

    breaks = "C7"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except CalleeCancelled as error:
            raise error.__cause__ or error  # noqa: B904 - it is the callee's


class CountsACancelThatNobodyAskedFor(Fault):
    """As a task that is cancelled to be woken, without uncancel(): its timeouts count wrong from then on."""

    breaks = "C8"
    since = (3, 11)

    async def calls(self, session: Session, fn: Any) -> Any:
        value = await session.portal.call(fn)
        task: Any = asyncio.current_task()
        if not task.cancelling():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        return value


class LeavesACancelAfterAnError(OwnedFault):
    """As a bridge that wakes its waiter by a cancel, and finds that it is awake already; in other tasks than its owner's."""

    breaks = "C8"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception:
            task: Any = asyncio.current_task()
            if task is not session.kept:
                task.cancel()
            raise


class LeavesItsTimeoutRunning(Fault):
    """As a `gevent.Timeout` around the wait that is started and never closed: it strikes the caller an hour later."""

    breaks = "C8"
    on = "gevent->asyncio/thread"

    def calls(self, session: Session, fn: Any) -> Any:
        import gevent

        session.kept = [*(session.kept or ()), gevent.Timeout.start_new(3600)]
        return session.portal.call(fn)


class StartsWhatNobodyWantsAnyMore(Fault):
    """As run_coroutine_threadsafe(): what is queued in the other loop is begun, cancelled or not."""

    breaks = "C9"

    def spoil(self) -> None:
        from interop.call import Call

        stop = Call.stop

        def stops(call: Call) -> None:
            if call.state == BEGUN:
                call.callee.wake(call.stop)
            else:
                stop(call)

        call: Any = Call
        call.stop, call.must_begin = stops, True


class TakesATimeoutForAKill(Fault):
    """As a bridge that keeps no more of an interruption than that there was one: the greenlet's own timeout is a kill."""

    breaks = "C10"
    on = "gevent->asyncio/thread"

    def calls(self, session: Session, fn: Any) -> Any:
        import gevent

        try:
            return session.portal.call(fn)
        except gevent.Timeout:
            raise gevent.GreenletExit from None


class TakesTheCalleesTimeoutForItsOwn(Fault):
    """As crochet's wait_for(timeout): one TimeoutError for both."""

    breaks = "C11"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise PeerGone("asyncio", "it took too long") from error


class ForgetsACancelThatTheCalleeTook(Fault):
    """As every `await` that takes a cancel to pass it on: the callee ended well, and the caller was never cancelled."""

    breaks = "C14"
    on = LOOP

    def spoil(self) -> None:
        adapter("asyncio_futures").DueCancels.add = lambda *late: None


class CancelsAllCallsOfThePortal(Fault):
    """As a nursery of the portal's own, in which one cancelled child takes its siblings along."""

    breaks = "C15"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except asyncio.CancelledError:
            for call in session.portal._calls:
                call.ask_to_stop()
            raise


class ResumesBeforeTheCleanupOnTheWayBack(Fault):
    """As two bridges, one for each direction, of which one is good: asgiref's pair is such."""

    breaks = "C17"

    def back(self, here: Any) -> Any:
        return Session(ResumesBeforeTheCleanup(self.crossing), super().back(here))


class TakesEveryCancelOfTheCalleesTaskForTheCallers(Fault):
    """As a callee whose cancels end in the bridge: the callee's own timeout never comes to it."""

    breaks = "C18"
    since = (3, 11)

    async def there(self, session: Session, fn: Any) -> Any:
        def step(how: Any, what: Any) -> Any:
            if isinstance(what, asyncio.CancelledError) and not any(call.stopped for call in session.runtime.outstanding):
                raise what
            return how(what)

        return await driven(fn, step)


class KillsOnceMoreAfterATimeout(Fault):
    """As a bridge that cancels its waiter by itself after the timeout has: the caller dies of what it had survived."""

    breaks = "C19"
    on = "gevent->asyncio/thread"

    def calls(self, session: Session, fn: Any) -> Any:
        import gevent

        try:
            return session.portal.call(fn)
        except gevent.Timeout:
            gevent.getcurrent().kill(block=False)
            raise


class EndsWithTheCalleesCancel(Fault):
    """As Deferred.fromFuture(): asyncio's CancelledError goes on into Twisted, whose own is another type."""

    breaks = "C27"
    on = "twisted->asyncio/thread"

    def calls(self, session: Session, fn: Any) -> Any:
        from twisted.internet.defer import CancelledError

        def passed_on(failure: Any) -> Any:
            failure.trap(CancelledError)
            raise asyncio.CancelledError

        return session.portal.call(fn).addErrback(passed_on)


class IsNoGoodAfterACancel(Fault):
    """As a connection in the middle of an answer that nobody reads any more."""

    breaks = "C20"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        if session.kept:
            raise RuntimeError("another operation is in progress")
        try:
            return await session.portal.call(fn)
        except asyncio.CancelledError:
            session.kept = True
            raise
