"""Gevent, as laws drive it."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import gevent
import gevent.event
import gevent.hub
from greenlet import GreenletExit, getcurrent

import interop.adapters.gevent
from interop.harness.drivers.driver import NOTHING, BlockingDriver
from interop.laws.world import Afn, Event, Outcome
from interop.runtime import Done

NO_CANCEL = {"cancel": "an AsyncResult cannot be cancelled: the code that made it sets it"}


class GeventEvent(Event):
    """This framework's own."""

    def __init__(self) -> None:
        self.event = gevent.event.Event()

    def set(self) -> None:
        """Let all who wait go on."""
        self.event.set()

    def wait(self) -> Awaitable[Any]:
        """Until it is set.

        gevent loses the greenlet that begins to wait for a set event while an earlier one is still to be told, if that is killed
        (probe P434): AbstractLinkable.unlink() takes back the notification of both.
        """
        if not self.event.is_set():
            self.event.wait()
        return Done(None)


class Task:
    """A greenlet, and how it ended."""

    outcome: Outcome
    greenlet: Any


class GeventDriver(BlockingDriver):
    """A greenlet for each function."""

    name = "gevent"
    says_why = True
    keeps_timers = "gevent keeps the greenlets that a hub which is destroyed was to begin later"
    adapter: Any = interop.adapters.gevent
    cancel_type = GreenletExit
    ends_by: type[BaseException] | None = RuntimeError
    timeout_type = gevent.Timeout
    words: Mapping[str, str] = {
        "start": "task_{0} = gevent.spawn({0})",
        "cancel": "task_{0}.kill(block=False)",
        "join": "task_{0}.join()",
        "turn": "gevent.sleep(0)",
        "within": "with gevent.Timeout({0}): {1}",
    }
    awaitables: Mapping[str, Mapping[str, str]] = {
        "Greenlet": NOTHING,
        "AsyncResult": NO_CANCEL,
        "AsyncResult that is waited for": NO_CANCEL,
    }

    def from_threads(self) -> Callable[[Callable[[], object]], object]:
        """run_callback_threadsafe()."""
        return gevent.get_hub().loop.run_callback_threadsafe  # type: ignore[no-any-return]

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object]:
        """A watcher of the hub's loop."""
        watcher = gevent.get_hub().loop.io(fd, 1)
        watcher.start(callback)
        return watcher.close  # type: ignore[no-any-return]

    def event(self) -> Event:
        """This framework's own."""
        return GeventEvent()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""
        task = Task()
        task.outcome = ("cancelled", None)

        def body() -> None:
            try:
                task.outcome = ("value", self.native(fn)(*args))
            except GreenletExit as error:
                task.outcome = ("cancelled", error)
            except BaseException as error:
                task.outcome = ("error", error)

        task.greenlet = gevent.spawn(body)
        return task

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""
        task.greenlet.kill(GreenletExit(*filter(None, (why,))), block=False)

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        task.greenlet.join()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        """Let everything else that is ready run once; in other threads, too: a hub that is never idle keeps the GIL."""
        gevent.sleep(0)
        time.sleep(0)  # noqa: ASYNC251 - seconds long, on two idle processors, if this did not let go of it.

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        with gevent.Timeout(seconds):
            return await fn()

    def task(self) -> object:
        """The current task."""
        return getcurrent()

    def busy(self) -> object:
        """Timers and other watchers that are active: a Timeout or a kill that is still to come is one."""
        return gevent.get_hub().loop.activecnt

    def alive(self) -> int:
        """Greenlets of this hub that have begun, or are to begin."""
        hub = gevent.get_hub()
        greenlets = [it for it in gc.get_objects() if isinstance(it, gevent.Greenlet)]
        return sum(it.parent is hub and not it.dead for it in greenlets)

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """A Greenlet, or an AsyncResult that one completes."""
        if kind == "Greenlet":
            return gevent.spawn(self.native(fn))
        result = gevent.event.AsyncResult()
        if kind != "AsyncResult":  # Who waits for it tells it whose it is.
            gevent.spawn(result.wait)
            gevent.sleep(0)

        def body() -> None:
            try:
                result.set(self.native(fn)())
            except BaseException as error:
                result.set_exception(error)

        gevent.spawn(body)
        return result

    async def waited(self, mine: Any) -> Any:
        """Get an AsyncResult."""
        return mine.get()

    async def in_time(self, mine: Any, seconds: float) -> bool | None:
        """Get it, with a timeout."""
        try:
            mine.get(timeout=seconds)
        except gevent.Timeout:
            return False
        return True

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """A greenlet that begins then."""
        gevent.spawn_later(seconds, callback)

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run it in the hub's pool."""
        result: object = gevent.get_hub().threadpool.apply(fn)
        return result

    async def among(self, mine: Any) -> None:
        """As wait() does."""
        gevent.wait([mine])

    def drop(self, mine: Any) -> None:
        """Kill a Greenlet; what wrap() gives can be cancelled."""
        if isinstance(mine, gevent.Greenlet):
            mine.kill(block=False)
        else:
            mine.cancel()

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        gevent.get_hub().parent.throw(RuntimeError("the loop is killed"))


def driver(flavour: str) -> GeventDriver:
    """The driver of one flavour."""
    return GeventDriver()
