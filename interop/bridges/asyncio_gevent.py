"""asyncio-gevent: an asyncio loop in a greenlet of a monkey-patched process.

Source: https://github.com/gfmio/asyncio-gevent
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, natively
from interop.bridges.crossing import Crossing


class AsyncioGevent(Bridge):
    """greenlet_to_future() and future_to_greenlet()."""

    name = package = "asyncio-gevent"
    crossings = (Crossing("asyncio", "gevent", "hosted"), Crossing("gevent", "asyncio", "guest"))
    has = frozenset({"cancel", "wrap", "back"})
    fresh = True

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        import gevent.monkey

        gevent.monkey.patch_all()  # Its greenlets are joined in what must not be real threads.
        import asyncio_gevent

        self.library = asyncio_gevent

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The loop in this greenlet or in one beside it."""
        import gevent

        from interop.runtime import drive

        self.loop = self.library.EventLoop()
        if self.crossing.caller == "asyncio":
            self.loop.run_until_complete(main())
            return
        beside = gevent.spawn(self.loop.run_forever)
        gevent.sleep(0)
        try:
            drive(main())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            beside.join()

    def to_gevent(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """A greenlet's Future."""
        import gevent

        return self.library.greenlet_to_future(gevent.Greenlet(fn, *args, **kwargs))

    def to_asyncio(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """A coroutine's greenlet, waited for."""
        return self.greenlet(natively(fn)(*args, **kwargs)).get()

    def greenlet(self, foreign: Any) -> Any:
        """A greenlet for an awaitable."""
        import gevent

        greenlet = self.library.future_to_greenlet(foreign, loop=self.loop)
        greenlet.start()
        # It schedules with ensure_future(), which does not wake a loop that sleeps in its selector.
        gevent.get_hub().loop.run_callback(self.loop.call_soon_threadsafe, int)
        return greenlet

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The way there."""
        return (self.to_gevent if self.crossing.caller == "asyncio" else self.to_asyncio)(fn, *args, **kwargs)

    def here(self) -> None:
        """Nothing: there is one hub."""

    def back(self, here: None) -> Way:
        """The other way."""
        return Way(self.to_asyncio if self.crossing.caller == "asyncio" else self.to_gevent)

    def wrap(self, session: Any, foreign: Any) -> Any:
        """The library's."""
        return self.library.greenlet_to_future(foreign) if self.crossing.caller == "asyncio" else self.greenlet(foreign)
