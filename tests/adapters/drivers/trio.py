from __future__ import annotations

from typing import Any

import trio

import interop.adapters.trio
from tests.adapters.drivers import Afn, Driver, Event, Outcome


class Task:
    def __init__(self) -> None:
        self.scope, self.done = trio.CancelScope(), trio.Event()
        self.outcome: Outcome = ("error", RuntimeError("did not run"))


class TrioDriver(Driver):
    name = "trio"
    library = "trio"
    level = True
    adapter: Any = interop.adapters.trio
    cancel_type = trio.Cancelled
    timeout_type = trio.TooSlowError

    def event(self) -> Event:
        return trio.Event()  # type: ignore[return-value]

    async def spawn(self, fn: Afn, *args: Any) -> Any:
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

        trio.lowlevel.spawn_system_task(body)
        return task

    async def cancel(self, task: Any) -> None:
        task.scope.cancel()

    async def join(self, task: Any) -> Outcome:
        await task.done.wait()
        outcome: Outcome = task.outcome
        return outcome

    async def turn(self) -> None:
        await trio.lowlevel.checkpoint()

    async def within(self, seconds: float, fn: Afn) -> Any:
        with trio.fail_after(seconds):
            return await fn()

    def task(self) -> object:
        return trio.lowlevel.current_task()

    def kill_loop(self) -> None:
        # The main task is done: the run ends, and with it every system task.
        raise_in = trio.lowlevel.current_root_task()
        assert raise_in is not None
        for nursery in raise_in.child_nurseries:
            nursery.cancel_scope.cancel()


def driver(flavour: str) -> Driver:
    return TrioDriver()
