"""What breaks the laws about what a call or a session leaves to the next one (chapters C and R)."""

from __future__ import annotations

import asyncio
import atexit
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faulty.fault import Fault, Session, adapter


class LeavesACancelToTheNextCall(Fault):
    """As a flag of a worker thread's that the next function finds set."""

    breaks = "C39"
    on = "asyncio->threads/thread"

    def spoil(self) -> None:
        lanes = adapter("threads_lanes")

        def rest(worker: Any) -> None:
            if worker.gone is None:
                worker.pool.idle.append(worker)

        lanes.Worker._rest = rest


class KeepsTheTimersOfItsLoops(Fault):
    """As a reactor that is stopped and run again: what was to come in it still is."""

    breaks = "R26"

    def spoil(self) -> None:
        good, kept = asyncio.BaseEventLoop.call_later, list[Any]()

        def call_later(loop: Any, delay: float, *args: Any, **kwargs: Any) -> Any:
            timer = good(loop, delay, *args, **kwargs)
            if delay == 1000:
                kept.append(timer)
            return timer

        asyncio.BaseEventLoop.call_later = call_later  # type: ignore[assignment,method-assign]


class LeavesATimerForEachTurnOfItsGuest(Fault):
    """As `reactor.callLater(deadline, wake)` for whatever the guest waits for, and no `cancel()`."""

    breaks = "R22"
    on = "twisted->asyncio/guest"

    def spoil(self) -> None:
        reactor = adapter("twisted").Reactor
        good = reactor.readable

        async def readable(runtime: Any, fd: int, seconds: float | None) -> None:
            if seconds is not None and seconds > 1500:  # Shorter ones are left in other laws, too.
                runtime.reactor.callLater(seconds, list)
            await good(runtime, fd, seconds)

        reactor.readable = readable


class HasOnePoolForAllItsLoops(Fault):
    """As an executor of the module's own, which nobody shuts down before the process ends."""

    breaks = "R24"

    def spoil(self) -> None:
        good, pool = asyncio.BaseEventLoop.run_in_executor, ThreadPoolExecutor()

        def run_in_executor(loop: Any, executor: Any, fn: Any, *args: Any) -> Any:
            return good(loop, executor or pool, fn, *args)

        asyncio.BaseEventLoop.run_in_executor = run_in_executor  # type: ignore[assignment,method-assign]


class WillCloseEachSessionAtExit(Fault):
    """As `atexit.register(session.close)`, which close() does not take back."""

    breaks = "R30"

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        atexit.register(list)
