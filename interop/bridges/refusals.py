"""What our portals refuse, on one crossing: each with the pattern of its words. Law L24 meets it all in one process."""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from inspect import iscoroutine
from itertools import product
from typing import TYPE_CHECKING, Any

from interop.bridges.crossing import NAMES, ON_ASYNCIO, ON_TRIO, Crossing, every

if TYPE_CHECKING:
    from interop.bridges.portals import Portals
    from interop.runtime import Runtime

REASON = r"\S+ \S+ \S+.*"  # Three words or more.
# What our Twisted adapter keeps on the process's reactor: that a thread starts it; that its loop was our choice.
CLAIMED, OURS = "_interop_claimed", "_interop_loop_is_ours"
TOPOLOGIES = {"thread", "loop", "guest", "beside"}  # The last of them is none.


class Attempt:
    """In the place of a session: what is refused as soon as it is tried, though it is none."""

    def __init__(self, what: Callable[[], Any]) -> None:
        self.what = what

    def __enter__(self) -> Any:
        return self.what()

    async def __aenter__(self) -> Any:
        value = self.what()
        return await value if iscoroutine(value) else value

    def __exit__(self, *exc: object) -> None: ...

    async def __aexit__(self, *exc: object) -> None: ...


class Without:
    """A session that is opened where a package is not installed, or a module cannot be imported."""

    def __init__(self, module: str, session: Any) -> None:
        self.module, self.session = module, session

    @contextmanager
    def _hidden(self) -> Iterator[None]:
        kept = {name: it for name, it in sys.modules.items() if name == self.module or name.startswith(self.module + ".")}
        sys.modules.update(dict.fromkeys([self.module, *kept]))  # type: ignore[arg-type]
        try:
            yield
        finally:
            del sys.modules[self.module]
            sys.modules.update(kept)

    def __enter__(self) -> Any:
        with self._hidden():
            return self.session.__enter__()

    async def __aenter__(self) -> Any:
        with self._hidden():
            return await self.session.__aenter__()

    def __exit__(self, *exc: object) -> None:
        self.session.__exit__(None, None, None)

    async def __aexit__(self, *exc: object) -> None:
        await self.session.__aexit__(None, None, None)


def of(bridge: Portals, there: Runtime | None) -> Iterator[tuple[Any, str]]:
    """In the caller.

    Args:
        there: the callee's runtime, to which a portal is open; None if none is.
    """
    yield from _topologies(bridge)
    yield from _not_running(bridge, there)
    yield from _wraps(bridge, there)
    yield from _patched(bridge)
    yield from _import_fails(bridge)
    yield from _reactors(bridge)
    yield from _without_greenlets(bridge)
    if there is not None:
        yield from _of_what_runs(bridge, there)
        yield from _twice(bridge)
    yield bridge.caller.open_portal("troi"), r"no adapter is called 'troi'\. Known: asyncio, .+, threads"  # type: ignore[attr-defined]


def _topologies(bridge: Portals) -> Iterator[tuple[Any, str]]:
    """For each callee, the topologies that no crossing from this caller to it has, and one that does not exist."""
    caller = bridge.crossing.caller
    for callee in NAMES:
        if Crossing(caller, callee, "thread").missing is None:
            has = {it.topology for it in every() if (it.caller, it.callee) == (caller, callee)}
            for topology in sorted(TOPOLOGIES - has):
                yield _open(bridge, callee, topology), _no(bridge, callee, topology) + REASON


def _of_what_runs(bridge: Portals, there: Runtime) -> Iterator[tuple[Any, str]]:
    """A loop that runs already is where it is."""
    where = "guest" if bridge.topology == "hosted" else bridge.topology
    for topology in sorted(TOPOLOGIES - {where}):
        words = _no(bridge, there.name, topology) + re.escape(f"for a loop that runs already it is {where!r}")
        yield _open(bridge, there, topology), words


def _twice(bridge: Portals) -> Iterator[tuple[Any, str]]:
    """The process has one default reactor, and a thread one run of Trio."""
    callee, topology = bridge.crossing.callee, bridge.topology
    if (callee, topology) == ("twisted", "thread"):
        yield _open(bridge, callee, topology), rf"cannot start 'twisted': it already runs in this process\. Instead: {REASON}"
    if callee in ON_TRIO and topology == "guest":
        why = r"this thread has a Trio run already \(.+\)"
        yield _open(bridge, callee, topology), rf"cannot start 'trio': {why}\. Instead: {REASON}"


def _not_running(bridge: Portals, there: Runtime | None) -> Iterator[tuple[Any, str]]:
    """The callee's loop runs in another thread, or nowhere, and none of its kind in this one."""
    callee, here = bridge.crossing.callee, bridge.here()
    name = "asyncio" if callee == "anyio[asyncio]" else "trio" if callee in ON_TRIO else callee.partition("[")[0]
    alone = there is None and here.asyncio_loop() is None and here.name not in ON_TRIO
    runs_here = {
        "twisted": here.name.startswith("twisted") or alone,  # Where no other loop runs, the process's is known before it does.
        "trio": here.name in ON_TRIO,
        "asyncio": here.asyncio_loop() is not None,
        "tornado": here.asyncio_loop() is not None,
    }
    if bridge.topology == "thread" and not runs_here.get(name, True):  # Every thread has a hub, or gets one.
        words = re.escape(f"no {name} loop runs in this thread: call interop.adapters.{name}.current() ") + REASON
        yield Attempt(importlib.import_module(f"interop.adapters.{name}").current), words
    if bridge.topology == "thread" and name == "gevent" and not patched_by("thread"):
        words = r"no gevent loop runs in this thread: call interop\.adapters\.gevent\.current\(\) in a greenlet"
        yield Attempt(lambda: in_a_thread(_without_its_hub)), words


def _without_its_hub() -> Runtime:
    """In a thread whose hub another one has destroyed, and not taken away."""
    import gevent

    in_a_thread(partial(gevent.get_hub().destroy, True))
    current: Callable[[], Runtime] = importlib.import_module("interop.adapters.gevent").current
    return current()


def in_a_thread(fn: Callable[[], Any]) -> Any:
    """What fn gives or raises in a thread of its own."""
    future = Future[Any]()

    def target() -> None:
        try:
            future.set_result(fn())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    return future.result()


def patched_by(what: str) -> str | None:
    """Who has patched this module here, as they say themselves."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent is not None and gevent.is_module_patched("_thread" if what == "thread" else what):
        return "gevent"
    return "eventlet" if eventlet is not None and eventlet.is_monkey_patched(what) else None


def _patched(bridge: Portals) -> Iterator[tuple[Any, str]]:
    """Where gevent or eventlet has patched the process, there is no poller and no thread that Trio could use."""
    who, what = next(((who, what) for what in ("select", "thread") if (who := patched_by(what))), (None, None))
    if who is not None:
        topologies = ("thread", "guest") if "trio" in bridge.here().hosts() else ("thread",)
        for name, topology in product(ON_TRIO, topologies):
            why = re.escape(f"cannot start {name!r}: {who} has patched {what} in this process, and Trio needs ")
            yield _open(bridge, name, topology), why + rf"\S.*\. Instead: {REASON}"
    if who := patched_by("thread"):
        why = rf"cannot start 'asyncio\[uvloop\]': {who} has patched threads, and {REASON}"
        yield _open(bridge, "asyncio[uvloop]", "thread"), why + r"\. Instead: open the portal to 'asyncio'"


def _import_fails(bridge: Portals) -> Iterator[tuple[Any, str]]:
    """In a patched process, say: the framework is installed, and cannot be used."""
    callee, who = bridge.crossing.callee, patched_by("socket")
    where = f"in this process, which {who} has patched" if who else "here"
    why = re.escape(f"cannot start {callee!r}: its import fails {where} (ModuleNotFoundError: ") + REASON
    yield (
        Without(str(vars(bridge.callee)["__name__"]), _open(bridge, callee, "thread")),
        why + r"\)\. Instead: start it in a process of its own",
    )


def _reactors(bridge: Portals) -> Iterator[tuple[Any, str]]:
    """The process's reactor belongs to somebody who has not started it yet."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None or reactor._started or reactor._startedBefore:
        return
    loop, state = getattr(reactor, "_asyncioEventloop", None), vars(reactor)
    why = None
    if "_interop" in state and CLAIMED not in state:
        why = "is about to run in another thread, where a portal uses it"
    elif loop is not None and loop.is_running() and OURS not in state:
        why = "is installed on an asyncio loop that runs already"
    if why is not None:
        words = re.escape(f"cannot start 'twisted': the process's reactor {why}. Instead: ") + REASON
        yield _open(bridge, "twisted", "thread"), words


def _without_greenlets(bridge: Portals) -> Iterator[tuple[Any, str]]:
    """An asyncio loop is a guest in a greenlet, and Twisted and Trio need none for anything else."""
    hosts = bridge.crossing.caller.startswith("twisted") or bridge.crossing.caller in ON_TRIO
    if hosts and bridge.topology == "guest" and bridge.crossing.callee in ON_ASYNCIO:
        callee, needs = bridge.crossing.callee, r"greenlet is not installed\. Install it with: pip install "
        words = re.escape(f"cannot open a portal to '{callee}, as a guest of {bridge.here().name}': ") + needs
        yield Without("greenlet", _open(bridge, callee, "guest")), words + re.escape("'async-interop[gevent]'")


def _wraps(bridge: Portals, there: Runtime | None) -> Iterator[tuple[Any, str]]:
    """Awaitables that do not say where they live, and a coroutine for those who run none."""
    wrap: Callable[..., Any] = bridge.caller.wrap  # type: ignore[attr-defined]

    def attempt(foreign: Any, why: str, **of: Any) -> tuple[Any, str]:
        return Attempt(lambda: wrap(foreign, **of)), re.escape(f"cannot wrap a {type(foreign).__name__}: {why}")

    async def fine() -> None: ...

    coroutine = fine()
    yield attempt(coroutine, "it does not say whose it is: give of=")
    if there is not None and not there.coroutines:
        yield attempt(coroutine, f"{there.name} runs no coroutines", of=there)
    coroutine.close()
    if bridge.topology == "thread" and bridge.crossing.caller != bridge.crossing.callee:
        yield from (attempt(foreign, why) for foreign, why in _homeless(bridge.crossing.callee, there))


def _homeless(callee: str, there: Runtime | None) -> Iterator[tuple[Any, str]]:
    """Awaitables of the callee's library that no loop of this thread could complete."""
    if callee == "gevent":
        from gevent.event import AsyncResult

        yield AsyncResult(), "its hub is in another thread, and not known: call interop.adapters.gevent.current() there first"
    elif callee == "eventlet":
        from eventlet.event import Event

        yield Event(), "its hub is in another thread, and not known: give of="
    elif callee == "asyncio":
        loop = asyncio.new_event_loop()
        future = loop.create_future()
        loop.close()
        why = "nothing is known of its loop: call interop.adapters.asyncio.current() there first, or give of="
        yield future, why
    elif callee == "twisted" and there is None:
        from twisted.internet.defer import Deferred

        yield Deferred(), "no reactor that could fire it is known: give of="


def _open(bridge: Portals, callee: str | Runtime, topology: str) -> Any:
    return bridge.caller.open_portal(callee, topology=topology)  # type: ignore[attr-defined]


def _no(bridge: Portals, callee: str, topology: str) -> str:
    return re.escape(f"no crossing {bridge.here().name}->{callee}/{topology}: ")
