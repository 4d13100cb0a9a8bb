"""Asyncio, as laws drive it."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import interop.adapters.asyncio
from interop.harness.drivers.driver import NOTHING, Driver
from interop.laws.world import Afn, Event, Outcome


class AsyncioDriver(Driver):
    """A task for each coroutine."""

    library = "asyncio"
    says_why = lets_go = True
    adapter: Any = interop.adapters.asyncio
    cancel_type = asyncio.CancelledError
    timeout_type: type[BaseException] | None = asyncio.TimeoutError
    flavours: Mapping[str, Mapping[str, str]] = {
        "coroutine": NOTHING,
        "task": {"exits": "asyncio lets a KeyboardInterrupt or SystemExit out of any task end the loop"},
    }
    awaitables: Mapping[str, Mapping[str, str]] = {"Task": NOTHING, "Future": NOTHING}
    words: Mapping[str, str] = {
        "start": "task_{0} = asyncio.ensure_future({0}())",
        "join": "await asyncio.wait([task_{0}])",
        "turn": "await asyncio.sleep(0)",
        "within": "async with asyncio.timeout({0}): {1}",
    }

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.kept: set[asyncio.Future[Any]] = set()  # The loop itself holds its tasks by weak references only.
        self.name = f"asyncio[{flavour}]" if flavour else "asyncio"
        self.keeps = "uvloop keeps the pipe of its first loop" if flavour == "uvloop" else ""

    def native(self, fn: Afn, flavour: str = "") -> Callable[..., Any]:
        """A coroutine function, or a function that returns a Task."""
        if flavour != "task":
            return fn
        return lambda *args, **kwargs: asyncio.ensure_future(fn(*args, **kwargs))

    def waker(self) -> Callable[[Callable[[], object]], object]:
        """What runs a callback soon in this loop, also in one that is another bridge's."""
        try:
            return super().waker()
        except (
            AsyncioDriver.adapter.NotRunning
        ):  # The loop of trio-asyncio runs in Trio: only the functions that it patches know it.
            return asyncio.get_running_loop().call_soon_threadsafe

    def from_threads(self) -> Callable[[Callable[[], object]], object]:
        """call_soon_threadsafe()."""
        return asyncio.get_running_loop().call_soon_threadsafe

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object]:
        """loop.add_reader()."""
        loop = asyncio.get_running_loop()
        loop.add_reader(fd, callback)
        return lambda: loop.remove_reader(fd)

    def loop(self) -> object:
        """The loop."""
        return asyncio.get_running_loop()

    def event(self) -> Event:
        """This framework's own."""
        return asyncio.Event()

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""
        return asyncio.ensure_future(fn(*args))

    def background(self, fn: Afn) -> None:
        """Start a task that nobody asks for."""
        task = asyncio.ensure_future(fn())
        self.kept.add(task)
        task.add_done_callback(self.kept.discard)

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""
        task.cancel(why or None)

    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""
        await asyncio.wait([task])
        if task.cancelled():
            return "cancelled", None
        error = task.exception()
        return ("value", task.result()) if error is None else ("error", error)

    async def turn(self) -> None:
        """Let everything else that is ready run once."""
        await asyncio.sleep(0)

    async def within(self, seconds: float, fn: Afn) -> Any:
        """Its own timeout."""
        if sys.version_info >= (3, 11):
            async with asyncio.timeout(seconds):
                return await fn()
        return await asyncio.wait_for(fn(), seconds)

    def task(self) -> object:
        """The current task."""
        return asyncio.current_task()

    def busy(self) -> object:
        """Cancels that are pending or counted."""
        task: Any = asyncio.current_task()
        return (task.cancelling() if sys.version_info >= (3, 11) else 0, task._must_cancel)

    def asyncio_loop(self) -> object:
        """This one."""
        return asyncio.get_running_loop()

    def alive(self) -> int:
        """Tasks that are not done."""
        return len(asyncio.all_tasks())

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """A Task, or a Future that a Task completes."""
        task = asyncio.ensure_future(fn())
        if kind == "Task":
            return task
        future: asyncio.Future[Any] = task.get_loop().create_future()
        future.add_done_callback(lambda future: task.cancel() if future.cancelled() else None)

        def done(task: asyncio.Task[Any]) -> None:
            if future.done():
                if not task.cancelled():
                    task.exception()
            elif task.cancelled():
                future.cancel()
            elif (error := task.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(task.result())

        task.add_done_callback(done)
        return future

    async def in_time(self, mine: Any, seconds: float) -> bool | None:
        """Wait for a Future; a coroutine has no such wait."""
        return bool((await asyncio.wait([mine], timeout=seconds))[0]) if asyncio.isfuture(mine) else None

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """A timer."""
        asyncio.get_running_loop().call_later(seconds, callback)

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run it in the loop's default executor."""
        return await asyncio.get_running_loop().run_in_executor(None, fn)

    async def among(self, mine: Any) -> None:
        """As wait() does."""
        await asyncio.wait([mine])

    def let_go(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """As programs did before there was asyncio.run()."""
        loop = (importlib.import_module("uvloop") if self.flavour else asyncio).new_event_loop()
        try:
            loop.run_until_complete(main())
        finally:
            loop.close()

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""
        asyncio.get_running_loop().stop()


def driver(flavour: str) -> Driver:
    """The driver of one flavour."""
    return AsyncioDriver(flavour)
