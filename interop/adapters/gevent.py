"""gevent: waiting blocks the greenlet; the hub runs what is ready. No monkey patching needed, none done.

Cancelling: an exception, GreenletExit or a Timeout, is thrown into the greenlet, once; a waiting call takes it, and raises it
            when the callee is done. What the callee did not answer is due: the greenlet's next call raises it, or the hub
            throws it again. A Timeout is dropped when its block was left.
Threads:    hub.loop.run_callback_threadsafe(). A hub with nothing but foreign threads to wait for raises LoopExit, so a
            watcher keeps it alive while a portal is open.
The end:    hub.destroy(), which tells us, or that of its thread.
Source:     https://www.gevent.org/api/gevent.hub.html; gevent issue 2124.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Callable
from functools import partial
from inspect import iscoroutine
from typing import Any

import gevent
import gevent.hub
import gevent.socket
from gevent._hub_local import get_hub_if_exists
from gevent.event import AsyncResult
from greenlet import GreenletExit, getcurrent

from interop.blocking import Ending, Greenlets
from interop.call import Call
from interop.errors import CannotStart, CannotWrap, NotRunning
from interop.portal import BlockingPortal
from interop.runtime import Runtime, drive
from interop.unpatched import get_ident, local
from interop.wrapping import Hybrid, wrapped


class Result(Hybrid, AsyncResult):  # type: ignore[misc]
    """The AsyncResult of a foreign awaitable."""

    def begin(self, here: Runtime, call: Call) -> None:
        """Wait for the call; the hub must not end meanwhile."""
        here.hold()
        super().begin(here, call)

    def switch(self) -> None:
        """Be done: in the hub, where a waiting greenlet would be switched to."""
        self.here.release()
        self.go_on()

    def cancel(self) -> bool:
        """Cancel what it stands for; get() raises GreenletExit when that has ended. Whether it is not too late."""
        if self.ready():
            return False
        self.interrupt()
        return True

    def cancelled(self) -> bool:
        """Whether that has been done."""
        return isinstance(self.exception, GreenletExit)

    def stopped(self) -> None:
        """As a greenlet that is killed."""
        self.set_exception(GreenletExit())

    def failed(self, error: BaseException, /) -> None:
        """An AsyncResult would be silent about it."""
        self.unasked = error
        self.set_exception(error)

    def returned(self, value: Any, /) -> None:
        """It is set."""
        self.set(value)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The value, or the error."""
        try:
            return super().get(block, timeout)
        finally:
            if self.ready():
                self.unasked = None

    @property
    def exception(self) -> BaseException | None:
        """The error."""
        self.unasked = None
        error: BaseException | None = super().exception
        return error


class Hub(Greenlets):
    """A thread's gevent hub."""

    name = "gevent"
    cancel_types = (GreenletExit,)
    timeout_type = gevent.Timeout

    def __init__(self, hub: Any) -> None:
        super().__init__()
        self.hub = hub
        self.holds = 0
        self.keep_alive = hub.loop.async_()

    def hold(self) -> None:
        """Keep the hub from ending while others may wake it."""
        self.holds += 1
        if not self.keep_alive.active:  # Also where a Ctrl-C came between these two statements last time.
            self.keep_alive.start(_nothing)

    def release(self) -> None:
        """One reason less to stay."""
        self.holds -= 1
        if self.holds == 0 and not self.dead:
            self.keep_alive.stop()

    def raw_wake(self) -> None:
        """Have drain() run soon in the hub."""
        self.hub.loop.run_callback_threadsafe(self.drain)

    def after_fork(self) -> None:
        """Give this thread's hub descriptors of its own: with the parent's, either process would take the other's wake-ups.

        gevent.os.fork() does so, too; os.fork() and multiprocessing leave it to the program, and doing it twice does no harm.
        """
        super().after_fork()
        if self.ident == get_ident() and self.hub.loop is not None:
            self.keep_alive.stop()
            gevent.reinit(self.hub)

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

    def lost(self, error: BaseException) -> None:
        """As a greenlet's."""
        self.hub.handle_error("a call that nobody waits for any more", type(error), error, error.__traceback__)

    def getcurrent(self) -> Any:
        """The greenlet that runs."""
        return getcurrent()

    def hub_greenlet(self) -> Any:
        """The hub is one."""
        return self.hub

    def switch(self) -> object:
        """Let the hub run.

        A Ctrl-C in the first statements of Hub.run() ends the hub for good, and a switch to it comes back at once. Then
        the main greenlet, which is the hub's parent, runs the loop itself.
        """
        if self.hub.dead and getcurrent().parent is None:
            return self.hub.loop.run()
        return self.hub.switch()

    def resume(self, call: Call, /) -> None:
        """Switch to the waiting greenlet. If the hub is dead, the main greenlet is here already, and has to leave the loop."""
        if call.parked is getcurrent():
            self.hub.loop.break_()
        else:
            super().resume(call)

    def run_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """In the hub's next turn."""
        self.hub.loop.run_callback(callback, *args)

    def was_left(self, timeout: BaseException) -> bool:
        """A Timeout that was closed has the timer of one that never ends."""
        return getattr(timeout, "timer", None) is gevent.Timeout(None).timer


def _nothing() -> None:
    pass


_local = local()


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
        hub._interop = weakref.ref(runtime)
        hub.destroy = partial(_destroy, weakref.ref(hub))
        _local.ending = Ending(runtime)
    return runtime


def _destroy(ref: Callable[[], Any], destroy_loop: bool | None = None) -> None:
    """The hub's own destroy(), after which nobody waits for it any more."""
    hub = ref()
    runtime: Hub | None = hub._interop()
    if runtime is not None and not runtime.dead:
        runtime.bury("its hub is destroyed")
        runtime.keep_alive.close()
    type(hub).destroy(hub, destroy_loop)


def startable(name: str) -> None:
    """gevent keeps its hubs in a thread's local storage.

    Raises:
        CannotStart: that is a greenlet's, since eventlet had patched it before gevent was imported.
    """
    corolocal = sys.modules.get("eventlet.corolocal")
    if corolocal is not None and issubclass(gevent._hub_local._Threadlocal, corolocal.local):
        why = "eventlet had patched threads before gevent was imported, so each greenlet would get a hub of its own"
        raise CannotStart(name, why, "import gevent before eventlet.monkey_patch(), or start it in a process of its own")


def joins(foreign: Any) -> Callable[[], Any] | None:
    """What waits for a Greenlet or an AsyncResult."""
    if isinstance(foreign, gevent.Greenlet):
        return lambda: _greenlet(foreign)
    return (lambda: _result(foreign)) if isinstance(foreign, AsyncResult) else None


def _result(result: Any) -> Any:
    try:
        return result.get()
    except GreenletExit:  # It is its error, or nobody wants it any more: one that wrap() gave passes that on.
        if result.ready() or not result.cancel():
            raise
    return result.get()


def _greenlet(greenlet: Any) -> Any:
    try:
        value = greenlet.get()
    except GreenletExit:  # Whoever waits for it through us does not want it any more; it may have a last word.
        greenlet.kill()
        value = greenlet.get()
    if isinstance(value, GreenletExit):  # So gevent says that it was killed.
        raise value
    return value


def home(foreign: Any) -> Runtime:
    """Its hub; something that has not met one yet is at home in this thread's."""
    hub = getattr(foreign, "hub", None) or getattr(foreign, "parent", None) or get_hub_if_exists()
    if hub is not None and hub is get_hub_if_exists():
        return current()
    known: Runtime | None = vars(hub).get("_interop", lambda: None)() if hub is not None else None
    if known is None:
        raise CannotWrap(
            foreign, "its hub is in another thread, and not known: call interop.adapters.gevent.current() there first"
        )
    return known


def wrap(foreign: Any, *, of: Runtime | None = None) -> Any:
    """An AsyncResult for any foreign awaitable, at home in the loop that it says, or in `of`; cancel() cancels that."""
    here = current()
    call, result = wrapped(here, foreign, of), Result()
    result.begin(here, call)
    return result


def run(main: Callable[[], Any], flavour: str = "") -> Any:
    """Run main in this thread with a hub; a hub that did not exist before is destroyed after."""
    fresh = get_hub_if_exists() is None
    runtime = current()
    try:
        result = main()
        return drive(result) if iscoroutine(result) else result
    finally:
        drive(runtime.end_guests())
        runtime.die("its main function has ended")
        try:
            gevent.killall(runtime.left)
        finally:  # What was thrown at main() and not answered comes here.
            if fresh:
                runtime.hub.destroy(destroy_loop=True)
                _local.runtime = _local.ending = None


class Portal(BlockingPortal):
    """A portal that greenlets of one hub hold."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this hub's greenlets to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        with open_portal("asyncio") as asyncio:
            asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
