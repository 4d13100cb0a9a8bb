"""What breaks the laws about the end of the caller's loop (chapters R and L)."""

from __future__ import annotations

from typing import Any

from interop import unpatched
from interop.runtime import Runtime
from interop.unpatched import running_loop
from tests.faulty.fault import Fault, adapter


class RefusesCallsBeforeItHasEndedWhatItHasStarted(Fault):
    """As a server that stops listening first, and then asks its workers to save what they have."""

    breaks = "R27"

    def spoil(self) -> None:
        good = Runtime.end_guests

        async def end_guests(runtime: Runtime) -> None:
            runtime.die("it is shutting down")
            await good(runtime)

        Runtime.end_guests = end_guests  # type: ignore


class StartsALoopWhileItEnds(Fault):
    """As a pool that starts another worker for a task which a worker puts into it at its end."""

    breaks = "R28"
    on = "trio->asyncio/thread"

    def spoil(self) -> None:
        Runtime.ending = property(lambda runtime: False, lambda runtime, value: None)  # type: ignore[assignment]


class RingsWhereNobodyListensAnyMore(Fault):
    """As a write to a pipe whose other end is still open, though its reader has gone home."""

    breaks = "L27"

    def spoil(self) -> None:
        kind = adapter("asyncio").Loop
        good = kind.raw_wake

        def raw_wake(loop: Any) -> None:
            if loop.bell is None or running_loop() is loop.loop:
                good(loop)
            else:
                loop.bell.ring()

        kind.raw_wake = raw_wake


class IsSilentWhereNobodyWaits(Fault):
    """As a result that is put into a queue which nobody reads."""

    breaks = "L28"

    def spoil(self) -> None:
        Runtime.unheard = lambda runtime, error: None  # type: ignore[method-assign]


class LetsTheProcessWaitForItsThreads(Fault):
    """As `threading.Thread(target=run_loop).start()`."""

    breaks = "L32"

    def spoil(self) -> None:
        unpatched._daemons = lambda: False
        unpatched._at_exit = lambda: None  # type: ignore[assignment]
