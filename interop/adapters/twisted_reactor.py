"""Which reactor runs, which one to start, and what to tidy up when it has run.

The process has one default reactor, and reactor.stop() is for good: a portal ends one with crash(), as trial does, so that it can
be started again. Shutdown triggers do not run then, and tidy() closes what they would have closed.

A reactor is found by the asyncio loop that it serves, then by the thread in which we run it; the process's reactor also by the
thread that Twisted has registered, and before it runs, in any thread in which no other loop runs. Only the process's reactor is
registered as the one of the I/O thread: threadable.isInIOThread() is a question about that one.
Source:     twisted.internet.base.ReactorBase; trial's _synctest and util._Janitor do the same.
"""

from __future__ import annotations

import atexit
import importlib
import sys
from collections.abc import Callable
from typing import Any, cast

from twisted.python import threadable

from interop.errors import AlreadyRunning, CannotStart, NotRunning
from interop.unpatched import local, running_loop

here = local()
OURS = "_interop_loop_is_ours"  # On the process's reactor, if its loop was our choice: then it may also get another one.
CLAIMED = "_interop_claimed"  # On the process's reactor, while we run it.


def running() -> Any:
    """The reactor that this thread's code runs in, or the process's before it runs.

    Raises:
        NotRunning: there is none.
    """
    loop: Any = running_loop()
    served = None if loop is None else vars(loop).get("_interop_reactor")
    if served is not None:
        return served[0]
    reactor = getattr(here, "reactor", None) or _of_the_process(loop)
    if reactor is None:
        raise NotRunning("twisted", "in code that a reactor calls, or before the process's reactor runs")
    return reactor


def _of_the_process(loop: Any) -> Any:
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    if reactor is None:
        return None
    if reactor._started:
        return reactor if cast(Any, threadable).isInIOThread() else None
    if reactor._startedBefore or CLAIMED in vars(reactor):  # It is stopped, for good; or it starts, in another thread.
        return None
    other = loop is not None and loop is not getattr(reactor, "_asyncioEventloop", None)
    return None if other or _in_trio() else reactor


def _in_trio() -> bool:
    """Whether this is a Trio task; a host's code, with a guest beside it, is none."""
    trio = sys.modules.get("trio")
    try:
        return trio is not None and trio.lowlevel.current_task() is not None
    except RuntimeError:
        return False


def enter(reactor: Any, private: bool) -> Callable[[], object]:
    """This thread is the reactor's from now on; what makes it what it was before."""
    before = getattr(here, "reactor", None), threadable.ioThread
    here.reactor = reactor

    def leave() -> None:
        here.reactor = before[0]
        if not private:
            threadable.ioThread = before[1]

    return leave


def default() -> Any:
    """The process's reactor; the first to ask has it installed."""
    from twisted.internet import reactor

    return reactor


def choose(flavour: str) -> tuple[Any, bool]:
    """The reactor to run in this thread, and whether nobody but us knows it.

    Raises:
        CannotStart: the process's reactor was asked for, and cannot be started here; AlreadyRunning: because it runs.
    """
    if flavour == "private":
        return _private(), True
    if flavour == "asyncio":
        return _on_asyncio()
    reactor = default()
    if reason := obstacle(reactor):
        raise reason
    _claim(reactor)
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is not None and (loop.is_running() or loop.is_closed()):
        move(reactor, _loop_of_ours())
    return reactor, False


def _on_asyncio() -> tuple[Any, bool]:
    """The process's reactor, if it is an asyncioreactor that nobody uses; or else one of our own."""
    import asyncio

    from twisted.internet.asyncioreactor import AsyncioSelectorReactor

    installed: Any = sys.modules.get("twisted.internet.reactor")
    if installed is None:
        install_on(_loop_of_ours())
    elif not isinstance(installed, AsyncioSelectorReactor) or obstacle(installed):
        reactor: Any = AsyncioSelectorReactor(asyncio.SelectorEventLoop())
        reactor._registerAsIOThread = False
        return reactor, True
    return choose("")


def install_on(loop: Any) -> None:
    """Make an asyncioreactor on this loop the process's; the loop may be another one later."""
    from twisted.internet.asyncioreactor import install

    cast(Any, install)(loop)
    vars(default())[OURS] = True


def obstacle(reactor: Any) -> CannotStart | None:
    """Why the process's reactor cannot be started in this thread."""
    in_it = "call interop.adapters.twisted.current() in it, and open the portal to that Runtime"
    if reactor._started or CLAIMED in vars(reactor):
        return AlreadyRunning("twisted", in_it)
    private = "open the portal to 'twisted[private]', a reactor of its own"
    if reactor._startedBefore:
        return CannotStart("twisted", "the process's reactor was stopped, and cannot be started again", private)
    if "_interop" in vars(reactor):
        return CannotStart("twisted", "the process's reactor is about to run in another thread, where a portal uses it", in_it)
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is not None and loop.is_running() and not movable(reactor):
        on_it = "open the portal to 'twisted[asyncio]' with the topology 'loop' in that loop, or to 'twisted[private]'"
        return CannotStart("twisted", "the process's reactor is installed on an asyncio loop that runs already", on_it)
    return None


def _claim(reactor: Any) -> None:
    """Two threads may want to start it at the same time: the first one does."""
    if vars(reactor).setdefault(CLAIMED, mine := object()) is not mine:
        raise AlreadyRunning("twisted", "open one portal, and use its runtime in both threads")


def movable(reactor: Any) -> bool:
    """Whether the process's asyncioreactor may get another loop: its own is closed, or was our choice."""
    return bool(OURS in vars(reactor) or reactor._asyncioEventloop.is_closed())


def move(reactor: Any, loop: Any) -> None:
    """Give an asyncioreactor that does not run another loop."""
    old = reactor._asyncioEventloop
    vars(reactor)[OURS] = True  # From now on.
    for reader in reactor._internalReaders:
        if not old.is_closed():
            old.remove_reader(reader.fileno())
        reactor._readers.pop(reader, None)
    reactor._asyncioEventloop = loop
    for reader in reactor._internalReaders:
        reactor.addReader(reader)


def _loop_of_ours() -> Any:
    import asyncio

    loop = asyncio.SelectorEventLoop()
    atexit.register(loop.close)  # The process's reactor stays, loop and all, until the process ends.
    return loop


def _private() -> Any:
    try:
        reactor: Any = cast(Any, importlib.import_module("twisted.internet.epollreactor")).EPollReactor()
    except ImportError:
        reactor = cast(Any, importlib.import_module("twisted.internet.selectreactor")).SelectReactor()
    reactor._registerAsIOThread = False
    return reactor


def tidy(reactor: Any, private: bool, shared: bool = False) -> None:
    """What crash() leaves: our runtime, connections, timers, the thread pool, a private reactor's files."""
    runtime: Any = vars(reactor).pop("_interop", None)
    if runtime is not None:
        runtime.take_back()
        runtime.bury("its reactor has ended")
    if reactor.threadpool is not None:
        reactor._stopThreadPool()
    for late in reactor.getDelayedCalls():
        late.cancel()
    reactor.disconnectAll()
    loop = getattr(reactor, "_asyncioEventloop", None)
    if loop is not None and reactor._timerHandle is not None:
        reactor._timerHandle.cancel()
        reactor._timerHandle = reactor._scheduledAt = None
    vars(reactor).pop(CLAIMED, None)
    if private:
        for reader in reactor._internalReaders:
            reactor.removeReader(reader)
            reader.connectionLost(None)
        if loop is not None and not shared:
            loop.close()
        elif hasattr(reactor, "_poller"):
            reactor._poller.close()
