"""Twisted's own crossing to asyncio, both on the loop of the asyncioreactor: Deferred.asFuture() and Deferred.fromFuture().

Source: https://docs.twisted.org/en/stable/core/howto/asyncio.html
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from inspect import isawaitable
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, deferring
from interop.bridges.crossing import Crossing


class TwistedAsFuture(Bridge):
    """The reactor runs the loop."""

    name = "twisted-asfuture"
    package = "twisted"
    crossings = (Crossing("asyncio", "twisted[asyncio]", "loop"), Crossing("twisted[asyncio]", "asyncio", "loop"))
    has = frozenset({"cancel", "wrap", "back"})

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The reactor; asyncio's tasks are started in it."""
        from interop.adapters import twisted

        async def program() -> None:
            from twisted.internet import reactor
            from twisted.internet.task import deferLater

            await deferLater(reactor, 0)  # Until now the loop does not run, and asyncio would take another.
            await (self.to_asyncio(main) if self.crossing.caller == "asyncio" else main())

        twisted.run(program, "asyncio")

    def to_asyncio(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """A Deferred for what asyncio does."""
        result = fn(*args, **kwargs)
        return self.from_future(result) if isawaitable(result) else _fired(result)

    def from_future(self, foreign: Any) -> Any:
        """A Deferred for an awaitable of asyncio's."""
        import asyncio

        from twisted.internet.defer import Deferred

        return Deferred.fromFuture(asyncio.ensure_future(foreign))

    def to_twisted(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """A Future for what Twisted does."""
        from twisted.internet.defer import maybeDeferred

        return self.as_future(maybeDeferred(deferring(fn), *args, **kwargs))

    def as_future(self, foreign: Any) -> Any:
        """A Future for a Deferred."""
        import asyncio

        return foreign.asFuture(asyncio.get_running_loop())

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The way there."""
        return (self.to_twisted if self.crossing.caller == "asyncio" else self.to_asyncio)(fn, *args, **kwargs)

    def here(self) -> None:
        """Nothing: there is one loop."""

    def back(self, here: None) -> Way:
        """The other way."""
        return Way(self.to_asyncio if self.crossing.caller == "asyncio" else self.to_twisted)

    def wrap(self, session: Any, foreign: Any) -> Any:
        """A Deferred's Future, or a Future's Deferred."""
        return (self.as_future if self.crossing.caller == "asyncio" else self.from_future)(foreign)


def _fired(value: Any) -> Any:
    from twisted.internet.defer import succeed

    return succeed(value)
