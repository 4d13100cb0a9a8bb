"""What breaks the laws about a session that a cancel meets while it opens or closes, or that a forked process has (R and C)."""

from __future__ import annotations

from typing import Any

from interop.portal import Portal
from interop.runtime import Runtime
from tests.faulty.fault import Fault, adapter


class DoesNotHearOfAFork(Fault):
    """As most pools of threads: in the child, they wait for a thread that is not there."""

    breaks = "R20"
    on = "threads->asyncio/thread"

    def spoil(self) -> None:
        Runtime.after_fork = lambda self: None  # type: ignore[method-assign]


class ForgetsACancelThatCameWhileItOpened(Fault):
    """As a Deferred that is fired with a value, whatever was asked of it meanwhile."""

    breaks = "R29"
    on = "twisted->asyncio/thread"

    def spoil(self) -> None:
        adapter("twisted").Reactor.keeps_cancels = True


class ForgetsACancelThatCameWhileItClosed(Fault):
    """As a close that shields itself, and does not ask afterwards what has bounced off."""

    breaks = "C40"
    on = "twisted->asyncio/thread"

    def spoil(self) -> None:
        good = Portal._all_back

        async def all_back(portal: Portal, here: Any) -> bool:
            await good(portal, here)
            return False

        Portal._all_back = all_back  # type: ignore
