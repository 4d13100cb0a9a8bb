"""R: what grows, what stays, and what works though nobody asks for anything."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import warnings
import weakref
from collections.abc import Callable

from interop.laws.law import law
from interop.laws.threads import can_tell, others_end, pause, restless, waited
from interop.laws.world import NotApplicable, Session, World, expect

LOOKS = 50  # of 12 ms and more: with 5, one run in thousands found a thread of a good bridge awake each time
RUN = "https://docs.python.org/3/library/asyncio-runner.html#asyncio.run: it waits for what it has started"


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
    for _ in range(60):  # What is made once, and caches, come to an end. Eventlet keeps 1,000 cancelled timers before it sweeps.
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

    await waited(world.caller, over)
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


@law("R16", source="https://docs.kernel.org/filesystems/proc.html: voluntary_ctxt_switches", once=True)
async def an_open_portal_that_nobody_uses_wakes_no_thread(world: World) -> None:
    """Look for a wait with a timeout of nearly nothing, in a loop: it costs a processor, and batteries.

    Twelve milliseconds in which nobody does anything, and again if somebody did: on a busy machine it takes a thread long to go
    to sleep. One that is never found asleep works to no end.
    """
    if not can_tell():
        raise NotApplicable("this system does not say how often a thread was woken")
    over, seen = world.caller.event(), list[object]()

    def look() -> None:
        for _ in range(400):
            if (found := restless(0.012)) is not None:
                seen.append(found)
            if found == {} or len(seen) == LOOKS:
                break
        world.tell_caller(over.set)

    await world.call(world.callee.turn)
    await world.turns(3)
    looker = threading.Thread(target=look)
    looker.start()
    await waited(world.caller, over)
    looker.join()
    if {} not in seen and len(seen) < LOOKS:
        raise NotApplicable("this machine is too busy to tell")
    expect({} in seen, f"(times woken, milliseconds used) of threads that had nothing to do: {seen[-1]}")
