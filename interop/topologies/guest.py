"""Guest: two loops in one thread, nothing patched.

Trio has a guest mode: its ticks are callbacks of the host, and only its waiting for files is in a helper thread.
An asyncio loop becomes a guest by its selector: an ordinary SelectorEventLoop runs in a greenlet, and where its selector would
block, it parks (parked.py), and the host waits for the selector's own file descriptor.
"""

from __future__ import annotations

from typing import Any

from interop.call import Call
from interop.errors import FrameworkMissing, NoSuchTopology
from interop.runtime import Runtime
from interop.topologies.hosted import Adapter, Hosted, check
from interop.topologies.parked import AsyncioAdapter, Parked


async def start(here: Runtime, name: str, adapter: Adapter, flavour: str, asyncio_adapter: Any) -> Hosted:
    """Start a loop as the guest of the caller's.

    Raises:
        NoSuchTopology: with the reason.
        CannotStart: this process lacks something that the framework needs.
    """
    kind = "trio" if name in ("trio", "anyio[trio]") else "asyncio" if hasattr(adapter, "on_loop") else None
    if name == "asyncio[uvloop]":
        reason = "uvloop's poll cannot be parked on a file descriptor"
    elif name == "twisted" or name == "twisted[private]":
        reason = "the default reactor cannot be a guest: use twisted[asyncio]"
    elif kind is None:
        reason = f"{name} has no loop that could be a guest: let it be the host"
    elif name == "twisted[asyncio]" and here.name.startswith("twisted"):
        reason = "one thread can have one reactor only: call that, or use a thread"
    elif here.name == "threads":
        reason = "a plain thread has no loop to be the guest of"
    elif kind in here.hosts():
        check(adapter, name)
        hosted = TrioGuest(here, name, adapter) if kind == "trio" else AsyncioGuest(here, name, adapter, flavour, asyncio_adapter)
        return await hosted.begin(hosted.launch)
    elif kind == "asyncio":
        reason = "both run on asyncio: use the topology 'loop'"
    else:
        reason = "one thread can have one Trio run only"
    raise NoSuchTopology(here.name, name, "guest", reason)


class TrioGuest(Hosted):
    """Trio in its own guest mode."""

    def __init__(self, here: Runtime, name: str, adapter: Adapter) -> None:
        super().__init__(here, name, adapter.current)
        self.adapter = adapter

    def launch(self) -> None:
        """Start Trio's guest run."""
        self.adapter.guest(self.main, self.here.wake, self._done)

    def _done(self, outcome: Any) -> None:
        self.over(getattr(outcome, "error", None))


class AsyncioGuest(Parked):
    """An asyncio loop that parks to a task of the host."""

    def __init__(self, here: Runtime, name: str, adapter: Adapter, flavour: str, asyncio_adapter: AsyncioAdapter) -> None:
        super().__init__(here, name, adapter, flavour, asyncio_adapter)
        try:
            self.become()
        except ImportError:
            raise FrameworkMissing(f"{name}, as a guest of {here.name}", "greenlet", "gevent") from None

    def launch(self) -> None:
        """Start the task of the host that runs the guest's greenlet."""
        Call(self.here, self.here, lambda: self.here.native(self._host())).send()

    async def _host(self) -> None:
        """In a task of the host: wait for the guest's files, and give it a turn."""
        request = self.turns.next()
        while not self.turns.over:
            try:
                await self.here.readable(self.selector.fileno(), request)
            except BaseException:
                # Somebody kills this task: the guest has to end now, and may block the thread while it cleans up.
                self.selector.park = None
                if self.enough is not None:
                    self.enough.settle()
                self.over(self.turns.next())
                raise
            request = self.turns.next()
        self.over(request)
