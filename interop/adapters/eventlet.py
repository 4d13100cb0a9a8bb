"""eventlet: waiting blocks the greenlet; the hub runs what is ready. No monkey patching needed, none done.

Cancelling: an exception, GreenletExit or a Timeout, is thrown into the greenlet, once; a waiting call takes it, and raises it
            when the callee is done. A kill that the callee did not answer is thrown again; a Timeout has missed its call.
            A kill has to come from a timer of the hub: it runs the killed greenlet at once.
Threads:    the hubs have no way in (schedule_call_global() from another thread is lost while the hub sleeps): a socket pair
            with a listener is one. On the asyncio hub it works the same.
Source:     https://eventlet.readthedocs.io/en/latest/hubs.html
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from inspect import iscoroutine
from typing import Any, TypeVar

from eventlet import greenthread, hubs
from eventlet.timeout import Timeout
from greenlet import GreenletExit, getcurrent

from interop.call import BACK, Call
from interop.errors import OwnLoop
from interop.portal import BlockingPortal
from interop.runtime import Done, Runtime, drive

T = TypeVar("T")


class Hub(Runtime):
    """A thread's eventlet hub."""

    name = "eventlet"
    cancel_types = (GreenletExit,)

    def __init__(self, hub: Any) -> None:
        super().__init__()
        self.hub = hub
        self.holds = 0
        self.bell: socket.socket | None = None
        self.ear: socket.socket | None = None
        self.listener: Any = None

    def hold(self) -> None:
        """Have a way in while others may want one."""
        self.holds += 1
        if self.holds == 1:
            self.bell, self.ear = socket.socketpair()
            self.bell.setblocking(False)
            self.ear.setblocking(False)
            self.listener = self.hub.add(self.hub.READ, self.ear.fileno(), self._heard, _nothing, _nothing)

    def release(self) -> None:
        """One reason less for it."""
        self.holds -= 1
        if self.holds == 0 and self.bell and self.ear:
            self.hub.remove(self.listener)
            self.bell.close()
            self.ear.close()
            self.bell = self.ear = None

    def raw_wake(self) -> None:
        """Have drain() run soon in the hub."""
        bell = self.bell
        if bell is not None:
            with contextlib.suppress(BlockingIOError):  # It is full: the hub will hear it.
                bell.send(b"x")
        elif threading.get_ident() == self.ident:
            self.hub.schedule_call_global(0, self.drain)
        else:
            raise RuntimeError("it has no open portal")

    def _heard(self, _: int) -> None:
        assert self.ear is not None
        with contextlib.suppress(BlockingIOError):
            self.ear.recv(4096)
        self.drain()

    def hosts(self) -> frozenset[str]:
        """Trio's ticks run in the hub; an asyncio loop has a greenlet."""
        return frozenset({"trio", "asyncio"})

    async def readable(self, fd: int, seconds: float | None) -> None:
        """Wait until fd is readable, or for so many seconds."""
        if seconds is not None and seconds <= 0:
            greenthread.sleep(0)
        else:
            with contextlib.suppress(TimeoutError):
                hubs.trampoline(fd, read=True, timeout=seconds, timeout_exc=TimeoutError)

    def start(self, call: Call, /) -> None:
        """Run the function in a greenlet of its own."""
        call.task = greenlet = greenthread.GreenThread(self.hub.greenlet)
        greenlet.gr_context = call.context
        self.hub.schedule_call_global(0, greenlet.switch, self._run, (call,), {})

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
            self.hub.schedule_call_global(0, _throw, call.task, GreenletExit())

    def wait(self, call: Call, /) -> Done[Any]:
        """Block this greenlet until the outcome is here."""
        current = getcurrent()
        if current is self.hub.greenlet:
            raise OwnLoop(f"eventlet->{getattr(call.callee, 'name', '?')}", "spawn a greenlet: the hub itself must not wait")
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
                if not isinstance(interrupt, Timeout):
                    self.hub.schedule_call_global(0, _throw, current, interrupt)
            return Done(self.deliver(call))
        finally:
            del interrupt, current

    def resume(self, call: Call, /) -> None:
        """Switch to the waiting greenlet: drain() runs in the hub, where that is the way to go on."""
        call.parked.switch()

    def native(self, coroutine: Coroutine[Any, Any, T]) -> Any:
        """Blocking code runs a neutral coroutine to its end."""
        return drive(coroutine)


def _nothing(*_: object) -> None:
    pass


def _throw(greenlet: Any, error: BaseException) -> None:
    if not greenlet.dead:
        greenlet.throw(error)


_local = threading.local()


def current() -> Hub:
    """The runtime of this thread's hub, which is made if it has none yet."""
    hub = hubs.get_hub()
    runtime: Hub | None = getattr(_local, "runtime", None)
    if runtime is None or runtime.hub is not hub or runtime.gone:
        runtime = _local.runtime = Hub(hub)
    return runtime


def run(main: Callable[[], Any], flavour: str = "") -> Any:
    """Run main in this thread with a hub; a hub that did not exist before is ended after."""
    fresh = not hasattr(hubs._threadlocal, "hub")
    runtime = current()
    try:
        result = main()
        return drive(result) if iscoroutine(result) else result
    finally:
        left = [call.task for call in runtime.outstanding if call.task is not None]
        runtime.die("its main function has ended")
        for greenlet in left:
            greenthread.kill(greenlet)
        if fresh:
            runtime.bury("its hub has ended")
            runtime.holds = min(runtime.holds, 1)
            runtime.release()
            runtime.hub.abort(wait=True)
            _local.runtime = None
            del hubs._threadlocal.hub
            for name in ("poll", "loop"):
                if hasattr(getattr(runtime.hub, name, None), "close"):
                    getattr(runtime.hub, name).close()


class Portal(BlockingPortal):
    """A portal that greenlets of one hub hold."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this hub's greenlets to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        with open_portal("asyncio") as asyncio:
            asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
