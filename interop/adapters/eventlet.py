"""eventlet: waiting blocks the greenlet; the hub runs what is ready. No monkey patching needed, none done.

Cancelling: an exception, GreenletExit or a Timeout, is thrown into the greenlet, once; a waiting call takes it, and raises it
            when the callee is done. What the callee did not answer is due: the greenlet's next call raises it, or the hub
            throws it again. A Timeout is dropped when its block was left.
            A kill has to come from a timer of the hub: it runs the killed greenlet at once.
The end:    abort() drops the hub's timers, and with them whatever sleeps: one that we leave there tells us.
Threads:    the hubs have no way in (schedule_call_global() from another thread is lost while the hub sleeps): a pipe with
            a listener is one. On the asyncio hub it works the same.
Source:     https://eventlet.readthedocs.io/en/latest/hubs.html
"""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from collections.abc import Callable
from functools import partial
from inspect import iscoroutine
from typing import Any

from eventlet import greenthread, hubs
from eventlet.event import Event
from eventlet.timeout import Timeout
from greenlet import GreenletExit, getcurrent

from interop.blocking import Ending, Greenlets
from interop.call import Call
from interop.errors import CannotWrap
from interop.portal import BlockingPortal
from interop.runtime import Runtime, drive
from interop.unpatched import close, end_eventlet, local, read, write
from interop.wrapping import Hybrid, wrapped


class Result(Hybrid, Event):  # type: ignore[misc]
    """The Event of a foreign awaitable."""

    def kill(self) -> None:
        """Cancel what it stands for; wait() raises GreenletExit when that has ended."""
        if not self.ready():
            self.interrupt()

    def stopped(self) -> None:
        """As a GreenThread that is killed."""
        self.send_exception(GreenletExit())

    def failed(self, error: BaseException, /) -> None:
        """An Event would be silent about it."""
        self.unasked = error
        self.send_exception(error)

    def returned(self, value: Any, /) -> None:
        """It is sent."""
        self.send(value)

    switch = Hybrid.go_on  # In the hub, where a waiting greenlet would be switched to.

    def wait(self, timeout: float | None = None) -> Any:
        """The value, or the error."""
        try:
            return super().wait(timeout)
        finally:
            if self.ready():
                self.unasked = None


DAY = 24 * 3600.0


class Hub(Greenlets):
    """A thread's eventlet hub."""

    name = "eventlet"
    cancel_types = (GreenletExit,)
    timeout_type = Timeout

    def __init__(self, hub: Any) -> None:
        super().__init__()
        self.hub = hub
        _known[hub.greenlet] = self
        self.ear, self.bell = ends = os.pipe()
        for end in ends:
            os.set_blocking(end, False)
        self.listener = hub.add(hub.READ, self.ear, self._heard, _nothing, _nothing)
        self.deaf = weakref.finalize(self, _close, self.ear, self.bell)
        Dropped(self)
        hub.abort = partial(_abort, weakref.ref(hub), weakref.ref(self))

    def close(self) -> None:
        """Nobody will wake this hub any more."""
        if self.deaf.alive:
            self.hub.remove(self.listener)
            self.deaf()

    def raw_wake(self) -> None:
        """Have drain() run soon in the hub."""
        if not self.deaf.alive:
            raise RuntimeError("its hub has ended")
        with contextlib.suppress(BlockingIOError):  # It is full: the hub will hear it.
            write(self.bell, b"x")

    def _heard(self, _: int) -> None:
        with contextlib.suppress(BlockingIOError):
            read(self.ear, 4096)
        # Not here: a greenlet that goes on and fails would fail in this callback, and eventlet would take away the descriptor.
        self.hub.schedule_call_global(0, self.drain)

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

    def lost(self, error: BaseException) -> None:
        """As a greenlet's."""
        self.hub.squelch_generic_exception((type(error), error, error.__traceback__))

    def getcurrent(self) -> Any:
        """The greenlet that runs."""
        return getcurrent()

    def hub_greenlet(self) -> Any:
        """The greenlet of the hub's loop."""
        return self.hub.greenlet

    def switch(self) -> object:
        """Let the hub run; the greenlet that the hub goes back to at its end hears of that."""
        running = self.hub.greenlet
        ran = not running.dead  # A Ctrl-C in the hub ends its greenlet, and switch() starts another one.
        value = self.hub.switch()
        if ran and running.dead:
            raise self.peer_gone("its hub was stopped")
        return value

    def run_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """From a timer of the hub: a greenlet that is thrown into runs at once, and comes back to the hub."""
        self.hub.schedule_call_global(0, callback, *args)

    def was_left(self, timeout: BaseException) -> bool:
        """A Timeout that was cancelled has no timer."""
        return getattr(timeout, "timer", None) is None


class Dropped:
    """What a timer calls once a day. A hub that stops drops the timer instead, with all others, and what they were to wake."""

    def __init__(self, hub: Hub) -> None:
        self.hub: weakref.ref[Hub] | None = weakref.ref(hub)
        hub.hub.schedule_call_global(DAY, self)

    def __call__(self) -> None:
        """Be there for another day."""
        hub, self.hub = self.hub() if self.hub else None, None
        if hub is not None:
            Dropped(hub)

    def __del__(self, finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        hub = self.hub() if self.hub else None
        if hub is not None and hub.gone is None and not finalizing():
            hub.die("its hub was stopped")


def _abort(ref: Callable[[], Any], runtime: Callable[[], Hub | None], wait: bool = False) -> None:
    """The hub's own abort(), heard at once: it looks only when its sleep is over."""
    hub, known = ref(), runtime()
    type(hub).abort(hub, wait)
    if hub.running and known is not None and known.deaf.alive:
        known.raw_wake()  # It is to stop by now, and would sleep first; who calls this may be another thread.


def _nothing(*_: object) -> None:
    pass


def _close(*ends: int) -> None:
    for end in ends:
        close(end)


_local = local()


def current() -> Hub:
    """The runtime of this thread's hub, which is made if it has none yet."""
    hub = hubs.get_hub()
    runtime: Hub | None = getattr(_local, "runtime", None)
    if runtime is None or runtime.hub is not hub or runtime.gone:
        runtime = _local.runtime = Hub(hub)
        _local.ending = Ending(runtime)
    return runtime


def joins(foreign: Any) -> Callable[[], Any] | None:
    """What waits for a GreenThread or an Event."""
    if isinstance(foreign, greenthread.GreenThread):
        return lambda: _greenthread(foreign)
    if isinstance(foreign, Result):
        return lambda: _result(foreign)
    return foreign.wait if isinstance(foreign, Event) else None


def _result(result: Result) -> Any:
    try:
        return result.wait()
    except GreenletExit:
        if result.ready():  # It is cancelled.
            raise
    result.kill()  # Nobody wants it any more.
    return result.wait()


def _greenthread(greenlet: Any) -> Any:
    try:
        return greenlet.wait()
    except GreenletExit:
        if greenlet.dead:  # It was killed.
            raise
    greenthread.kill(greenlet)  # Whoever waits for it through us does not want it any more; it may have a last word.
    return greenlet.wait()


_known: weakref.WeakKeyDictionary[Any, Hub] = weakref.WeakKeyDictionary()


def home(foreign: Any) -> Runtime:
    """A GreenThread's hub; an Event does not say: this thread's."""
    here = getattr(hubs._threadlocal, "hub", None)
    hub = getattr(foreign, "parent", None) or (here and here.greenlet)
    if here and hub is here.greenlet:
        return current()
    if hub not in _known:
        raise CannotWrap(foreign, "its hub is in another thread, and not known: give of=")
    return _known[hub]


def wrap(foreign: Any, *, of: Runtime | None = None) -> Any:
    """An Event for any foreign awaitable, at home in the loop that it says, or in `of`; kill() cancels that."""
    here = current()
    call, result = wrapped(here, foreign, of), Result()
    result.begin(here, call)
    return result


def run(main: Callable[[], Any], flavour: str = "") -> Any:
    """Run main in this thread with a hub; a hub that did not exist before is ended after."""
    fresh = not hasattr(hubs._threadlocal, "hub")
    try:
        runtime = current()
    except BaseException:  # There are no descriptors left, say.
        if fresh and hasattr(hubs._threadlocal, "hub"):
            end_eventlet(hubs._threadlocal.hub)
        raise
    try:
        result = main()
        return drive(result) if iscoroutine(result) else result
    finally:
        drive(runtime.end_guests())
        runtime.die("its main function has ended")
        try:
            for greenlet in runtime.left:
                greenthread.kill(greenlet)
        finally:  # What was thrown at main() and not answered comes here.
            if fresh:
                _end(runtime)


def _end(runtime: Hub) -> None:
    tpool = sys.modules.get("eventlet.tpool")
    if tpool is not None and getattr(tpool._coro, "parent", None) is runtime.hub.greenlet:
        tpool.killall()  # It serves one hub, and would be ended at exit from another thread; the next hub gets its own.
    runtime.bury("its hub has ended")
    runtime.close()
    _local.runtime = _local.ending = None
    end_eventlet(runtime.hub)


class Portal(BlockingPortal):
    """A portal that greenlets of one hub hold."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this hub's greenlets to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        with open_portal("asyncio") as asyncio:
            asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
