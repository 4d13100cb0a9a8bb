"""Which reactor runs, what it hears, and what to tidy up when it has run: the part of Twisted's adapter that knows no call.

The process has one default reactor, and reactor.stop() is for good: a portal ends one with crash(), as trial does, so that it can
be started again. Shutdown triggers do not run then, and what they would have closed is closed here.
Source:     twisted.internet.base.ReactorBase; trial's _synctest and util._Janitor do the same.
"""

from __future__ import annotations

import atexit
import importlib
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.python import threadable
from zope.interface import implementer

from interop.errors import AlreadyRunning, NotRunning


@implementer(IReadDescriptor)
class Reader:
    """A file descriptor that somebody waits for; it belongs to somebody else."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.deferred: Deferred[None] = Deferred()

    def fileno(self) -> int:
        """The descriptor."""
        return self.fd

    def doRead(self) -> None:
        """It is readable, or it is late."""
        if not self.deferred.called:
            self.deferred.callback(None)

    def connectionLost(self, reason: object) -> None:
        """The reactor ends."""
        self.doRead()

    def logPrefix(self) -> str:
        """For the log."""
        return "interop"


@implementer(IReadDescriptor)
class Ear:
    """What hears a bell in a reactor, and does not hold it."""

    def __init__(self, fd: int, doRead: Callable[[], object]) -> None:
        self.fd, self.doRead = fd, doRead

    def fileno(self) -> int:
        """The bell's descriptor."""
        return self.fd

    def connectionLost(self, reason: object) -> None:
        """The reactor ends."""

    def logPrefix(self) -> str:
        """For the log."""
        return "interop"


_local = threading.local()


def running() -> Any:
    """The reactor that runs in this thread.

    Raises:
        NotRunning: none does.
    """
    reactor = getattr(_local, "reactor", None)
    if reactor is None:
        reactor = default() if "twisted.internet.reactor" in sys.modules else None
        if reactor is None or not reactor.running or not cast(Any, threadable).isInIOThread():
            hint = "; task.react() calls its function before that: await deferLater(reactor, 0) first"
            raise NotRunning("twisted", f"in code that the reactor calls{hint}")
    return reactor


def enter(reactor: Any) -> Callable[[], object]:
    """This thread is the reactor's from now on; what makes it what it was before."""
    before = getattr(_local, "reactor", None), threadable.ioThread
    _local.reactor = reactor

    def leave() -> None:
        _local.reactor, threadable.ioThread = before

    return leave


def default() -> Any:
    """The process's reactor; the first to ask has it installed."""
    from twisted.internet import reactor

    return reactor


def choose(flavour: str) -> tuple[Any, bool]:
    """The reactor to run, and whether nobody but us knows it."""
    installed = sys.modules.get("twisted.internet.reactor")
    if flavour == "private":
        return _private(), True
    if flavour == "asyncio":
        import asyncio

        from twisted.internet.asyncioreactor import AsyncioSelectorReactor, install

        free = isinstance(installed, AsyncioSelectorReactor) and not installed.running
        free = free and not cast(Any, installed)._asyncioEventloop.is_closed()
        if installed is None:
            loop = asyncio.SelectorEventLoop()
            cast(Any, install)(loop)
            atexit.register(loop.close)  # As the default reactor it stays, loop and all, until the process ends.
        elif not free:
            return AsyncioSelectorReactor(asyncio.SelectorEventLoop()), True
    reactor = default()
    if reactor.running:
        raise AlreadyRunning("twisted", "call interop.adapters.twisted.current() in it, and open the portal to that Runtime")
    return reactor, False


def _private() -> Any:
    try:
        reactor: Any = cast(Any, importlib.import_module("twisted.internet.epollreactor")).EPollReactor()
    except ImportError:
        reactor = cast(Any, importlib.import_module("twisted.internet.selectreactor")).SelectReactor()
    reactor._registerAsIOThread = False
    return reactor


def on_loop(loop: Any) -> Callable[[], object] | None:
    """Have an asyncioreactor run on a loop that runs already; what ends it but not the loop, unless one ran before."""
    from twisted.internet.asyncioreactor import AsyncioSelectorReactor, install

    if "twisted.internet.reactor" not in sys.modules:
        cast(Any, install)(loop)
    reactor: Any = default()
    private = getattr(reactor, "_asyncioEventloop", None) is not loop
    if private:
        reactor = getattr(_local, "reactor", None)
        if getattr(reactor, "_asyncioEventloop", None) is not loop:
            reactor = AsyncioSelectorReactor(loop)
    if reactor.running:
        return None
    leave_thread = enter(reactor)
    reactor._registerAsIOThread = not private
    # stop() ends with crash(), and the asyncioreactor's own stops the loop, too.
    crash = partial(ReactorBase.crash, reactor)
    reactor.removeSystemEventTrigger(("shutdown", ("during", reactor.crash, (), {})))
    ours = reactor.addSystemEventTrigger("during", "shutdown", crash)
    reactor.startRunning(installSignalHandlers=False)

    def leave() -> None:
        crash()
        if not reactor._startedBefore:  # Otherwise that is used up, and the reactor with it.
            reactor.removeSystemEventTrigger(ours)
            reactor.addSystemEventTrigger("during", "shutdown", reactor.crash)
        leave_thread()
        tidy(reactor, private, shared=True)

    return leave


def tidy(reactor: Any, private: bool, shared: bool = False) -> None:
    """What crash() leaves: our runtime, connections, timers, the thread pool, a private reactor's files."""
    runtime: Any = vars(reactor).pop("_interop", None)
    if runtime is not None:
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
    if private:
        for reader in reactor._internalReaders.copy():
            reactor._internalReaders.discard(reader)
            reactor.removeReader(reader)
            reader.connectionLost(None)
        if loop is not None and not shared:
            loop.close()
        elif hasattr(reactor, "_poller"):
            reactor._poller.close()
