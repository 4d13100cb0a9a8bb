"""Loop: one asyncio loop serves both; asyncio, Tornado, anyio on asyncio, uvloop, and Twisted's asyncioreactor."""

from __future__ import annotations

from functools import partial

from interop.errors import NoSuchTopology
from interop.runtime import Runtime
from interop.topologies.hosted import Adapter, Hosted


class OnLoop(Hosted):
    """A framework that serves on the caller's own loop; ending it leaves the loop alone."""

    async def stop(self) -> bool:
        """End the framework, not the loop; nothing is waited for."""
        self._leave_once()
        return False

    def end_soon(self) -> None:
        """The same, from any thread."""
        self.here.wake(self._leave_once)

    def _leave_once(self) -> None:
        if not self.told_to_end:
            self.told_to_end = True
            self.leave()

    def __init__(self, here: Runtime, name: str, adapter: Adapter, flavour: str) -> None:
        super().__init__(here, name, adapter.current)
        self.runtime, self.leave = adapter.on_loop(here.asyncio_loop(), flavour, partial(NoSuchTopology, here.name, name, "loop"))


async def start(here: Runtime, name: str, adapter: Adapter, flavour: str) -> Hosted:
    """Serve a second framework on the caller's loop.

    Raises:
        NoSuchTopology: one of them does not run on an asyncio loop.
    """
    if here.asyncio_loop() is None:
        raise NoSuchTopology(here.name, name, "loop", f"{here.name} does not run on an asyncio loop")
    if not hasattr(adapter, "on_loop"):
        raise NoSuchTopology(here.name, name, "loop", f"{name} does not run on an asyncio loop")
    return OnLoop(here, name, adapter, flavour)
