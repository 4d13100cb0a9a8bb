"""What gevent.monkey.patch_all() and eventlet.monkey_patch() replace, as Python made it.

A portal joins two loops in two real threads, or in one. The thread that code runs in must not change from greenlet to greenlet,
and a lock must block the thread. These names are Python's own, whether this module is imported before a patch or after it.
trio_asyncio patches, too: it replaces the functions of asyncio that say which loop runs.
Sources:    gevent.monkey.get_original(), eventlet.patcher.original(); trio_asyncio/_loop.py.
"""

from __future__ import annotations

import asyncio.events
import builtins
import contextlib
import importlib.util
import queue
import selectors
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.machinery import BuiltinImporter, PathFinder
from types import ModuleType
from typing import Any, cast

__all__ = [
    "Empty", "SimpleQueue", "Thread", "close", "end_eventlet", "get_ident", "hub_stays", "local", "patched_by", "read",
    "running_loop", "selector", "set_running_loop", "write",
]  # fmt: skip


def original(module: str, name: str) -> Any:
    """A name of a module, as it was before anything was patched."""
    eventlet, gevent = sys.modules.get("eventlet.patcher"), sys.modules.get("gevent.monkey")
    if eventlet is not None and eventlet.already_patched:
        return getattr(eventlet.original(module), name)
    if gevent is not None:
        return gevent.get_original(module, name)
    return getattr(importlib.import_module(module), name)


get_ident: Callable[[], int] = original("_thread", "get_ident")
local: type[threading.local] = original("_thread", "_local")
read: Callable[[int, int], bytes] = original("os", "read")
write: Callable[[int, bytes], int] = original("os", "write")
close: Callable[[int], None] = original("os", "close")
SimpleQueue: type[queue.SimpleQueue[Any]] = original("queue", "SimpleQueue")
Empty: type[Exception] = original("queue", "Empty")
_start: Callable[..., int] = original("_thread", "start_new_thread")
_lock: Callable[[], Any] = original("_thread", "allocate_lock")

try:
    _c_asyncio: Any = importlib.import_module("_asyncio")
    running_loop: Callable[[], Any] = _c_asyncio._get_running_loop
    set_running_loop: Callable[[Any], None] = _c_asyncio._set_running_loop
except ImportError:
    running_loop = cast(Any, asyncio.events)._py__get_running_loop
    set_running_loop = cast(Any, asyncio.events)._py__set_running_loop


def patched_by(what: str) -> str | None:
    """Who has patched "select" or "thread" in this process: "gevent", "eventlet" or nobody."""
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent is not None and gevent.is_module_patched("_thread" if what == "thread" else what):
        return "gevent"
    if eventlet is not None and eventlet.is_monkey_patched(what):
        return "eventlet"
    return None


class Started(threading.Event):
    """Whether a thread runs; wait() takes no lock that a Ctrl-C could leave taken.

    Thread.start() waits with Event.wait(), whose `with` calls Condition.__enter__(), a Python function. A Ctrl-C in it, once the
    lock is taken, leaves the lock taken. The new thread then waits for it for ever, in Event.set(). In Python 3.11 to 3.13 one in
    100 to 150 interrupts around Thread.start() does that.
    """

    def __init__(self) -> None:
        super().__init__()
        self._runs = _lock()
        self._runs.acquire()

    def set(self) -> None:
        """In the new thread: it runs."""
        super().set()
        self._runs.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for that; Thread.start() gives no timeout."""
        with self._runs:
            return True


class Thread:
    """A daemon thread: Python's own, or where those are greenlets, a plain one.

    Args:
        end: a method that asks target to end. A subinterpreter has no daemon threads, and calls it before it waits for them.
    """

    def __init__(self, target: Callable[[], object], name: str, end: Callable[[], object]) -> None:
        self._plain: threading.Thread | None = None
        self._target, self._name = target, name
        if patched_by("thread") is None:
            self._plain = threading.Thread(target=target, name=name, daemon=_daemons())
            cast(Any, self._plain)._started = Started()
            if not self._plain.daemon:
                self.end = weakref.WeakMethod(end)
                _waited_for.add(self)
                _at_exit()
        else:
            self._running = _lock()

    def start(self) -> None:
        """Let it run."""
        if self._plain is not None:
            self._plain.start()
            return
        self._running.acquire()
        try:
            _start(self._live, ())
        except BaseException:
            self._running.release()
            raise

    def is_started(self) -> bool:
        """Whether start() has started it, also where start() was interrupted after that."""
        return self._running.locked() if self._plain is None else self._plain.ident is not None

    def _live(self) -> None:
        try:
            self._target()
        finally:
            del self._target  # gevent's LoopExit keeps this frame.
            _end_hub()
            self._running.release()

    def join(self) -> None:
        """Block this whole thread until that one has ended."""
        if self._plain is not None:
            self._plain.join()
        else:
            with self._running:
                pass


_waited_for: weakref.WeakSet[Thread] = weakref.WeakSet()


@lru_cache
def _at_exit() -> None:
    cast(Any, threading)._register_atexit(_end_all)  # Once: nothing is ever taken out of that table.


def _end_all() -> None:
    for thread in list(_waited_for):
        end = thread.end()
        if end is not None:
            end()


def _daemons() -> bool:
    try:
        return cast(bool, original("_thread", "daemon_threads_allowed")())
    except AttributeError:  # Before Python 3.12 nobody asks.
        return True


def _end_hub() -> None:
    """Patched code gives its thread a hub, with files of its own."""
    gevent, eventlet = sys.modules.get("gevent._hub_local"), sys.modules.get("eventlet.hubs")
    hub = gevent.get_hub_if_exists() if gevent is not None else None
    if hub is not None:
        with hub.loop.idle() as watcher:  # Its os.close() closes in the next turn of the loop.
            hub.wait(watcher)
        hub.destroy(destroy_loop=True)
    hub = getattr(eventlet._threadlocal, "hub", None) if eventlet is not None else None
    if hub is not None:
        end_eventlet(hub)


@contextlib.contextmanager
def hub_stays() -> Iterator[None]:
    """Where gevent has patched threads: waiting for another thread's lock raises no LoopExit in this one."""
    if patched_by("thread") != "gevent":
        yield
        return
    watcher = sys.modules["gevent"].get_hub().loop.async_()
    watcher.start(int)
    try:
        yield
    finally:
        watcher.close()


def end_eventlet(hub: Any) -> None:
    """Stop eventlet's hub of this thread, and close its files."""
    hubs: Any = sys.modules["eventlet.hubs"]
    try:
        if hub.running:  # It starts with the first wait; aborting it before that would start it, for ever.
            hub.abort(wait=True)
    finally:
        if getattr(hubs._threadlocal, "hub", None) is hub:
            del hubs._threadlocal.hub
        for name in ("poll", "loop"):
            if hasattr(getattr(hub, name, None), "close"):
                getattr(hub, name).close()


def selector() -> selectors.BaseSelector:
    """The best selector that the system has, which blocks the thread."""
    if patched_by("select") is None:
        return selectors.DefaultSelector()
    return cast(selectors.BaseSelector, _selectors().DefaultSelector())


@lru_cache
def _selectors() -> Any:
    return _copy("selectors", {"select": _copy("select", {})})


def _copy(name: str, imports: dict[str, ModuleType]) -> Any:
    """A second, private copy of a module of the standard library, which gets these modules when it imports them."""
    spec = BuiltinImporter.find_spec(name) or PathFinder.find_spec(name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)

    def import_(asked: str, *args: Any, **kwargs: Any) -> Any:
        return imports[asked] if asked in imports else builtins.__import__(asked, *args, **kwargs)

    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": import_}
    spec.loader.exec_module(module)
    return module
