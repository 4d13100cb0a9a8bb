"""What laws ask of other threads: that they wait, that one sets an event, that they end, that they sleep."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from interop.laws.world import Driver, Event, World

try:
    from _queue import SimpleQueue
except ImportError:  # PyPy
    from queue import SimpleQueue

TASKS = Path("/proc/self/task")
PAUSE = 0.001  # seconds; a loop that is never idle keeps the GIL from other threads, for seconds on two idle processors
ROUNDS, ROUNDS_AT_MOST = 8, 40
PAUSES = 3000  # then it spins, and is found to hang sooner than one that sleeps


class Latch:
    """What blocks a whole thread until another one opens it.

    Where gevent or eventlet has patched threads, threading.Event blocks a greenlet, and the loop around it goes on. Set in
    another thread, eventlet's wakes nobody. They patch queue.SimpleQueue, and not what it is made of.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._open: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Open it, from anywhere."""
        self._is_set = True
        self._open.put(None)

    def is_set(self) -> bool:
        """Whether it is open."""
        return self._is_set

    def wait(self) -> None:
        """Block this thread until it is."""
        self._open.put(self._open.get())


def pause(before: int) -> int:
    """Let other threads go on, unless there were too many pauses before; how many there were."""
    if before < PAUSES:
        time.sleep(PAUSE)
    return before + 1


async def until(side: Driver, ready: Callable[[], object]) -> None:
    """Let this side's loop go round until then."""
    pauses = 0
    while not ready():
        await side.turn()
        pauses = pause(pauses)


def rounds() -> Iterator[int]:
    """Attempts to find that something has ended, each after a longer pause for other threads: half a second in all.

    Then again and again while another thread is still at work, for ROUNDS_AT_MOST: on a busy machine one that has a single step
    to make may have to wait for a processor, and what it holds until then is not left behind.
    """
    before: Mapping[str, Told] = {}
    for attempt in range(ROUNDS_AT_MOST):
        if attempt >= ROUNDS and not at_work(before):
            break
        yield min(attempt, ROUNDS - 1)
        before = told() if attempt >= ROUNDS - 1 else {}
        time.sleep(0.002 * (1 << min(attempt, ROUNDS - 1)))


async def others_end(world: World, before: Collection[threading.Thread]) -> None:
    """Until each thread that has come since then has ended, where the callee has one."""
    pauses = 0
    while world.topology == "thread" and set(threading.enumerate()).difference(before):
        await world.caller.turn()
        gc.collect()
        pauses = pause(pauses)


async def waited(side: Driver, event: Event) -> None:
    """Wait for what another thread sets. The timer wakes nobody; without one, gevent's hub would have nothing to wait for."""

    async def wait() -> None:
        await event.wait()

    await (side.within(1000, wait) if side.timeout_type else wait())


class Told(NamedTuple):
    """What the system tells of a thread: how often it went to sleep, milliseconds used and waited for a processor, its state."""

    sleeps: int
    used: int
    waited: int
    runs: bool


def can_tell() -> bool:
    """Whether this system says how often a thread was woken."""
    return (TASKS / str(threading.get_native_id()) / "schedstat").exists()


def told() -> Mapping[str, Told]:
    """Of each thread of this process; of none where the system does not say."""
    found = {}
    for task in TASKS.iterdir() if can_tell() else ():
        try:
            status, times = (task / "status").read_text(), (task / "schedstat").read_text()
        except OSError:  # It has ended by now.
            continue
        used, waited = (int(it) // 1_000_000 for it in times.split()[:2])
        sleeps = status.partition("\nvoluntary_ctxt_switches:")[2].split()[0]
        found[task.name] = Told(int(sleeps), used, waited, "\nState:\tR" in status)
    return found


def wait_until_asleep(thread: int) -> None:
    """Until nothing happens in this thread between two looks, or it has ended; for 400 looks at most.

    Args:
        thread: its native id.
    """
    before: Told | None = None
    for _ in range(400):
        now = told().get(str(thread))
        if now is None or (now == before and not now.runs):
            return
        before = now
        time.sleep(PAUSE)


def at_work(before: Mapping[str, Told]) -> bool:
    """Whether another thread has done anything since then, has begun or ended, or waits for a processor."""
    after, mine = told(), str(threading.get_native_id())
    others = (before.keys() | after.keys()) - {mine}
    return any(before.get(name) != after.get(name) or after[name].runs for name in others)


def restless(seconds: float) -> dict[str, tuple[int, int]] | None:
    """The threads that woke up twice and more in so many seconds while this one slept, or used a processor for half of them.

    None if the machine is too busy to tell: this one slept much longer than it asked for, or another one waited for a processor.
    """
    before, begun = told(), time.monotonic()
    time.sleep(seconds)
    after, mine = told(), str(threading.get_native_id())
    slept = time.monotonic() - begun
    if slept > 8 * seconds:
        return None
    often = 2 * max(1.0, slept / seconds)  # One wake-up in a while is two in twice the time.
    others = {name: (before[name], after[name]) for name in before.keys() & after.keys() - {mine}}
    more = {name: (now.sleeps - was.sleeps, now.used - was.used) for name, (was, now) in others.items()}
    found = {name: it for name, it in more.items() if it[0] >= often or it[1] >= slept * 500}
    if not found and any(now.runs or now.waited > was.waited for was, now in others.values()):
        return None
    return found
