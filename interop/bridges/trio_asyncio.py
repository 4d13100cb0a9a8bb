"""trio-asyncio: an asyncio loop that is a Trio task; both sides share a thread, and Trio is the host.

Source: https://trio-asyncio.readthedocs.io/
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, natively
from interop.bridges.crossing import Crossing


class TrioAsyncio(Bridge):
    """aio_as_trio() and trio_as_aio(), each of which also takes context managers and iterators."""

    name = package = "trio-asyncio"
    crossings = (Crossing("trio", "asyncio", "guest"), Crossing("asyncio", "trio", "hosted"))

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        self.has = frozenset({"cancel", "stream", "enter", "back"} | ({"wrap"} if self.topology == "guest" else set()))

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Trio, and the loop in it."""
        import trio
        import trio_asyncio

        async def program() -> None:
            async with trio_asyncio.open_loop() as loop:
                # Explicit, since the contextvar that holds the loop does not reach every task.
                self.to_asyncio: Callable[[Any], Any] = lambda what: trio_asyncio.aio_as_trio(what, loop=loop)
                self.to_trio: Callable[[Any], Any] = lambda what: trio_asyncio.trio_as_aio(what, loop=loop)
                await (main() if self.topology == "guest" else self.to_asyncio(main)())

        trio.run(program)

    def across(self, what: Any) -> Any:
        """The library's wrapper of the callee's thing."""
        return (self.to_asyncio if self.topology == "guest" else self.to_trio)(what)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Its wrapper, called."""
        return self.across(natively(fn))(*args, **kwargs)

    def stream(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Its wrapper of an asynchronous generator."""
        return self.across(fn(*args, **kwargs)).__aiter__()

    def enter(self, manager: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Its wrapper of a context manager."""
        return self.across(manager(*args, **kwargs))

    def here(self) -> None:
        """Nothing: the loop is known."""

    def back(self, here: None) -> Way:
        """The other wrapper."""
        other = self.to_trio if self.topology == "guest" else self.to_asyncio
        return Way(lambda fn, *args, **kwargs: other(natively(fn))(*args, **kwargs))

    async def wrap(self, session: Any, foreign: Any) -> Any:
        """A Future of the loop's, awaited in Trio."""
        import trio_asyncio

        return await trio_asyncio.run_aio_future(foreign)
