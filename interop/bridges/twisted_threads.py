"""Twisted's own crossings between the reactor and threads: deferToThread() and blockingCallFromThread().

Source: https://docs.twisted.org/en/stable/core/howto/threading.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any

from interop.adapters import threads
from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, deferring
from interop.bridges.crossing import Crossing


class TwistedThreads(Bridge):
    """The reactor, and its pool of ten threads."""

    name = "twisted-threads"
    package = "twisted"
    crossings = (Crossing("twisted", "threads", "thread"), Crossing("threads", "twisted", "thread"))
    has = frozenset({"back"})

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The reactor in this thread; if threads call, in another one, so that its end is not theirs."""
        from interop.adapters import twisted

        if self.crossing.caller == "twisted":
            twisted.run(main)
            return
        from twisted.internet import reactor
        from twisted.internet.defer import Deferred

        ready, over = threading.Event(), Deferred[None]()

        async def serve() -> None:
            ready.set()
            await over

        thread = threading.Thread(target=twisted.run, args=(serve,), name="twisted")
        thread.start()
        ready.wait()
        try:
            threads.run(main)
        finally:
            reactor.callFromThread(over.callback, None)
            thread.join()

    def to_thread(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """From the reactor."""
        from twisted.internet.threads import deferToThread

        return deferToThread(fn, *args, **kwargs)

    def into_reactor(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """From any thread but the reactor's."""
        from twisted.internet import reactor
        from twisted.internet.threads import blockingCallFromThread

        return blockingCallFromThread(reactor, lambda: deferring(fn)(*args, **kwargs))

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The way there."""
        return (self.to_thread if self.crossing.caller == "twisted" else self.into_reactor)(fn, *args, **kwargs)

    def here(self) -> None:
        """Nothing: the reactor is known."""

    def back(self, here: None) -> Way:
        """The other way."""
        return Way(self.into_reactor if self.crossing.caller == "twisted" else self.to_thread)
