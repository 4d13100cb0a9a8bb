"""R: what grows, what stays, and what works though nobody asks for anything."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from interop.laws.law import law
from interop.laws.world import NotApplicable, Session, World, expect

TASKS = Path("/proc/self/task")
PAUSE = 0.001  # seconds; a loop that is never idle keeps the GIL from other threads, for seconds on two idle processors
PAUSES = 3000  # then it spins, and is found to hang sooner than one that sleeps
RUN = "https://docs.python.org/3/library/asyncio-runner.html#asyncio.run: it waits for what it has started"


def pause(before: int) -> int:
    """Let other threads go on, unless there were too many pauses before; how many there were."""
    if before < PAUSES:
        time.sleep(PAUSE)
    return before + 1


async def others_end(world: World, before: Collection[threading.Thread]) -> None:
    """Until each thread that has come since then has ended, where the callee has one."""
    pauses = 0
    while world.topology == "thread" and set(threading.enumerate()).difference(before):
        await world.caller.turn()
        gc.collect()
        pauses = pause(pauses)


@law("R14", source="https://docs.python.org/3/library/sys.html#sys.getallocatedblocks", once=True)
async def no_table_grows_with_each_call(world: World) -> None:
    """Look for a dict, a list or a set that calls are put into, and that nobody takes them out of again.

    Two kinds of calls, twelve times. One object that stays for each is enough.
    """

    async def fine() -> None:
        await world.callee.turn()

    async def fails() -> None:
        await world.callee.turn()
        raise ValueError

    async def blocks() -> int:
        await world.turns(3)
        gc.collect()
        del world.reports[3:]  # What a framework reports for each call is R6's business, and grows here.
        return sys.getallocatedblocks()

    times, grown = 12, list[int]()
    for _ in range(30):  # What is made once, and caches of the interpreter, come to an end: mostly in the second round.
        before = await blocks()
        for _ in range(times):
            await world.call(fine)
            await world.outcome(fails)
        grown.append(await blocks() - before)
        if grown[-1] < times:
            return
    expect(False, f"each time {2 * times} calls left more objects: {grown}")


@law("R15", needs=("opens", "keeps-nothing"), source="Opening and closing is what tests do all day", once=True)
async def what_the_first_session_of_a_process_opens_does_not_stay(world: World) -> None:
    """Look for a descriptor, a thread or a watcher that is made once and kept: R3 begins to count after that."""
    kept = [what for what in world.first if what.startswith(("open file", "thread", "something"))]
    expect(not kept, kept)


@law(
    "R19",
    needs=("opens", "drops", "thread"),
    source="https://docs.python.org/3/library/exceptions.html#ResourceWarning",
    once=True,
)
async def a_session_that_nobody_closes_says_so_and_ends_its_thread_when_it_is_dropped(world: World) -> None:
    """Look for what holds a session that nobody has any more, and for a thread that waits for requests which cannot come.

    The law waits until the session is gone, and then until its thread is: a hang is one of the two.
    """
    before, pauses = set(threading.enumerate()), 0
    session = await world.caller.open(world.bridge.open())
    got = [await world.spawned(world.call_on, session, world.callee.turn)]
    gone, kinds = weakref.ref(session), type(session).__mro__
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        del session
        while gone() is not None or set(threading.enumerate()) - before:
            for it in said:
                it.source = None  # It is the session, and would keep it.
            await world.caller.turn()
            gc.collect()
            pauses = pause(pauses)
    expect([kind for kind, _ in got] == ["value"], got)
    told = [it for it in said if it.category is ResourceWarning]
    expect(told, [str(it.message) for it in said])
    own = {getattr(sys.modules[kind.__module__], "__file__", "") for kind in kinds if "__del__" in vars(kind)}
    expect(own.isdisjoint(it.filename for it in told), f"it names a line of the bridge, and not where it was dropped: {told[0]}")


@law("R21", needs=("opens", "drops", "second-loop", "owns-loop", "cancel"), source=RUN, once=True)
async def a_loop_that_ends_ends_what_its_open_sessions_have_started(world: World) -> None:
    """Look for a callee's loop that is left as it stands when the caller's is over: nobody cleans up there, or it never ends.

    The loop that ends is another one of the caller's kind, in a thread of its own.
    """
    before, over, kept = set(threading.enumerate()), world.caller.event(), list[object]()

    async def waits(started: Callable[[], object]) -> None:
        started()
        try:
            await world.callee.sleep_forever()
        finally:
            world.trace.append("cleaned up")

    def lives() -> None:
        bridge = type(world.bridge)(world.bridge.crossing)  # type: ignore[call-arg]

        async def main() -> None:
            session, started, wake = await world.caller.open(bridge.open()), world.caller.event(), world.caller.waker()

            async def call() -> None:
                with contextlib.suppress(Exception):  # That the peer is gone, say; nobody asks for the task's error.
                    await world.call_on(session, waits, lambda: wake(started.set))

            kept.extend((session, await world.caller.spawn(call)))
            await started.wait()

        try:
            bridge.run(main)
        finally:
            world.trace.append("over")
            world.tell_caller(over.set)

    thread = threading.Thread(target=lives)
    thread.start()

    async def wait() -> None:
        await over.wait()

    await (world.caller.within(1000, wait) if world.caller.timeout_type else wait())
    thread.join()
    await others_end(world, before)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It was not closed, and says so.
        kept.clear()
        gc.collect()
    expect(world.trace == ["cleaned up", "over"], world.trace)


@law("R17", needs=("opens",), source="Opening and closing is what tests do all day", once=True)
async def sessions_that_are_open_at_once_end_in_any_order(world: World) -> None:
    """Look for what sessions share: who counts them, and lets go of it at the last, or at the first."""

    async def fine(number: int) -> int:
        await world.callee.turn()
        return number

    for order in ((1, 0, 2), (2, 0, 1)):
        sessions: list[Session] = []
        for _ in order:
            try:
                sessions.append(await world.open())
            except Exception as error:
                for session in sessions:
                    await world.close(session)
                if not sessions:
                    raise
                raise NotApplicable(f"a second session is refused: {error}") from None
        left = dict(enumerate(sessions))
        for number in order:
            got = [await world.call_on(session, fine, which) for which, session in left.items()]
            expect(got == list(left), got)
            await world.close(left.pop(number))


class Told(NamedTuple):
    """What the system tells of a thread: how often it went to sleep, milliseconds used and waited for a processor, its state."""

    sleeps: int
    used: int
    waited: int
    runs: bool


def told() -> Mapping[str, Told]:
    """Of each thread of this process."""
    found = {}
    for task in TASKS.iterdir():
        try:
            status, times = (task / "status").read_text(), (task / "schedstat").read_text()
        except OSError:  # It has ended by now.
            continue
        used, waited = (int(it) // 1_000_000 for it in times.split()[:2])
        sleeps = status.partition("\nvoluntary_ctxt_switches:")[2].split()[0]
        found[task.name] = Told(int(sleeps), used, waited, "\nState:\tR" in status)
    return found


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


@law("R16", source="https://docs.kernel.org/filesystems/proc.html: voluntary_ctxt_switches", once=True)
async def an_open_portal_that_nobody_uses_wakes_no_thread(world: World) -> None:
    """Look for a wait with a timeout of nearly nothing, in a loop: it costs a processor, and batteries.

    Twelve milliseconds in which nobody does anything, and once more if somebody was still about to go to sleep.
    """
    if not (TASKS / str(threading.get_native_id()) / "schedstat").exists():
        raise NotApplicable("this system does not say how often a thread was woken")
    over, seen = world.caller.event(), list[object]()

    def look() -> None:
        for _ in range(400):
            if (found := restless(0.012)) is not None:
                seen.append(found)
            if found == {} or len(seen) == 5:
                break
        world.tell_caller(over.set)

    await world.call(world.callee.turn)
    await world.turns(3)
    looker = threading.Thread(target=look)
    looker.start()

    async def wait() -> None:
        await over.wait()

    # The timer wakes nobody; without one, gevent's hub would have nothing to wait for, and say so.
    await (world.caller.within(1000, wait) if world.caller.timeout_type else wait())
    looker.join()
    if {} not in seen and len(seen) < 5:
        raise NotApplicable("this machine is too busy to tell")
    expect({} in seen, f"(times woken, milliseconds used) of threads that had nothing to do: {seen[-1]}")
