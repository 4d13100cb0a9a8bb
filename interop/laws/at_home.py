"""L, X: the callee is at home: its framework's own threads serve it, and what that says of its thread is true in a call, too."""

from __future__ import annotations

from interop.laws.law import law
from interop.laws.world import NotApplicable, World, expect

POOL = "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor"
IO_THREAD = "https://docs.twisted.org/en/stable/api/twisted.python.threadable.html#isInIOThread"


@law("X17", source=IO_THREAD, once=True)
async def each_sides_framework_knows_the_thread_that_it_runs_in(world: World) -> None:
    """Look for a loop that takes a place of which the process has one: another loop's code is told that it is elsewhere."""

    async def callee() -> bool | None:
        return world.callee.knows_its_thread()

    got = [world.caller.knows_its_thread(), await world.call(callee), world.caller.knows_its_thread()]
    if got == [None] * 3:
        raise NotApplicable(f"neither {world.caller.name} nor {world.callee.name} says which thread is its loop's")
    expect(False not in got, got)


@law("L31", needs=("opens", "callee-loop", "pool"), source=POOL, once=True)
async def what_the_callee_gives_to_the_pool_of_its_loop_comes_back_and_its_session_can_be_closed(world: World) -> None:
    """Look for a loop that no answer from a thread wakes, for a pool that loses errors, or for one whose end never comes."""
    error = ValueError("in the pool")

    def fails() -> None:
        raise error

    async def works() -> list[object]:
        got = [await world.callee.in_pool(lambda: "fine")]
        try:
            await world.callee.in_pool(fails)
        except ValueError as caught:
            got.append(caught)
        return got

    session = await world.open()
    got = await world.call_on(session, works)
    await world.close(session)
    world.reports.clear()  # gevent reports what fails in its pool, whoever waits for it.
    expect(got == ["fine", error], got)
