"""Guest: two loops in one thread, nothing patched.

Trio has a guest mode: its ticks are callbacks of the host, and only its waiting for files is in a helper thread.
An asyncio loop becomes a guest by its selector: an ordinary SelectorEventLoop runs in a greenlet, and where its selector would
block, it switches back to the host, which waits for the selector's own file descriptor (an epoll object is readable when one of
its files is ready). While it is parked, nothing in the thread may tell that it exists: the running loop, the async generator
hooks and sniffio's name are the host's again.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from interop.call import Call
from interop.errors import FrameworkMissing, NoSuchTopology
from interop.runtime import Runtime
from interop.topologies.hosted import Adapter, Hosted


class AsyncioAdapter(Protocol):
    """What the guest needs of asyncio's adapter."""

    def current(self) -> Runtime:
        """The runtime of the loop that runs."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]], flavour: str, selector: selectors.BaseSelector) -> None:
        """Run a loop on this selector."""


async def start(here: Runtime, name: str, adapter: Adapter, flavour: str, asyncio_adapter: Any) -> Hosted:
    """Start a loop as the guest of the caller's.

    Raises:
        NoSuchTopology: with the reason.
    """
    kind = "trio" if name in ("trio", "anyio[trio]") else "asyncio" if hasattr(adapter, "on_loop") else None
    if name == "asyncio[uvloop]":
        reason = "uvloop's poll cannot be parked on a file descriptor"
    elif name == "twisted" or name == "twisted[private]":
        reason = "the default reactor cannot be a guest: use twisted[asyncio]"
    elif kind is None:
        reason = f"{name} has no loop that could be a guest: let it be the host"
    elif here.name == "threads":
        reason = "a plain thread has no loop to be the guest of"
    elif kind in here.hosts():
        hosted = TrioGuest(here, name, adapter) if kind == "trio" else AsyncioGuest(here, name, adapter, flavour, asyncio_adapter)
        here.guests.add(hosted)
        await here.wait(hosted.started)
        return hosted
    elif kind == "asyncio" and here.asyncio_loop() is not None:
        reason = "both run on asyncio: use the topology 'loop'"
    else:
        reason = "one thread can have one Trio run only"
    raise NoSuchTopology(here.name, name, "guest", reason)


class TrioGuest(Hosted):
    """Trio in its own guest mode."""

    def __init__(self, here: Runtime, name: str, adapter: Adapter) -> None:
        super().__init__(here, name, adapter.current)
        adapter.guest(self.main, here.wake, self._done)

    def _done(self, outcome: Any) -> None:
        self.over(getattr(outcome, "error", None))


class AsyncioGuest(Hosted):
    """An asyncio loop in a greenlet of its own."""

    def __init__(self, here: Runtime, name: str, adapter: Adapter, flavour: str, asyncio_adapter: AsyncioAdapter) -> None:
        super().__init__(here, name, self._serve)
        try:
            from greenlet import getcurrent, greenlet
        except ImportError:
            raise FrameworkMissing(f"{name}, as a guest of {here.name}", "greenlet", "gevent") from None
        self.adapter, self.flavour, self.asyncio = adapter, flavour, asyncio_adapter
        self.leave: Callable[[], object] = lambda: None
        self.selector = ParkingSelector(lambda timeout: cast(Any, getcurrent()).parent.switch(timeout))
        self.greenlet: Any = None
        self.make = greenlet
        self.state: tuple[Any, ...] = (None, (None, None), None)
        Call(here, here, lambda: here.native(self._host())).send()

    def _serve(self) -> Runtime:
        runtime, self.leave = self.adapter.on_loop(asyncio.get_running_loop(), self.flavour)
        return runtime

    def main_runtime(self, runtime: Runtime) -> Runtime:
        """The guest's main function is a task of asyncio's, whatever serves beside it."""
        return self.asyncio.current()

    async def main(self) -> None:
        """Serve until told to stop."""
        try:
            await super().main()
        finally:
            self.leave()

    def _live(self) -> BaseException | None:
        try:
            self.asyncio.run(self.main, "", self.selector)
        except BaseException as error:
            return error
        return None

    async def _host(self) -> None:
        """In a task of the host: wait for the guest's files, and give it a turn."""
        self.greenlet = self.make(self._live)  # Made here, so that this task's greenlet is the parent it parks to.
        request = self._turn()
        while not self.greenlet.dead:
            try:
                await self.here.readable(self.selector.fileno(), request)
            except BaseException:
                # The host is ending: the guest has to end now, and may block the thread while it cleans up.
                self.selector.park = None
                if self.enough is not None:
                    self.enough.settle()
                self.over(self._turn())
                raise
            request = self._turn()
        self.over(request)

    def _turn(self) -> Any:
        hosts = _swap(self.state)
        try:
            return self.greenlet.switch()
        finally:
            self.state = _swap(hosts)


def _swap(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Make the thread look like state, and return how it looked before."""
    loop, hooks, name = state
    sniffio = sys.modules.get("sniffio")
    before = asyncio._get_running_loop(), sys.get_asyncgen_hooks(), sniffio.thread_local.name if sniffio else None
    asyncio._set_running_loop(loop)
    sys.set_asyncgen_hooks(*hooks)
    if sniffio:
        sniffio.thread_local.name = name
    return before


class ParkingSelector(selectors.DefaultSelector):
    """A selector that lets its host wait for it.

    Args:
        park: returns when a file is ready, or the seconds have passed.
    """

    def __init__(self, park: Callable[[float | None], object]) -> None:
        super().__init__()
        self.park: Callable[[float | None], object] | None = park

    def select(self, timeout: float | None = None) -> Any:
        """What is ready; even a busy loop gives its host a turn."""
        if self.park is None:
            return super().select(timeout)
        ready = super().select(0)
        self.park(0 if ready else timeout)
        return ready or super().select(0)
