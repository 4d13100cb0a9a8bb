"""Our own bridge: portals, on every crossing that there is."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Coroutine, Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

from interop.bridges import refusals
from interop.bridges.bridge import Bridge
from interop.bridges.crossing import Crossing, every
from interop.errors import CalleeCancelled, CalleeRaisedStop, InteropError, PeerGone, PortalClosed, WrongThread
from interop.portal import Portal, find
from interop.runtime import Runtime, drive

SAY_WHERE = ("Future", "Task", "Greenlet", "GreenThread")  # The types of what knows its loop; a Deferred and an Event do not.


class Portals(Bridge):
    """interop.adapters.x.open_portal()."""

    name = "portal"
    crossings = tuple(every())
    has = frozenset(
        {"cancel", "stream", "enter", "open", "back", "wrap", "wrap-any", "wrap-back", "inward", "dies", "many", "refuse", "drop"}
    )
    errors: Mapping[str, type[BaseException]] = MappingProxyType(
        {"closed": PortalClosed, "gone": PeerGone, "cancelled": CalleeCancelled, "thread": WrongThread, "refused": InteropError}
        | {"stop": CalleeRaisedStop}
    )
    words: Mapping[str, str] = MappingProxyType(
        {
            "closed": r"the portal \S+->\S+ is closed; open a new one with open_portal\(\)",
            "gone": rf"(?s)the \S+ loop that this call needs is gone: {refusals.REASON}",
            "cancelled": r"\S+->\S+: the callee ended with \w+, though its caller was not cancelled",
            "thread": r"\S+->\S+: this portal was opened by another loop or thread; open one here",
            "refused": rf"cannot start '\S+': {refusals.REASON}\. Instead: {refusals.REASON}",
            "stop": r"\S+->\S+: the callee raised \w+, which would end its caller's coroutine",
        }
    )

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        (self.caller, self.caller_flavour), (self.callee, self.callee_flavour) = find(crossing.caller), find(crossing.callee)
        self.host: Runtime | None = None
        self.latest: Callable[[], Portal | None] = lambda: None  # The last one that was made.

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The caller's loop, by itself or as a guest of the callee's."""
        if self.topology != "hosted":
            run = AS_PROGRAMS_DO.get(self.crossing.caller, lambda main: self.caller.run(main, self.caller_flavour))
            if self.moves:
                run(self._once)
            run(main)
        else:
            self.callee.run(lambda: self._hosting(main), self.callee_flavour)

    @property
    def moves(self) -> bool:
        """Whether the process's reactor is our choice, and serves on the loop of whoever opens a portal."""
        callee, topology = self.crossing.callee, self.topology
        return (callee, topology) == ("twisted[asyncio]", "loop") and not self.crossing.caller.startswith("twisted")

    async def _once(self) -> None:
        """A first loop, with the reactor on it: the next one gets the same reactor."""
        async with either(self.open()):
            pass

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
        portal = open_portal(self.host) if self.host is not None else open_portal(self.crossing.callee, topology=self.topology)
        self.latest = weakref.ref(portal)
        return portal

    def refused(self) -> Iterator[tuple[Any, str]]:
        """All that can be met here: see refusals.py."""
        portal = self.latest()
        return refusals.of(self, portal.runtime if portal is not None and portal.runtime.gone is None else None)

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
        knows = getattr(foreign, "hub", None) is not None  # As an AsyncResult does, once somebody waits for it.
        if knows or type(foreign).__name__ in SAY_WHERE or self._is_the_process_s(foreign):
            return self.caller.wrap(foreign)  # type: ignore[attr-defined]
        return self.caller.wrap(foreign, of=session.runtime)  # type: ignore[attr-defined]

    def wrap_back(self, here: Any, mine: Any) -> Any:
        """The callee's wrap()."""
        return self.callee.wrap(mine, of=here)  # type: ignore[attr-defined]

    def _is_the_process_s(self, foreign: Any) -> bool:
        """A Deferred, where the only reactor is the process's."""
        return type(foreign).__name__ == "Deferred" and (self.crossing.callee, self.topology) == ("twisted", "thread")


Main = Callable[[], Coroutine[Any, Any, None]]


def run_asyncio(main: Main) -> None:
    """As most programs do, which leaves the end to asyncio."""
    import asyncio

    asyncio.run(main())


def run_plain(name: str) -> Callable[[Main], None]:
    """A plain function, as greenlets and threads have them."""
    return lambda main: cast(None, find(name)[0].run(cast(Any, lambda: drive(main())), ""))


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
    "asyncio": run_asyncio,
    **{name: run_plain(name) for name in ("gevent", "eventlet", "threads")},
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
