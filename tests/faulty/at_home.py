"""What breaks the law about what frameworks say of their own threads (chapter X)."""

from __future__ import annotations

from typing import Any

from tests.faulty.fault import Fault, adapter


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
