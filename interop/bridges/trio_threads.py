"""Trio's own crossings between its run and threads: to_thread.run_sync() and from_thread.run().

Source: https://trio.readthedocs.io/en/stable/reference-core.html#threads
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from interop.adapters import threads
from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, natively
from interop.bridges.crossing import Crossing


class TrioThreads(Bridge):
    """A thread into the run whose token it has; the run into a thread of Trio's cache."""

    name = "trio-threads"
    package = "trio"
    crossings = (Crossing("threads", "trio", "thread"), Crossing("trio", "threads", "thread"))
    has = frozenset({"back"})

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Trio in this thread; if threads call, in another one, so that its end is not theirs."""
        import trio

        if self.crossing.caller == "trio":
            trio.run(self._program, main)
            return
        ready, thread = threading.Event(), threading.Thread(target=trio.run, args=(self._serve,), name="trio")
        self.ready = ready.set
        thread.start()
        ready.wait()
        try:
            threads.run(main)
        finally:
            with contextlib.suppress(trio.RunFinishedError):
                self.token.run_sync_soon(self.over.set)
            thread.join()

    async def _program(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        import trio

        self.token = trio.lowlevel.current_trio_token()
        await main()

    async def _serve(self) -> None:
        import trio

        self.token, self.over = trio.lowlevel.current_trio_token(), trio.Event()
        self.ready()
        await self.over.wait()

    def to_thread(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """From Trio."""
        import trio

        return trio.to_thread.run_sync(partial(fn, *args, **kwargs))

    def into_trio(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """From any thread."""
        import trio

        return trio.from_thread.run(partial(natively(fn), *args, **kwargs), trio_token=self.token)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The way there."""
        return (self.to_thread if self.crossing.caller == "trio" else self.into_trio)(fn, *args, **kwargs)

    def here(self) -> None:
        """Nothing: the run is known."""

    def back(self, here: None) -> Way:
        """The other way."""
        return Way(self.into_trio if self.crossing.caller == "trio" else self.to_thread)
