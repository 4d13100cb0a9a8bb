"""What breaks the laws about what frameworks say of their own threads, and do for others (chapter X)."""

from __future__ import annotations

from asyncio.selector_events import BaseSelectorEventLoop
from typing import Any

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
