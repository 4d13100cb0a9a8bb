"""anyio, as laws drive it; what it has no words for is its backend's driver's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread

import interop.adapters.anyio
from interop.harness import drivers
from interop.harness.drivers.driver import Driver
from interop.laws.world import Afn, Event, Outcome


class Task:
    """A scope around a coroutine, and how it ended."""

    def __init__(self) -> None:
        self.scope, self.done = anyio.CancelScope(), anyio.Event()
        self.outcome: Outcome = ("error", RuntimeError("did not run"))
        self.below: Any = None


class AnyioDriver(Driver):
    """A task with a cancel scope for each coroutine, on either backend."""

    adapter: Any = interop.adapters.anyio
    timeout_type = TimeoutError
    level = True
    words: Mapping[str, str] = {
        "start": "group.start_soon({0})  # in an anyio.CancelScope(), scope_{0}",
        "cancel": "scope_{0}.cancel()",
        "join": "# {0} ends",
        "turn": "await anyio.lowlevel.checkpoint()",
        "within": "with anyio.fail_after({0}): {1}",
    }

    def __init__(self, flavour: str) -> None:
        self.flavour = self.library = flavour
        self.name = f"anyio[{flavour}]"
        self.backend: Any = drivers.find(flavour)
        self.cancel_type = self.backend.cancel_type
        self.below = flavour == "asyncio"
        self.no_pool = self.backend.no_pool

    def event(self) -> Event:
        """The backend's: the other side's thread makes it, and anyio.Event() would be one of the library that runs there."""
        event: Event = self.backend.event()
        return event

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""
        task = Task()

        async def body() -> None:
            task.below = self.backend.task()
            try:
                with task.scope:
                    task.outcome = ("value", await fn(*args))
                if task.scope.cancelled_caught:
                    task.outcome = ("cancelled", None)
            except BaseException as error:
                task.outcome = ("error", error)
            finally:
                task.done.set()

        self.backend.background(body)
        return task

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""
        task.scope.cancel()

    async def cancel_below(self, task: Any) -> None:
        """As asyncio.timeout() does, and code that holds the asyncio task; Trio's tasks have no cancel of their own."""
        task.below.cancel()

    async def shielded(self, fn: Afn) -> Any:
        """Clean-up that waits."""
        with anyio.CancelScope(shield=True):
            return await fn()

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        await task.done.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        await anyio.lowlevel.checkpoint()

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        with anyio.fail_after(seconds):
            return await fn()

    def task(self) -> object:
        """The backend's current task."""
        task: object = self.backend.task()
        return task

    def from_threads(self) -> Callable[[Callable[[], object]], object]:
        """The backend's: anyio's own is for its worker threads."""
        return self.backend.from_threads()  # type: ignore[no-any-return]

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object] | None:
        """As the backend: anyio's own wait_readable() is its backend's."""
        stop: Callable[[], object] | None = self.backend.on_readable(fd, callback)
        return stop

    def asyncio_loop(self) -> object:
        """The backend's, if it is asyncio."""
        loop: object = self.backend.asyncio_loop()
        return loop

    def busy(self) -> object:
        """When it will be cancelled, and what the backend says."""
        return anyio.current_effective_deadline(), self.backend.busy()

    def alive(self) -> int:
        """Tasks of the backend."""
        return int(self.backend.alive())

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """As the backend's: anyio has no timers."""
        self.backend.later(seconds, callback)

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run it in a worker thread."""
        result: object = await anyio.to_thread.run_sync(fn)
        return result

    def kill_loop(self) -> None:
        """End the backend's loop."""
        self.backend.kill_loop()


def driver(flavour: str) -> Driver:
    """The driver of one flavour."""
    return AnyioDriver(flavour)
