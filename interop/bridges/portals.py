"""Our own bridge: portals, on every crossing that there is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.crossing import Crossing, every
from interop.portal import find
from interop.runtime import Runtime


class Portals(Bridge):
    """interop.adapters.x.open_portal()."""

    name = "portal"
    crossings = tuple(every())
    has = frozenset({"cancel", "stream", "enter", "open", "back", "wrap", "inward", "dies", "many"})

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        (self.caller, self.caller_flavour), (self.callee, self.callee_flavour) = find(crossing.caller), find(crossing.callee)
        self.host: Runtime | None = None

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The caller's loop, by itself or as a guest of the callee's."""
        if self.topology != "hosted":
            self.caller.run(main, self.caller_flavour)
        else:
            self.callee.run(lambda: self._hosting(main), self.callee_flavour)

    async def _hosting(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.host = self.callee.current()
        portal: Any = self.callee.open_portal(self.crossing.caller, topology="guest")  # type: ignore[attr-defined]
        async with either(portal):
            waited = portal.call(main)
            if hasattr(waited, "__await__"):
                await waited

    def open(self) -> Any:
        """A new portal; where the callee hosts us, one to it."""
        open_portal: Callable[..., Any] = self.caller.open_portal  # type: ignore[attr-defined]
        if self.host is not None:
            return open_portal(self.host)
        return open_portal(self.crossing.callee, topology=self.topology)

    def here(self) -> Any:
        """The caller's runtime."""
        return self.caller.current()

    def back(self, here: Any) -> Any:
        """A portal to it."""
        return self.callee.open_portal(here)  # type: ignore[attr-defined]

    def inward(self) -> Any:
        """A portal of the caller's to the callee's runtime, in the callee's thread."""
        return self.caller.open_portal(self.callee.current())  # type: ignore[attr-defined]

    def wrap(self, session: Any, foreign: Any) -> Any:
        """The caller's wrap()."""
        return self.caller.wrap(foreign, of=session.runtime)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def either(manager: Any) -> Any:
    """A context manager of either kind, for a coroutine that never suspends where it is the plain kind."""
    if hasattr(manager, "__aenter__"):
        async with manager as value:
            yield value
    else:
        with manager as value:
            yield value
