"""R, L: what becomes of what is open, and of what is on its way, when the caller's loop ends."""

from __future__ import annotations

import concurrent.futures.thread
import contextlib
import gc
import re
import threading
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

from interop.laws.growth import RUN
from interop.laws.law import law
from interop.laws.peers import named
from interop.laws.threads import others_end, waited
from interop.laws.world import Event, NotApplicable, World, expect

CLOSE = "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.close: any pending callbacks will be discarded"
EXIT = (
    "https://docs.python.org/3/library/threading.html#thread-objects: the program exits when no alive non-daemon threads are left"
)
Main = Callable[[], Coroutine[Any, Any, None]]


async def in_another_loop(
    world: World,
    main: Callable[[Any], Coroutine[Any, Any, Any]],
    run: Callable[[Main], object] | None = None,
    after: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Drive main(bridge) in another loop of the caller's kind, in a thread of its own, until that loop has ended.

    What main() gives is kept until after() is done, too, and then dropped.
    """
    before, over, kept = set(threading.enumerate()), world.caller.event(), list[Any]()

    def lives() -> None:
        bridge = type(world.bridge)(world.bridge.crossing)  # type: ignore[call-arg]

        async def keeps() -> None:
            kept.append(await main(bridge))

        try:
            (run or bridge.run)(keeps)
        finally:
            world.trace.append("over")
            world.tell_caller(over.set)

    thread = threading.Thread(target=lives)
    thread.start()
    await waited(world.caller, over)
    thread.join()
    if after is not None:
        await after()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It was not closed, and says so.
        kept.clear()
        gc.collect()
        await others_end(world, before)


class Task:
    """A task of the callee's that nobody waits for, with a way back into the loop that will end: it does fn(way back).

    `bridge` is that loop's, and `told` an event of the callee's, which tell() sets from anywhere.
    """

    bridge: Any
    told: Event
    tell: Callable[[], object]

    def __init__(self, world: World, fn: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        self.world, self.fn = world, fn
        self.kept: list[Any] = []
        self.unfit: Exception | None = None

    async def main(self, bridge: Any) -> Any:
        """In the loop that will end: open a session, and start the task; until it has begun."""
        self.bridge, world, here, wake = bridge, self.world, bridge.here(), self.world.caller.waker()
        session, begun = await world.caller.open(bridge.open()), world.caller.event()

        async def starts() -> None:
            self.kept.append(await world.callee.spawn(self._lives, here, lambda: wake(begun.set)))

        await world.call_on(session, starts)
        await begun.wait()
        return session

    async def _lives(self, here: Any, begun: Callable[[], object]) -> None:
        callee, manager = self.world.callee, self.bridge.back(here)
        back, wake, self.told = await callee.open(manager), callee.waker(), callee.event()
        self.tell = lambda: wake(self.told.set)
        try:
            await callee.call(back, self.world.caller.native(self.world.caller.turn))
        except Exception as error:
            self.unfit = error
        begun()
        try:
            if self.unfit is None:
                await self.fn(back)
        finally:
            with contextlib.suppress(Exception):
                await callee.shielded(lambda: callee.close(manager))

    async def sees_the_end(
        self, run: Callable[[Main], object] | None = None, after: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Until the loop has ended.

        Raises:
            NotApplicable: such a task cannot call back.
        """

        async def then() -> None:
            if after is not None and self.unfit is None:
                await after()
            self.kept.clear()
            self.bridge = None  # What it holds ends with it, perhaps.

        await in_another_loop(self.world, self.main, run, then)
        if self.unfit is not None:
            raise NotApplicable(f"a task that the callee has started cannot call back, see L17: {self.unfit!r}")


@law("R27", needs=("opens", "drops", "back", "second-loop", "owns-loop", "ends-tasks"), source=RUN, once=True)
async def what_a_loop_that_ends_has_started_can_call_it_while_it_cleans_up(world: World) -> None:
    """Look for a loop that refuses calls before it has ended what it has started: a task there could not save what it has.

    The loop that ends is another one of the caller's kind, in a thread of its own; the task is one that nobody waits for.
    """

    async def fine() -> str:
        return "fine"

    async def cleans_up(back: Any) -> None:
        async def saves() -> None:
            world.trace.append(await world.callee.call(back, world.caller.native(fine)))

        try:
            await world.callee.sleep_forever()
        finally:
            try:
                await world.callee.shielded(saves)
            except BaseException as error:
                world.trace.append(repr(error))

    await Task(world, cleans_up).sees_the_end()
    expect(world.trace == ["fine", "over"], world.trace)


@law(
    "R28", needs=("errors", "refuses", "opens", "drops", "back", "second-loop", "owns-loop", "ends-tasks"), source=RUN, once=True
)
async def nothing_is_started_in_a_loop_that_waits_for_the_end_of_what_it_has_started(world: World) -> None:
    """Look for a session that is opened by clean-up: nobody would be there to end it."""
    if not world.caller.has_loop:
        raise NotApplicable("what is called runs in a thread of its own, and that one does not end")

    async def opens() -> str:
        late = task.bridge.open()
        try:
            await world.caller.open(late)
        except named(world)["refused"] as error:
            return "refused" if re.fullmatch(world.bridge.words.get("refused", "(?s:.*)"), str(error)) else str(error)
        await world.caller.close(late)
        return "opened"

    async def cleans_up(back: Any) -> None:
        async def asks() -> None:
            world.trace.append(await world.callee.call(back, world.caller.native(opens)))

        try:
            await world.callee.sleep_forever()
        finally:
            await world.callee.shielded(asks)

    task = Task(world, cleans_up)
    await task.sees_the_end()
    expect(world.trace == ["refused", "over"], world.trace)


@law("L27", needs=("errors", "opens", "drops", "back", "second-loop", "thread", "lets-go"), source=CLOSE, once=True)
async def a_call_into_a_loop_that_was_closed_without_its_clean_up_says_that_it_is_gone(world: World) -> None:
    """Look for a wake-up that is given to a loop which does not listen any more.

    The loop that is closed is another one of the caller's kind, in a thread of its own; a task of the callee's calls it then.
    """
    done, got = world.caller.event(), list[Any]()

    async def fine() -> None: ...

    async def calls(back: Any) -> None:
        await task.told.wait()
        try:
            got.append(await world.callee.call(back, world.caller.native(fine)))
        except Exception as error:
            got.append(error)
        world.tell_caller(done.set)

    async def after() -> None:
        task.tell()
        await waited(world.caller, done)

    task = Task(world, calls)
    await task.sees_the_end(world.caller.let_go, after)
    expect([type(it) for it in got] == [named(world)["gone"]], got)


@law("L28", needs=("opens", "drops", "second-loop", "thread", "lets-go"), source=CLOSE, once=True)
async def an_error_whose_callers_loop_was_closed_without_its_clean_up_is_reported(world: World) -> None:
    """Look for an outcome that is put where nobody comes to look any more, or for a task that goes on in another thread."""
    failed, go = world.caller.event(), list[Callable[[], object]]()

    async def fails(begun: Callable[[], object]) -> None:
        closed, wake = world.callee.event(), world.callee.waker()
        go.append(lambda: wake(closed.set))
        begun()
        await closed.wait()
        world.tell_caller(failed.set)
        raise ValueError("nobody hears of it")

    async def main(bridge: Any) -> Any:
        session, wake, begun = await world.caller.open(bridge.open()), world.caller.waker(), world.caller.event()

        async def call() -> None:
            try:
                await world.call_on(session, fails, lambda: wake(begun.set))
            except ValueError:
                world.trace.append("went on")

        kept = session, await world.caller.spawn(call)
        await begun.wait()
        return kept

    async def after() -> None:
        go[0]()
        await waited(world.caller, failed)

    await in_another_loop(world, main, world.caller.let_go, after)
    said, world.reports[:] = list(world.reports), []
    expect(world.trace == ["over"], world.trace)
    expect(any("nobody hears of it" in line or "a traceback" in line for line in said), said)


@law("L32", needs=("opens", "drops", "thread"), source=EXIT, once=True, ends=True)
async def what_the_end_of_a_process_waits_for_is_told_to_end(world: World) -> None:
    """Look for a thread that is no daemon: the end of the program waits for it, and for ever if a session is open then.

    The law asks for what Python asks for when the main thread is over, and waits for the threads that it would wait for. Those of
    executors Python itself ends then, all of them and for good: they are left alone here.
    """
    before = {it for it in threading.enumerate() if not it.daemon}
    session = await world.open()
    await world.call_on(session, world.callee.turn)
    executors: Any = concurrent.futures.thread
    others = [it for it in threading.enumerate() if it.daemon or it in executors._threads_queues]
    for callback in reversed(getattr(threading, "_threading_atexits", ())):
        if getattr(callback, "func", callback).__module__ != executors.__name__:
            callback()
    await others_end(world, [*before, *others])
    with contextlib.suppress(Exception):  # Its peer may be gone.
        await world.close(session)
