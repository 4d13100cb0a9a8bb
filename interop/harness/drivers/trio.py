"""Trio, as laws drive it."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from typing import Any

import trio

import interop.adapters.trio
from interop.harness.drivers.driver import Driver
from interop.laws.world import Afn, Event, Outcome


class Task:
    """A scope around a coroutine, and how it ended."""

    def __init__(self) -> None:
        self.scope, self.done = trio.CancelScope(), trio.Event()
        self.outcome: Outcome = ("error", RuntimeError("did not run"))


class TrioDriver(Driver):
    """A system task with a cancel scope for each coroutine."""

    name = "trio"
    library = "trio"
    level = True
    no_pool = "Trio keeps idle threads for the whole process"
    adapter: Any = interop.adapters.trio
    cancel_type = trio.Cancelled
    timeout_type = trio.TooSlowError
    words: Mapping[str, str] = {
        "start": "nursery.start_soon({0})  # in a trio.CancelScope(), scope_{0}",
        "cancel": "scope_{0}.cancel()",
        "join": "# {0} ends",
        "turn": "await trio.lowlevel.checkpoint()",
        "within": "with trio.fail_after({0}): {1}",
    }

    def from_threads(self) -> Callable[[Callable[[], object]], object]:
        """run_sync_soon()."""
        return trio.lowlevel.current_trio_token().run_sync_soon

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object]:
        """A task that waits for it again and again."""
        scope = trio.CancelScope()

        async def watch() -> None:
            with scope:
                while True:
                    await trio.lowlevel.wait_readable(fd)
                    callback()

        self.background(watch)
        return scope.cancel

    def event(self) -> Event:
        """This framework's own."""
        return trio.Event()

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

        self.background(body)
        return task

    def background(self, fn: Afn) -> None:
        """Start a task that nobody asks for."""
        # As a nursery does; without a context, a system task has the run's own.
        trio.lowlevel.spawn_system_task(fn, context=contextvars.copy_context())

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""
        task.scope.cancel()

    async def shielded(self, fn: Afn) -> Any:
        """Clean-up that waits."""
        with trio.CancelScope(shield=True):
            return await fn()

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        await task.done.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        await trio.lowlevel.checkpoint()

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        with trio.fail_after(seconds):
            return await fn()

    def task(self) -> object:
        """The current task."""
        return trio.lowlevel.current_task()

    def busy(self) -> object:
        """When it will be cancelled, and the nurseries that it has open."""
        task = trio.lowlevel.current_task()
        return trio.current_effective_deadline(), len(task.child_nurseries)

    def alive(self) -> int:
        """Tasks of this run."""
        return trio.lowlevel.current_statistics().tasks_living

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """A task that sleeps: there are no timers."""

        async def body() -> None:
            await trio.sleep(seconds)
            callback()

        self.background(body)

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run it in a worker thread."""
        return await trio.to_thread.run_sync(fn)

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        # As in a program whose main task is cancelled: system tasks are cancelled after it, and Trio's way in ends last.
        init = trio.lowlevel.current_root_task()
        assert init is not None
        init.child_nurseries[-1].cancel_scope.cancel()  # Outer ones come before inner ones, and the main task's is the innermost.


def driver(flavour: str) -> Driver:
    """The driver of one flavour."""
    return TrioDriver()
