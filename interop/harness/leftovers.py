"""What a law leaves behind: looked at before and after, and charged to the law that left it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from interop.laws.threads import rounds
from interop.laws.world import Driver, variable

# Threads of a pool that wait for work are nobody's leftovers: a pool keeps them for the next call.
POOLS = (
    "concurrent/futures/",
    "interop/adapters/threads",
    "twisted/_threads/",
    "gevent/threadpool",
    "trio/_core/_thread_cache",
    "eventlet/tpool",
    "anyio/_backends/_asyncio",
)


@dataclass(frozen=True)
class Left:
    """What there is at one moment."""

    threads: frozenset[str]
    files: frozenset[str]
    tasks: int
    signals: tuple[Any, ...]
    hooks: tuple[Any, ...]
    context: str

    def more_than(self, before: Left) -> list[str]:
        """What there is now that was not there before, in words."""
        found = [f"thread {name}" for name in sorted(self.threads - before.threads)]
        if len(self.files) > len(before.files):
            found += [f"open file {name}" for name in sorted(self.files - before.files)]
        if self.tasks > before.tasks:
            found.append(f"{self.tasks - before.tasks} tasks")
        if self.signals != before.signals:
            found.append("another signal handler")
        if self.hooks != before.hooks:
            found.append("another hook for async generators")
        if self.context != before.context:
            found.append(f"a context variable, {self.context!r}")
        return found


def now(caller: Driver) -> Left:
    """Look around, in the caller's loop."""
    main = threading.current_thread() is threading.main_thread()
    return Left(
        frozenset(_named(thread) for thread in threading.enumerate() if not _idles(thread)),
        frozenset(_files()),
        caller.alive(),
        tuple(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)) if main else (),
        tuple(sys.get_asyncgen_hooks()),
        variable.get(),
    )


async def settled(caller: Driver, before: Left, collect: Callable[[], object]) -> list[str]:
    """What is left, after the loop has had some turns, and other threads their time, to end what is ending."""
    more: list[str] = []
    for attempt in rounds():
        more = now(caller).more_than(before)
        if not more:
            return []
        if attempt:
            collect()
        for _ in range(1 << attempt):
            await caller.turn()
        _let_threads_end(before)
    return more


def _let_threads_end(before: Left) -> None:
    """A thread that has done its work may still need a moment to end, or to let go of the eventfd that it has just rung."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not _idles(thread) and _named(thread) not in before.threads:
            thread.join(0.02)
    if sys._current_frames().keys() - {thread.ident for thread in threading.enumerate()}:
        time.sleep(0.02)  # Threads that the module does not know, as those of eventlet's own copy of it: nobody can join them.


def _named(thread: threading.Thread) -> str:
    return f"{thread.name} ({thread.ident})"


def _files() -> list[str]:
    if not os.path.isdir("/proc/self/fd"):
        return []
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            kind, _, which = os.readlink(f"/proc/self/fd/{name}").partition(":")
            found.append(f"{name} {which if kind == 'anon_inode' else kind}")  # "[eventpoll]"; "socket", "pipe", a path
        except OSError:  # The directory's own descriptor is closed by now.
            continue
    return found


def _idles(thread: threading.Thread) -> bool:
    frame, of_a_pool = sys._current_frames().get(thread.ident or 0), False
    while frame is not None:
        name = frame.f_code.co_filename
        if any(pool in name for pool in POOLS):
            of_a_pool = True
        elif not name.endswith(("/threading.py", "/queue.py")):
            return False
        frame = frame.f_back
    return of_a_pool
