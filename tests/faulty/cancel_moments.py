"""What breaks the laws about when a cancel comes, and what is left of it (chapter C)."""

from __future__ import annotations

import asyncio
from typing import Any

from interop.call import BEGUN, RUNNING, Call
from interop.errors import CalleeCancelled
from tests.faulty.fault import Fault, Session, adapter

LOOP = "asyncio->asyncio/loop"


class RaisesTheCallersCancelOfAPlainFunction(Fault):
    """As asyncio.to_thread() and Future.set_exception(): a CancelledError from a thread cancels the task that waits."""

    breaks = "C28"
    on = "asyncio->threads/thread"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except CalleeCancelled as error:
            if isinstance(error.__cause__, asyncio.CancelledError):
                raise error.__cause__  # noqa: B904 - it is the callee's
            raise


class DropsACancelThatComesBeforeTheCalleeRuns(Fault):
    """As a request whose task is known only when the other side has answered that it has begun."""

    breaks = "C29"
    on = LOOP

    def spoil(self) -> None:
        asyncio_adapter = adapter("asyncio")

        class Waiter(asyncio_adapter.Waiter):  # type: ignore[misc,name-defined]
            def cancel(self, msg: Any = None) -> Any:
                return True if self.call.state < RUNNING else super().cancel(msg)

        asyncio_adapter.Waiter = Waiter


class DropsACancelThatComesWhileTheCalleeIsHeld(Fault):
    """The same towards a callee that is given a task, whose first step comes only after something else that it has to do."""

    breaks = "C30"
    on = "asyncio->trio/thread"

    def spoil(self) -> None:
        asyncio_adapter = adapter("asyncio")

        class Waiter(asyncio_adapter.Waiter):  # type: ignore[misc,name-defined]
            def cancel(self, msg: Any = None) -> Any:
                at_work = self.call.state == BEGUN and list(self.call.callee._inbox)[:1]
                held = at_work and not isinstance(getattr(at_work[0], "__self__", None), Call)
                return True if held else super().cancel(msg)

        asyncio_adapter.Waiter = Waiter


class CancelsAnewAfterTheCleanup(Fault):
    """As `raise CancelledError` once the callee has ended: the one that came has gone, and its message with it."""

    breaks = "C31"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except asyncio.CancelledError:
            raise asyncio.CancelledError from None


class CountsACancelTwice(Fault):
    """As a bridge that takes the cancel, and cancels its task again when the callee has ended."""

    breaks = "C32"
    on = LOOP
    since = (3, 11)

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except asyncio.CancelledError:
            task: Any = asyncio.current_task()
            task.cancel()
            await asyncio.sleep(0)
            raise


class AsksScopesAloneWhetherThereWasACancel(Fault):
    """As an adapter of anyio's that knows no cancel but that of a scope."""

    breaks = "C34"
    on = "anyio[asyncio]->asyncio/loop"

    def spoil(self) -> None:
        adapter("asyncio_futures").DueCancels.add = lambda *late: None


class CountsALateCancelTwice(Fault):
    """As a cancel that is thrown again later: asyncio.timeout() finds one more than it has sent, and takes it for another's."""

    breaks = "C14"
    on = LOOP
    since = (3, 11)

    def spoil(self) -> None:
        def throw(late: Any, task: Any) -> None:
            message = late._take(task)
            if message is not None:
                task.cancel(*message)

        adapter("asyncio_futures").DueCancels._throw = throw


class TakesAnOldCancelForTheLateOne(Fault):
    """As a bridge that asks only whether its task has any cancel that nobody has taken back."""

    breaks = "C36"
    on = LOOP
    since = (3, 11)

    def spoil(self) -> None:
        adapter("asyncio_futures").DueCancels.count_before = lambda late, task: 0


class TakesAPendingCancelForAnOldOne(Fault):
    """As a bridge that counts its task's cancels when its own wait begins: the one that has not been raised yet is among them."""

    breaks = "C38"
    on = "asyncio->trio/thread"
    since = (3, 11)

    def spoil(self) -> None:
        adapter("asyncio_futures").DueCancels.count_before = lambda late, task: task.cancelling()


class ForgetsWhatWasSaidWithALateCancel(Fault):
    """As `task.cancel()` where `task.cancel(message)` was meant."""

    breaks = "C41"
    on = LOOP

    def spoil(self) -> None:
        kind = adapter("asyncio_futures").DueCancels
        good = kind.add
        kind.add = lambda late, task, before, message: good(late, task, before, ())
