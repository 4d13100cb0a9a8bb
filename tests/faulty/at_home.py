"""What breaks the laws about what frameworks say of their own threads, and do with others (chapters L and X)."""

from __future__ import annotations

import asyncio
from asyncio.selector_events import BaseSelectorEventLoop
from typing import Any

from interop.topologies.parked import ParkingSelector
from tests.faulty.fault import Fault, adapter

LOOP = "asyncio->asyncio/loop"


class DoesNotTellTwistedItsThread(Fault):
    """As a reactor that somebody else's loop drives, since run() is never called."""

    breaks = "X17"
    on = "asyncio->twisted[asyncio]/loop"

    def spoil(self) -> None:
        on_loop = adapter("twisted_on_loop")
        good = on_loop._serve

        def serve(reactor: Any, private: bool) -> Any:
            end = good(reactor, private)
            on_loop.threadable.ioThread = None
            return end

        on_loop._serve = serve


class WakesTheLoopForItsOwnCallsAlone(Fault):
    """As a loop that somebody else drives, and that looks at its callbacks when it has something else to do."""

    breaks = "X18"
    on = LOOP

    def spoil(self) -> None:
        BaseSelectorEventLoop._write_to_self = lambda loop: None  # type: ignore[attr-defined,unused-ignore]


class SwallowsWhatFailsInItsPool(Fault):
    """As an executor of the bridge's own, whose threads print an error and go on."""

    breaks = "L31"

    def spoil(self) -> None:
        good = asyncio.BaseEventLoop.run_in_executor

        def run_in_executor(loop: Any, executor: Any, fn: Any, *args: Any) -> Any:
            def job() -> Any:
                try:
                    return fn(*args)
                except Exception:
                    return None

            return good(loop, executor, job)

        asyncio.BaseEventLoop.run_in_executor = run_in_executor  # type: ignore[assignment,method-assign]


class GivesItsHostATurnWhenThereIsNothingToRead(Fault):
    """As a guest's selector that waits for the host only where it would have to wait itself."""

    breaks = "L33"
    on = "trio->asyncio/guest"

    def spoil(self) -> None:
        def select(selector: Any, timeout: float | None = None) -> Any:
            if selector.park is None:
                return selector._real.select(timeout)
            ready = selector._real.select(0)
            if not ready:
                selector.park(timeout)
            return ready or selector._real.select(0)

        ParkingSelector.select = select  # type: ignore
