"""Our own bridge: portals, on every crossing that there is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.crossing import Crossing, every
from interop.errors import CalleeCancelled, InteropError, PeerGone, PortalClosed, WrongThread
from interop.portal import find
from interop.runtime import Runtime

SAY_WHERE = ("Future", "Task", "Greenlet", "GreenThread")  # The types of what knows its loop; a Deferred and an Event do not.


class Portals(Bridge):
    """interop.adapters.x.open_portal()."""

    name = "portal"
    crossings = tuple(every())
    has = frozenset({"cancel", "stream", "enter", "open", "back", "wrap", "wrap-any", "inward", "dies", "many", "refuse", "drop"})
    errors: Mapping[str, type[BaseException]] = MappingProxyType(
        {"closed": PortalClosed, "gone": PeerGone, "cancelled": CalleeCancelled, "thread": WrongThread, "refused": InteropError}
    )

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        (self.caller, self.caller_flavour), (self.callee, self.callee_flavour) = find(crossing.caller), find(crossing.callee)
        self.host: Runtime | None = None

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The caller's loop, by itself or as a guest of the callee's."""
        if self.topology != "hosted":
            run = AS_PROGRAMS_DO.get(self.crossing.caller)
            run(main) if run is not None else self.caller.run(main, self.caller_flavour)
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

    def refused(self) -> Iterator[tuple[Any, str]]:
        """Every topology that this pair does not have, one that nobody has, and a framework that nobody has."""
        open_portal: Callable[..., Any] = self.caller.open_portal  # type: ignore[attr-defined]
        callee, there = self.crossing.callee, {it.topology for it in every() if self._is_of_this_pair(it)}
        for topology in ("thread", "loop", "guest", "beside"):
            if topology not in there:
                yield open_portal(callee, topology=topology), self._words(callee, topology)
        if self.host is not None:
            yield open_portal(self.host, topology="thread"), self._words(self.host.name, "thread")
        yield open_portal("troi"), r"no adapter is called 'troi'\. Known: asyncio, .+, threads"

    def _is_of_this_pair(self, other: Crossing) -> bool:
        return (other.caller, other.callee) == (self.crossing.caller, self.crossing.callee)

    def _words(self, callee: str, topology: str) -> str:
        """With a reason of three words or more."""
        return re.escape(f"no crossing {self.here().name}->{callee}/{topology}: ") + r"\S+ \S+ \S+.*"

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
        """The caller's wrap(), which is told where a foreign awaitable lives only if that does not say so itself."""
        if type(foreign).__name__ in SAY_WHERE:
            return self.caller.wrap(foreign)  # type: ignore[attr-defined]
        return self.caller.wrap(foreign, of=session.runtime)  # type: ignore[attr-defined]


Main = Callable[[], Coroutine[Any, Any, None]]


def run_the_reactor(main: Main) -> None:
    """The process's reactor, which knows nothing of our portals before one is opened."""
    from twisted.internet import reactor as untyped
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

    reactor: Any = untyped
    outcome: list[Any] = []

    def begin() -> None:
        Deferred.fromCoroutine(main()).addBoth(outcome.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run(installSignalHandlers=False)
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()


def run_the_asyncioreactor(main: Main) -> None:
    """The same, on an asyncio loop."""
    import asyncio

    from twisted.internet import asyncioreactor

    install: Any = asyncioreactor.install
    loop = asyncio.SelectorEventLoop()
    install(loop)
    try:
        run_the_reactor(main)
    finally:
        loop.close()


AS_PROGRAMS_DO: Mapping[str, Callable[[Main], None]] = {
    "twisted": run_the_reactor,
    "twisted[asyncio]": run_the_asyncioreactor,
}


@contextlib.asynccontextmanager
async def either(manager: Any) -> Any:
    """A context manager of either kind, for a coroutine that never suspends where it is the plain kind."""
    if hasattr(manager, "__aenter__"):
        async with manager as value:
            yield value
    else:
        with manager as value:
            yield value
