"""X: the callee is at home: what its framework says of its own thread is true in a call, too."""

from __future__ import annotations

from interop.laws.law import law
from interop.laws.world import NotApplicable, World, expect

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
