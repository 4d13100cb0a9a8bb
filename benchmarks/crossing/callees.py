"""What a callee is asked to run, and a running callee for those bridges that want one in a thread of its own.

Each framework has two functions, written as its users would: one returns at once, one gives the loop a turn first.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.crossing.crossings import ASYNCIO, TRIO, TWISTED

ANSWER = object()
Functions = dict[str, Callable[[], Any]]


def functions(callee: str, reactor: Callable[[], Any]) -> Functions:
    """The two functions of a framework; reactor gives the callee's, if it is Twisted."""
    if callee in ASYNCIO:
        import asyncio

        return _coroutines(lambda: asyncio.sleep(0))
    if callee in TRIO:
        import trio

        return _coroutines(trio.lowlevel.checkpoint)
    if callee in TWISTED:
        return _deferreds(reactor)
    if callee == "gevent":
        import gevent

        return _plain(lambda: gevent.sleep(0))
    if callee == "eventlet":
        import eventlet

        return _plain(lambda: eventlet.sleep(0))
    return _plain(lambda: time.sleep(0))


def _coroutines(turn: Callable[[], Any]) -> Functions:
    async def at_once() -> object:
        return ANSWER

    async def later() -> object:
        await turn()
        return ANSWER

    return {"return": at_once, "yield": later}


def _deferreds(reactor: Callable[[], Any]) -> Functions:
    from twisted.internet.defer import Deferred, succeed

    def at_once() -> Deferred[object]:
        return succeed(ANSWER)

    def later() -> Deferred[object]:
        deferred: Deferred[object] = Deferred()
        reactor().callLater(0, deferred.callback, ANSWER)
        return deferred

    return {"return": at_once, "yield": later}


def _plain(turn: Callable[[], Any]) -> Functions:
    def at_once() -> object:
        return ANSWER

    def later() -> object:
        turn()
        return ANSWER

    return {"return": at_once, "yield": later}


class Bell:
    """A way into an eventlet hub from other threads: a socket pair, and a listener that runs what is queued."""

    def __init__(self) -> None:
        import socket

        from eventlet import hubs

        self.hub: Any = hubs.get_hub()
        self.queue: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self.far, self.near = socket.socketpair()
        self.near.setblocking(False)
        self.hub.add(self.hub.READ, self.near.fileno(), self._heard, lambda *_: None, lambda *_: None)

    def ring(self, fn: Callable[..., Any], *args: Any) -> None:
        """Run fn(*args) soon in the hub."""
        self.queue.append((fn, args))
        self.far.send(b"x")

    def _heard(self, _: int) -> None:
        for _ in self.near.recv(4096):
            fn, args = self.queue.popleft()
            fn(*args)


@contextlib.contextmanager
def host(callee: str) -> Iterator[Any]:
    """Run a framework in a daemon thread and give what reaches it: a loop, a Trio token, a reactor, a hub, a Bell."""
    handle: list[Any] = []
    ready = threading.Event()

    def up(it: Any) -> None:
        handle.append(it)
        ready.set()

    threading.Thread(target=_live, args=(callee, up), daemon=True).start()
    if not ready.wait(20):
        raise RuntimeError(f"{callee} did not start")
    yield handle[0]


def new_loop(name: str) -> Any:
    """A new asyncio loop of that flavour, whatever else has been patched into asyncio."""
    if name == "asyncio[uvloop]":
        import uvloop

        return uvloop.new_event_loop()
    import asyncio

    return asyncio.SelectorEventLoop()


def _live(callee: str, up: Callable[[Any], None]) -> None:
    if callee in ASYNCIO:
        import asyncio

        loop = new_loop(callee)
        asyncio.set_event_loop(loop)
        loop.call_soon(up, loop)
        loop.run_forever()
    elif callee in TRIO:
        import trio

        async def main() -> None:
            up(trio.lowlevel.current_trio_token())
            await trio.sleep_forever()

        trio.run(main)
    elif callee in TWISTED:
        reactor = private_reactor(callee)
        reactor.callWhenRunning(up, reactor)
        reactor.run(installSignalHandlers=False)
    elif callee == "gevent":
        import gevent

        hub: Any = gevent.get_hub()
        hub.loop.async_().start(lambda: None)  # Else the hub ends, having nothing to wait for.
        up(hub)
        hub.join()
    elif callee == "eventlet":
        import eventlet.event

        up(Bell())
        eventlet.event.Event().wait()


def default_reactor() -> Any:
    """The one that the process has."""
    from twisted.internet import reactor

    return reactor


def private_reactor(name: str) -> Any:
    """A reactor that nobody else knows: the process's default one may be its caller."""
    if name == "twisted[asyncio]":
        from twisted.internet.asyncioreactor import AsyncioSelectorReactor

        return AsyncioSelectorReactor(new_loop("asyncio"))
    from twisted.internet import epollreactor

    reactor: Any = epollreactor.EPollReactor  # Untyped.
    return reactor()
