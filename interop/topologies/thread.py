"""Thread: each loop in a thread of its own, with wake() between them.

The thread is a daemon: a program that forgets to close its portal still ends.
Where gevent or eventlet has patched threads, what asyncio.to_thread() and the like start are greenlets of that thread. An asyncio
loop then parks, and waits for its files as patched code does: by the thread's hub, which runs those greenlets.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from interop.errors import CannotStart, NoSuchTopology
from interop.runtime import Runtime
from interop.topologies.hosted import Adapter, Hosted, check
from interop.topologies.parked import Parked
from interop.unpatched import Thread, hub_stays, patched_by

ON_ASYNCIO = ("asyncio", "tornado", "twisted[asyncio]", "anyio[asyncio]")


class InThread(Hosted):
    """A loop in a thread of its own."""

    thread: Thread

    def live(self, run: Callable[[], object]) -> None:
        """In that thread."""
        ended_by: BaseException | None = None
        try:
            with hub_stays():
                run()
        except BaseException as error:  # It is the cause that every waiting caller will see.
            ended_by = error
        self.over(ended_by)

    def launch(self) -> None:
        """Start the thread.

        Raises:
            CannotStart: there are too many, or this is a subinterpreter that has none.
        """
        try:
            self.thread.start()
        except RuntimeError as error:
            why = f"no thread can be started ({error})"
            raise CannotStart(self.name, why, "use the topology 'loop' or 'guest'") from error

    def is_launched(self) -> bool:
        """Thread.start() may be interrupted after it has started the thread."""
        return self.thread.is_started()

    async def stop(self) -> bool:
        """Ask the loop to end, and wait until its thread has. Whether a cancel came meanwhile."""
        cancelled = await super().stop()
        self.thread.join()  # Its last act was to say so: this waits for microseconds.
        return cancelled


class ParkedInThread(Parked, InThread):
    """An asyncio loop in a thread of a patched process."""

    def turn_by_turn(self) -> None:
        """Give it a turn whenever one of its files is ready, and the greenlets of this thread meanwhile."""
        select.select([], [], [], 0)  # The thread's hub goes back to the greenlet that asks for it first: to this one.
        self.become()
        request = self.turns.next()
        while not self.turns.over:
            select.select([self.selector.fileno()], [], [], request)
            request = self.turns.next()
        if request is not None:
            raise cast(BaseException, request)


async def start(here: Runtime, name: str, adapter: Adapter, flavour: str, asyncio_adapter: Any) -> Hosted:
    """Start a loop in a new thread, and wait until it runs.

    Raises:
        NoSuchTopology: both would be the process's one default reactor.
        CannotStart: this process lacks something that the framework needs.
        whatever the framework raises when it cannot start.
    """
    if name == "twisted" and here.name.startswith("twisted"):
        raise NoSuchTopology(here.name, name, "thread", "the process has one default reactor: use twisted[private]")
    check(adapter, name)
    hosted: InThread
    if name in ON_ASYNCIO and patched_by("thread") is not None:
        hosted = parked = ParkedInThread(here, name, adapter, flavour, asyncio_adapter)
        run: Callable[[], object] = parked.turn_by_turn
    else:
        hosted = InThread(here, name, adapter.current)
        run = partial(adapter.run, hosted.main, flavour)
    hosted.thread = Thread(partial(hosted.live, run), f"interop {name}", hosted.end_soon)
    return await hosted.begin(hosted.launch)  # One statement: an interrupt between two would leave the thread to nobody.
