"""What breaks the law about a session in a process that was forked (chapter R)."""

from __future__ import annotations

from interop.runtime import Runtime
from tests.faulty.fault import Fault


class DoesNotHearOfAFork(Fault):
    """As most pools of threads: in the child, they wait for a thread that is not there."""

    breaks = "R20"
    on = "threads->asyncio/thread"

    def spoil(self) -> None:
        Runtime.after_fork = lambda self: None  # type: ignore[method-assign]
