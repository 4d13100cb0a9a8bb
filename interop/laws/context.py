"""X: context and identity. Every piece of code runs where its own framework says that it runs, and sees what it should."""

from __future__ import annotations

import traceback
from typing import Any

from interop.laws.law import SHOULD, law
from interop.laws.streams import drive
from interop.laws.world import Driver, World, expect, ident, running_asyncio_loop, variable

try:
    import sniffio
except ImportError:
    sniffio = None  # type: ignore[assignment]

CONTEXTVARS = "PEP 567; https://docs.python.org/3/library/contextvars.html"


def sniffed() -> str | None:
    """What sniffio says here; nothing where it is not installed."""
    if sniffio is None:
        return None
    try:
        return sniffio.current_async_library()
    except sniffio.AsyncLibraryNotFoundError:
        return None


@law("X1", source=CONTEXTVARS)
async def the_callee_sees_the_callers_context(world: World) -> None:
    """Look for a function that is started in the loop's own context."""
    token = variable.set("the caller's")

    async def callee() -> list[str]:
        seen = [variable.get()]
        await world.callee.turn()
        return [*seen, variable.get()]

    try:
        got = await world.call(callee)
    finally:
        variable.reset(token)
    expect(got == ["the caller's"] * 2, got)


@law("X2", source=CONTEXTVARS)
async def what_the_callee_writes_stays_with_the_callee(world: World) -> None:
    """Look for a function that is started in the caller's very context instead of a copy."""

    async def callee() -> list[str]:
        variable.set("the callee's")
        await world.callee.turn()
        return [variable.get()]

    got = await world.call(callee)
    expect(got == ["the callee's"], got)
    expect(variable.get() == "nothing", variable.get())


@law("X3", source=CONTEXTVARS)
async def each_of_many_calls_keeps_its_own_context_through_its_waits(world: World) -> None:
    """Look for a callee that is resumed by a callback which has another context."""

    async def callee() -> list[str]:
        seen = []
        for _ in range(3):
            seen.append(variable.get())
            await world.callee.turn()
        variable.set(f"{variable.get()}, changed")
        await world.callee.turn()
        return [*seen, variable.get()]

    async def call(name: str) -> Any:
        variable.set(name)
        return await world.call(callee)

    names = [f"call {number}" for number in range(5)]
    tasks = [await world.caller.spawn(call, name) for name in names]
    for name, task in zip(names, tasks, strict=True):
        got = await world.caller.join(task)
        expect(got == ("value", [name, name, name, f"{name}, changed"]), got)


def in_the_task_of(side: Driver) -> object:
    """The task of a framework's in which this code runs, whichever framework's it is; None where it runs in none."""
    try:
        return side.task()
    except RuntimeError:
        return None


@law("X4", needs=("sniffio",), source="sniffio: current_async_library() is to be right in every task")
async def library_detection_is_right_on_both_sides_at_every_step(world: World) -> None:
    """Look for sniffio's thread-local or context variable, set by one loop and seen in the other's step."""

    async def callee() -> list[str | None]:
        seen = [sniffed()]
        await world.callee.turn()
        return [*seen, sniffed()]

    before = sniffed()
    got = await world.call(callee)
    expect(got == [world.callee.library] * 2, got)
    expect(before == sniffed() == world.caller.library, (before, sniffed()))


@law("X5", source="https://docs.python.org/3/library/asyncio-task.html#asyncio.current_task")
async def the_callees_task_is_never_the_callers(world: World) -> None:
    """Look for a callee that runs in the caller's step: its timeouts and scopes would strike the caller."""
    mine = world.caller.task()

    async def callee() -> list[object]:
        seen = [world.callee.task(), in_the_task_of(world.caller)]
        await world.callee.turn()
        return [*seen, world.callee.task(), in_the_task_of(world.caller)]

    got = await world.call(callee)
    expect(mine is None or all(task is not mine for task in got), (mine, got))
    expect(got[0] is got[2], got)
    expect(world.caller.task() is mine, (world.caller.task(), mine))


@law("X6", source="gevent: never block or switch in the hub; Trio: one task at a time")
async def the_caller_goes_on_in_its_own_thread_and_task(world: World) -> None:
    """Look for a continuation that is called from the callee's step instead of the caller's scheduler."""

    async def at_once() -> None: ...

    async def later() -> None:
        await world.callee.turn()

    def where() -> tuple[object, ...]:
        return ident(), world.caller.task(), sniffed(), world.caller.asyncio_loop()

    await world.caller.turn()  # Whoever let us go on after the last call, this is the caller's own scheduler.
    before = where()
    for callee in (at_once, later):
        await world.call(callee)
        expect(where() == before, (before, where()))


@law("X7", needs=("lasts",), source="https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading")
async def the_callee_runs_in_the_thread_of_its_loop(world: World) -> None:
    """Look for a function that is run in a worker thread instead."""
    told = world.caller.event()
    loop: list[int] = []

    async def callee() -> list[int]:
        seen = [ident()]
        await world.callee.turn()
        return [*seen, ident()]

    def tell() -> None:
        loop.append(ident())
        world.tell_caller(told.set)

    got = await world.call(callee)
    world.tell_callee(tell)
    await told.wait()
    expect(got == [got[0]] * 2, got)
    expect((got[0] == ident()) == (world.topology != "thread"), got)
    expect(not world.callee.has_loop or got[0] == loop[0], (got, loop))


@law("X8", source="https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.get_running_loop")
async def no_side_sees_a_running_asyncio_loop_that_is_not_its_own(world: World) -> None:
    """Look for the running-loop slot, left set while another loop's step runs in the same thread."""

    async def callee() -> list[tuple[object, object]]:
        seen = [(running_asyncio_loop(), world.callee.asyncio_loop())]
        await world.callee.turn()
        return [*seen, (running_asyncio_loop(), world.callee.asyncio_loop())]

    mine = running_asyncio_loop()
    for running, own in await world.call(callee):
        expect(running is own, (running, own))
    expect(running_asyncio_loop() is mine is world.caller.asyncio_loop(), (mine, running_asyncio_loop()))


@law("X9", SHOULD, source="Trio design: tracebacks are part of the user interface")
async def the_bridge_adds_few_frames_to_a_traceback(world: World) -> None:
    """Look for layers between the two sites; sixteen frames that are neither the caller's nor the callee's are allowed."""

    async def site_of_the_callee() -> None:
        raise ValueError

    _, got = await world.outcome(site_of_the_callee)
    between = [frame for frame in traceback.extract_tb(got.__traceback__) if "/interop/laws/" not in frame.filename]
    expect(len(between) <= 16, [f"{frame.filename}:{frame.name}" for frame in between])


@law("X10", source=CONTEXTVARS)
async def what_the_callee_writes_is_not_there_in_the_next_call(world: World) -> None:
    """Look for one long-lived task or thread that runs every call in its own context."""

    async def callee() -> str:
        seen = variable.get()
        variable.set("of the call before")
        return seen

    got = [await world.call(callee) for _ in range(3)]
    expect(got == ["nothing"] * 3, got)


@law("X11", source=CONTEXTVARS)
async def the_context_is_the_one_at_the_time_of_the_call(world: World) -> None:
    """Look for a context that was copied when the bridge was opened."""

    async def callee() -> str:
        await world.callee.turn()
        return variable.get()

    got = []
    for name in ("first", "second"):
        token = variable.set(name)
        try:
            got.append(await world.call(callee))
        finally:
            variable.reset(token)
    expect(got == ["first", "second"], got)


@law("X12", needs=("cancel",), source="sniffio")
async def library_and_context_are_right_also_in_the_callees_cleanup(world: World) -> None:
    """Look for a cancel that is thrown into the callee from the caller's step."""
    seen: list[Any] = []
    own, ended = world.callee.task, world.caller.event()

    async def callee() -> None:
        variable.set("the callee's")
        seen.append((variable.get(), sniffed(), own(), ident()))
        try:
            await world.callee.sleep_forever()
        finally:
            seen.append((variable.get(), sniffed(), own(), ident()))
            world.tell_caller(ended.set)

    if world.ended_by_a_cancel(*await world.cancelled_call(callee)):
        await ended.wait()  # It was told to end; that the caller waited for it is C2's business.
    expect(len(seen) == 2 and seen[0] == seen[1], seen)


@law(
    "X14", needs=("greenlets",), source="gevent: monkey.patch_all() lets other greenlets run wherever code would block", once=True
)
async def a_callee_that_lets_its_hosts_other_greenlets_run_shows_them_no_loop(world: World) -> None:
    """Look for a running loop that is set for the thread, and not for the greenlet in which the guest runs."""
    seen: list[object] = []
    done: list[bool] = []

    async def sibling() -> None:
        while not done:
            seen.append(running_asyncio_loop())
            await world.caller.turn()

    async def callee() -> object:
        for _ in range(5):
            drive(world.caller.turn())  # As patched code does where it would block.
        return running_asyncio_loop() is world.callee.asyncio_loop()

    task = await world.caller.spawn(sibling)
    got = await world.call(callee)
    done.append(True)
    await world.caller.join(task)
    expect(got is True, "the callee's own loop was not there afterwards")
    expect(len(seen) >= 5 and set(seen) == {None}, seen)


@law("X15", SHOULD, needs=("sniffio", "callers-library"), source="anyio.run() sets sniffio's context variable", once=True)
async def library_detection_is_right_in_the_callee_of_a_program_that_anyio_runs(world: World) -> None:
    """Look for sniffio's context variable, which goes along with the caller's context, and is the caller's name."""

    async def callee() -> list[str | None]:
        seen = [sniffed()]
        await world.callee.turn()
        return [*seen, sniffed()]

    token = sniffio.current_async_library_cvar.set(world.caller.library)
    try:
        got = await world.call(callee)
        mine = sniffed()
    finally:
        sniffio.current_async_library_cvar.reset(token)
    expect(got == [world.callee.library] * 2, got)
    expect(mine == world.caller.library, mine)
