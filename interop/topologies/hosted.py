"""Hosted: a loop that a portal started, and that it stops; the part that the three topologies share."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from interop.call import Signal
from interop.errors import CannotStart
from interop.runtime import Runtime

Main = Callable[[], Coroutine[Any, Any, None]]


class Adapter(Protocol):
    """What a topology needs of an adapter: a way to run a loop in this thread, and the runtime of the loop that runs.

    Adapters of the asyncio family have on_loop() too, and those that run on Trio have guest(). One that needs something of the
    process has startable(name), which raises CannotStart.
    """

    def run(self, main: Main, flavour: str) -> object:
        """Run a loop until main, a coroutine that awaits only the runtime's wait(), has ended; leave nothing behind."""

    def current(self) -> Runtime:
        """The runtime of the loop that runs in this thread."""

    def on_loop(self, loop: Any, flavour: str, refused: Callable[[str], Exception]) -> tuple[Runtime, Callable[[], object]]:
        """Serve on an asyncio loop that runs already: the runtime, and what ends that. refused(why) is raised where it cannot."""

    def guest(self, main: Main, wake: Callable[..., object], done: Callable[..., object]) -> None:
        """Run main in a guest of the loop that wake() belongs to; done(outcome) is called in that loop."""


def check(adapter: Adapter, name: str) -> None:
    """Before anything is started: whether this process has what the framework needs.

    Raises:
        CannotStart: it has not.
    """
    if hasattr(adapter, "startable"):
        adapter.startable(name)


class Hosted:
    """The life of a started loop, told to the one who started it by signals.

    Args:
        current: the runtime that serves, asked for in the started loop.

    Attributes:
        runtime: that runtime, once it serves.
    """

    def __init__(self, here: Runtime, name: str, current: Callable[[], Runtime]) -> None:
        self.here, self.name, self.current = here, name, current
        self.started, self.is_over = Signal(here), False
        self.launched = self.told_to_end = False
        self._ended: list[Signal] = []
        self.runtime: Runtime | None = None
        self.enough: Signal | None = None

    def main_runtime(self, runtime: Runtime) -> Runtime:
        """The runtime that main() waits with; another one where two frameworks serve on one loop."""
        return runtime

    async def main(self) -> None:
        """What the started loop runs: say that it runs, and wait for the word to stop."""
        runtime = self.current()
        runtime.name = self.name
        runtime.hold()
        main = self.main_runtime(runtime)
        # A loop whose tasks are all cancelled by somebody is to end, not to refuse.
        self.enough = Signal(main, gives_up=True)
        if self.told_to_end:  # By one who was interrupted while it started.
            self.enough.settle()
        self.runtime = runtime
        self.started.settle()
        try:
            await main.wait(self.enough)
        except BaseException as error:
            # Not GeneratorExit, with which the garbage collector ends this: what it holds would come to life again.
            if not isinstance(error, (*main.cancel_types, GeneratorExit)):
                runtime.ended_by = error
            raise
        finally:
            runtime.release()

    def over(self, error: BaseException | None) -> None:
        """The loop has ended: nobody must wait for it any longer."""
        if self.runtime is None:
            self.started.settle(error=error if error is not None else self.here.peer_gone("it ended before it had started"))
        else:
            self.runtime.bury("its loop has ended", error)
        self.here.guests.discard(self)
        self.is_over = True
        for ended in list(self._ended):
            ended.settle()

    async def begin(self, launch: Callable[[], object]) -> Hosted:
        """Launch the loop, and wait until it runs; a start that is interrupted is undone.

        Raises:
            CannotStart: the loop that starts it is ending itself.
            the error of launch(), or what the framework raises when it cannot start.
        """
        if self.here.ending or self.here.gone is not None:
            raise CannotStart(self.name, f"{self.here.name} is ending, and what it has started ends first", "open it earlier")
        try:
            self.here.guests.add(self)
            launch()
            self.launched = True
            await self.here.wait(self.started)
            if self.started.unwanted is True and not self.here.keeps_cancels:
                raise self.here.cancel_types[0]
            return self
        except BaseException:
            if self.is_launched():
                await self.stop()
            self.here.guests.discard(self)
            self.end_soon()
            raise

    def is_launched(self) -> bool:
        """Whether the loop runs, or will by itself."""
        return self.launched

    def end_soon(self) -> None:
        """Ask the loop to end; from any thread."""
        self.told_to_end = True
        if self.enough is not None:
            self.enough.caller.wake(self.enough.settle)

    async def stop(self) -> bool:
        """Ask the loop to end, and wait until it has; more than one may. Whether a cancel came meanwhile."""
        self.end_soon()
        ended = Signal(self.here)
        self._ended.append(ended)
        if self.is_over:  # Perhaps since just now, in its own thread.
            ended.settle()
        await self.here.wait(ended)
        return ended.unwanted is True
