"""Anyio, as laws drive it."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import anyio.lowlevel

import interop.adapters.anyio
from interop.harness.drivers.driver import Driver
from interop.laws.world import Afn, Event, Outcome


class Task:
    """A scope around a coroutine, and how it ended."""

    def __init__(self) -> None:
        self.scope, self.done = anyio.CancelScope(), anyio.Event()
        self.outcome: Outcome = ("error", RuntimeError("did not run"))


class AnyioDriver(Driver):
    """A task with a cancel scope for each coroutine, on either backend."""

    adapter: Any = interop.adapters.anyio
    timeout_type = TimeoutError
    level = True
    native_event: Any

    def __init__(self, flavour: str) -> None:
        self.flavour = self.library = flavour
        self.name = f"anyio[{flavour}]"
        if flavour == "trio":
            import trio

            self.cancel_type, self.native_event = trio.Cancelled, trio.Event
        else:
            self.cancel_type, self.native_event = asyncio.CancelledError, asyncio.Event

    def event(self) -> Event:
        """This framework's own."""
        # The other side's thread makes it: anyio.Event() would be one of the library that runs there.
        return self.native_event()  # type: ignore[no-any-return]

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""
        task = Task()

        async def body() -> None:
            try:
                with task.scope:
                    task.outcome = ("value", await fn(*args))
                if task.scope.cancelled_caught:
                    task.outcome = ("cancelled", None)
            except BaseException as error:
                task.outcome = ("error", error)
            finally:
                task.done.set()

        if self.flavour == "trio":
            import trio

            trio.lowlevel.spawn_system_task(body)
        else:
            task.native = asyncio.ensure_future(body())  # type: ignore[attr-defined]
        return task

    async def cancel(self, task: Any) -> None:
        """Ask; do not wait."""
        task.scope.cancel()

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
        """The current task."""
        if self.flavour == "trio":
            import trio

            return trio.lowlevel.current_task()
        return asyncio.current_task()

    def asyncio_loop(self) -> object:
        """The backend's, if it is asyncio."""
        return asyncio.get_running_loop() if self.flavour == "asyncio" else None

    def alive(self) -> int:
        """Tasks of the backend."""
        if self.flavour == "trio":
            import trio

            return trio.lowlevel.current_statistics().tasks_living
        return len(asyncio.all_tasks())

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        if self.flavour == "trio":
            import trio

            root = trio.lowlevel.current_root_task()
            assert root is not None
            for nursery in root.child_nurseries:
                nursery.cancel_scope.cancel()
        else:
            asyncio.get_running_loop().stop()


def driver(flavour: str) -> Driver:
    """The driver of one flavour."""
    return AnyioDriver(flavour)
