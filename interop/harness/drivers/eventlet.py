"""Eventlet, as laws drive it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from greenlet import GreenletExit, getcurrent

from interop.harness.drivers.driver import NOTHING, BlockingDriver
from interop.laws.world import Afn, Event, Outcome
from interop.runtime import Done

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")  # It says so of itself at import.
    import eventlet
    from eventlet import greenthread, hubs, tpool
    from eventlet.event import Event as Native

    import interop.adapters.eventlet


class EventletEvent(Event):
    """This framework's own."""

    def __init__(self) -> None:
        self.event = Native()

    def set(self) -> None:
        """Let all who wait go on."""
        if not self.event.ready():
            self.event.send(None)

    def wait(self) -> Awaitable[Any]:
        """Until it is set."""
        self.event.wait()
        return Done(None)


class Task:
    """A greenlet, and how it ended."""

    outcome: Outcome
    greenlet: Any


class EventletDriver(BlockingDriver):
    """A greenlet for each function."""

    name = "eventlet"
    says_why = True
    no_pool = "eventlet has one pool of threads for the process"
    adapter: Any = interop.adapters.eventlet
    cancel_type = GreenletExit
    ends_by: type[BaseException] | None = RuntimeError
    timeout_type = eventlet.Timeout
    words: Mapping[str, str] = {
        "start": "task_{0} = eventlet.spawn({0})",
        "cancel": "task_{0}.kill()",
        "join": "task_{0}.wait()",
        "turn": "eventlet.sleep(0)",
        "within": "with eventlet.Timeout({0}): {1}",
    }
    awaitables: Mapping[str, Mapping[str, str]] = {
        "GreenThread": NOTHING,
        "Event": {"cancel": "an Event cannot be cancelled: the code that made it sends it"},
    }

    def event(self) -> Event:
        """This framework's own."""
        return EventletEvent()

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

        task.greenlet = eventlet.spawn(body)
        return task

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""
        hubs.get_hub().schedule_call_global(0, greenthread.kill, task.greenlet, *([GreenletExit(why)] if why else ()))

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        with contextlib.suppress(GreenletExit):
            task.greenlet.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        eventlet.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        with eventlet.Timeout(seconds):
            return await fn()

    def task(self) -> object:
        """The current task."""
        return getcurrent()

    def busy(self) -> object:
        """Timers that are to come: so is a Timeout, a kill or a switch."""
        return self.alive()

    def alive(self) -> int:
        """Timers of the hub: what it has yet to run."""
        hub = hubs.get_hub()
        return int(hub.get_timers_count()) - int(hub.timers_canceled)

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """A GreenThread, or an Event that one sends."""
        if kind == "GreenThread":
            return eventlet.spawn(self.native(fn))
        event = Native()

        def body() -> None:
            try:
                value = self.native(fn)()
            except BaseException as error:
                event.send_exception(error)
            else:
                event.send(value)

        eventlet.spawn(body)
        return event

    async def waited(self, mine: Any) -> Any:
        """Wait for an Event."""
        return mine.wait()

    async def in_time(self, mine: Any, seconds: float) -> bool | None:
        """Wait for an Event, with a timeout; a GreenThread has no such wait."""
        return mine.wait(timeout=seconds) is not None if isinstance(mine, eventlet.event.Event) else None

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object]:
        """A listener of the hub's."""
        hub = hubs.get_hub()
        listener = hub.add(hub.READ, fd, lambda *_: callback(), lambda *_: None, lambda: None)
        return lambda: hub.remove(listener)

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """A timer of the hub's."""
        hubs.get_hub().schedule_call_global(seconds, callback)

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run it in a thread of tpool."""
        result: object = tpool.execute(fn)
        return result

    async def among(self, mine: Any) -> None:
        """There is nothing that waits for several: each is waited for."""
        with contextlib.suppress(BaseException):
            mine.wait()

    def drop(self, mine: Any) -> None:
        """Kill it."""
        mine.kill()

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        hubs.get_hub().greenlet.parent.throw(RuntimeError("the loop is killed"))


def driver(flavour: str) -> EventletDriver:
    """The driver of one flavour."""
    return EventletDriver()
