"""What a law of chapter M does: run its programs, and shrink the first that differs."""

from __future__ import annotations

from collections.abc import Sequence

from interop.laws.model.generate import generate
from interop.laws.model.printing import Printer
from interop.laws.model.program import Program
from interop.laws.model.running import Run
from interop.laws.model.shrinking import shrunk
from interop.laws.needs import NEEDS
from interop.laws.world import Broken, World

AGAIN = 3  # times that a program is run to see whether it is a race


def abilities(world: World) -> frozenset[str]:
    """The needs that hold on a crossing."""
    return frozenset(name for name, missing in NEEDS.items() if name != "fetch" and missing(world) is None)


async def check(
    world: World, id: str, kinds: Sequence[str], *, seeds: Sequence[int], ends: Sequence[str] = (), cancels: bool = False
) -> None:
    """Run the programs of a law.

    Args:
        kinds: the statements that its programs may have; one that is named twice comes twice as often.
        seeds: of its programs, unless the world has others.
        ends: how they may end: "close", "kill".
        cancels: their tasks may be cancelled.

    Raises:
        Broken: one differs from the model; the trace has the program.
    """
    can = abilities(world)
    if world.session is not None:  # Each program opens its own, and one thread may have room for one only.
        await world.close(world.session)
        world.session = None
    if world.program:
        for _ in world.seeds or (0,):  # A race may not differ each time.
            await _compare(world, Program.parse(world.program), can, "the program that was asked for")
        return
    for seed in world.seeds or seeds:
        program = generate(f"{id} {seed}", kinds, ends, can, cancels)
        await _compare(world, program, can, f"program {seed}")


async def _compare(world: World, program: Program, can: frozenset[str], name: str) -> None:
    """Run one; if it differs, shrink it and say so."""

    async def run(which: Program) -> Run:
        world.says(f"{name}: {which.text()}")
        once = Run(world, which, can)
        await once.go()
        return once

    async def differs(which: Program) -> bool:
        for _ in range(AGAIN):
            if bool((await run(which)).difference) is not always:
                return not always
        return always

    shown, always = await run(program), True
    if not shown.difference:
        return
    always = await differs(program)  # If it does so each time, the small one shall, too; a race may not.
    small = await shrunk(program, differs)
    for _ in range(AGAIN * AGAIN):
        again = await run(small)
        if again.difference:
            shown = again
            break
    world.trace += [*Printer(world, shown.program).lines(shown.after, shown.difference), f"program = {shown.program.text()!r}"]
    raise Broken(f"{shown.difference}: {name}, of {program.size} statements and steps, shrunk to {shown.program.size}")
