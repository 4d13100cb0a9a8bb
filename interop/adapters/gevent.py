"""gevent: waiting blocks the greenlet; the hub runs what is ready. No monkey patching needed, none done.

Cancelling: an exception, GreenletExit or a Timeout, is thrown into the greenlet, once; a waiting call takes it, and raises it
            when the callee is done. A kill that the callee did not answer is thrown again; a Timeout has missed its call.
Threads:    hub.loop.run_callback_threadsafe(). A hub with nothing but foreign threads to wait for raises LoopExit, so a
            watcher keeps it alive while a portal is open.
Source:     https://www.gevent.org/api/gevent.hub.html; gevent issue 2124.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Coroutine
from inspect import iscoroutine
from typing import Any, TypeVar

import gevent
import gevent.hub
import gevent.socket
from gevent._hub_local import get_hub_if_exists
from greenlet import GreenletExit, getcurrent

from interop.call import BACK, Call
from interop.errors import NotRunning, OwnLoop
from interop.portal import BlockingPortal
from interop.runtime import Done, Runtime, drive

T = TypeVar("T")


class Hub(Runtime):
    """A thread's gevent hub."""

    name = "gevent"
    cancel_types = (GreenletExit,)

    def __init__(self, hub: Any) -> None:
        super().__init__()
        self.hub = hub
        self.holds = 0
        self.keep_alive = hub.loop.async_()

    def hold(self) -> None:
        """Keep the hub from ending while others may wake it."""
        self.holds += 1
        if self.holds == 1:
            self.keep_alive.start(_nothing)

    def release(self) -> None:
        """One reason less to stay."""
        self.holds -= 1
        if self.holds == 0:
            self.keep_alive.stop()

    def raw_wake(self) -> None:
        """Have drain() run soon in the hub."""
        self.hub.loop.run_callback_threadsafe(self.drain)

    def hosts(self) -> frozenset[str]:
        """Trio's ticks run in the hub; an asyncio loop has a greenlet."""
        return frozenset({"trio", "asyncio"})

    async def readable(self, fd: int, seconds: float | None) -> None:
        """Wait until fd is readable, or for so many seconds."""
        if seconds is not None and seconds <= 0:
            gevent.sleep(0)
        else:
            with contextlib.suppress(TimeoutError):
                gevent.socket.wait_read(fd, seconds, TimeoutError())

    def start(self, call: Call, /) -> None:
        """Run the function in a greenlet of its own."""
        call.task = greenlet = gevent.Greenlet(self._run, call)
        greenlet.gr_context = call.context
        greenlet.start()

    def _run(self, call: Call) -> None:
        if not call.enter():
            return
        try:
            value = call.fn(*call.args, **call.kwargs)
        except BaseException as error:
            self.report(call, error)
        else:
            call.settle(value)

    def cancel(self, call: Call, /) -> None:
        """Throw GreenletExit into the function."""
        if call.task is not None:
            call.task.kill(block=False)

    def wait(self, call: Call, /) -> Done[Any]:
        """Block this greenlet until the outcome is here."""
        current = getcurrent()
        if current is self.hub:
            raise OwnLoop(f"gevent->{getattr(call.callee, 'name', '?')}", "spawn a greenlet: the hub itself must not wait")
        interrupt: BaseException | None = None
        call.parked = current
        call.send()
        while call.state != BACK:
            try:
                self.hub.switch()
            except BaseException as error:
                interrupt = interrupt or error
                call.ask_to_stop()
        try:
            if interrupt is not None:
                if call.cancelled and call.unwanted is True:
                    raise interrupt
                if not isinstance(interrupt, gevent.Timeout):
                    self.hub.loop.run_callback(_throw, current, interrupt)
            return Done(self.deliver(call))
        finally:
            del interrupt, current

    def resume(self, call: Call, /) -> None:
        """Switch to the waiting greenlet: drain() runs in the hub, where that is the way to go on."""
        call.parked.switch()

    def native(self, coroutine: Coroutine[Any, Any, T]) -> Any:
        """Blocking code runs a neutral coroutine to its end."""
        return drive(coroutine)


def _nothing() -> None:
    pass


def _throw(greenlet: Any, error: BaseException) -> None:
    if not greenlet.dead:
        greenlet.throw(error)


_local = threading.local()


def current() -> Hub:
    """The runtime of this thread's hub, which is made if it has none yet.

    Raises:
        NotRunning: the hub is being destroyed.
    """
    hub = gevent.get_hub()
    if hub.loop is None:
        raise NotRunning("gevent", "in a greenlet")
    runtime: Hub | None = getattr(_local, "runtime", None)
    if runtime is None or runtime.hub is not hub or runtime.gone:
        runtime = _local.runtime = Hub(hub)
    return runtime


def run(main: Callable[[], Any], flavour: str = "") -> Any:
    """Run main in this thread with a hub; a hub that did not exist before is destroyed after."""
    fresh = get_hub_if_exists() is None
    runtime = current()
    try:
        result = main()
        return drive(result) if iscoroutine(result) else result
    finally:
        left = [call.task for call in runtime.outstanding if call.task is not None]
        runtime.die("its main function has ended")
        gevent.killall(left)
        if fresh:
            runtime.bury("its hub is destroyed")
            runtime.keep_alive.close()
            _local.runtime = None
            runtime.hub.destroy(destroy_loop=True)


class Portal(BlockingPortal):
    """A portal that greenlets of one hub hold."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this hub's greenlets to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        with open_portal("asyncio") as asyncio:
            asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
