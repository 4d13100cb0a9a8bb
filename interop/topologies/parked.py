"""Parked: an asyncio loop that gives the thread away where its selector would block.

Its selector's own file descriptor says when to go on: an epoll object is readable when one of its files is ready. So a host can
wait for it as for any file (guest.py), and so can a thread whose library threads are greenlets (thread.py).
"""

from __future__ import annotations

import select
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from interop.errors import NoSuchTopology
from interop.runtime import Runtime
from interop.topologies.executor import InGreenlets
from interop.topologies.guest_turns import Turns
from interop.topologies.hosted import Adapter, Hosted
from interop.unpatched import patched_by, running_loop, selector


class AsyncioAdapter(Protocol):
    """What the guest needs of asyncio's adapter."""

    def current(self) -> Runtime:
        """The runtime of the loop that runs."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]], flavour: str, parking: ParkingSelector) -> None:
        """Run a loop on this selector."""


class Parked(Hosted):
    """An asyncio loop in a greenlet of its own."""

    turns: Turns
    selector: ParkingSelector

    def __init__(self, here: Runtime, name: str, adapter: Adapter, flavour: str, asyncio_adapter: AsyncioAdapter) -> None:
        super().__init__(here, name, self._serve)
        self.adapter, self.flavour, self.asyncio = adapter, flavour, asyncio_adapter
        self.leave: Callable[[], object] = lambda: None

    def become(self) -> None:
        """In the thread that it shall live in: make its greenlet."""
        self.turns = Turns(self._live)
        self.selector = ParkingSelector(self.turns.park)

    def _serve(self) -> Runtime:
        refused = partial(NoSuchTopology, self.here.name, self.name, "guest")
        runtime, self.leave = self.adapter.on_loop(running_loop(), self.flavour, refused)
        return runtime

    def main_runtime(self, runtime: Runtime) -> Runtime:
        """The guest's main function is a task of asyncio's, whatever serves beside it."""
        return self.asyncio.current()

    async def main(self) -> None:
        """Serve until told to stop."""
        executor = InGreenlets(running_loop()) if patched_by("thread") else None
        try:
            await super().main()
        finally:
            self.leave()
            if executor is not None:
                await executor.end()

    def _live(self) -> BaseException | None:
        try:
            self.asyncio.run(self.main, "", self.selector)
        except BaseException as error:
            return error
        return None


class ParkingSelector:
    """A selector that lets its host wait for it; all but select() is the system's own.

    Args:
        park: returns when a file is ready, or the seconds have passed.
    """

    def __init__(self, park: Callable[[float | None], object]) -> None:
        self.park: Callable[[float | None], object] | None = park
        self._real: Any = selector()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def select(self, timeout: float | None = None) -> Any:
        """What is ready; even a busy loop gives its host a turn."""
        if self.park is None:
            if patched_by("thread"):  # Greenlets of this thread go on, and may be what the guest waits for.
                select.select([self._real.fileno()], [], [], timeout)
                return self._real.select(0)
            return self._real.select(timeout)
        ready = self._real.select(0)
        self.park(0 if ready else timeout)
        return ready or self._real.select(0)
