"""greenback: blocking code in a task awaits, since a greenlet carries the await past it. Caller and callee are one task.

Source: https://greenback.readthedocs.io/
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import natively
from interop.bridges.crossing import Crossing
from interop.portal import find


class Greenback(Bridge):
    """A coroutine calls a blocking function, which awaits another coroutine."""

    name = package = "greenback"
    crossings = (Crossing("asyncio", "asyncio", "loop"), Crossing("trio", "trio", "loop"))
    has = frozenset({"cancel"})

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The one loop."""
        adapter, flavour = find(self.crossing.caller)
        adapter.run(main, flavour)

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Through a blocking function."""
        import greenback

        def blocking() -> Any:
            return greenback.await_(natively(fn)(*args, **kwargs))

        return await greenback.with_portal_run_sync(blocking)
