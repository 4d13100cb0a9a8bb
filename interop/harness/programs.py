"""The program of chapter M that differs on a crossing, as small as it gets, for `interop reproduce`.

A law shrinks what differs by itself, in its own process. A program that hangs or crashes takes the process along, so it is shrunk
here, with a process for each try.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from interop.errors import InteropError
from interop.harness import drivers, runner
from interop.harness.cell import Cell
from interop.laws.model.printing import Printer
from interop.laws.model.program import Program
from interop.laws.model.shrinking import shrunk
from interop.laws.world import World
from interop.record import Finding
from interop.runtime import drive

BAD = ("broken", "hung", "crashed")
TRIES = 40  # processes
LAST = "program = "


def differing(cell: Cell) -> tuple[Program | None, list[str]]:
    """Run a law of chapter M; the program that differs, and its lines in the caller's words.

    None where the finding is about the law's programs together, as what they left behind is.

    Raises:
        InteropError: none differs.
    """
    found = _finding(cell)
    if found.verdict not in BAD:
        raise InteropError(f"no program of {cell.laws[0]} differs on {cell.crossing} ({found.verdict}): try more --seeds")
    if found.trace and found.trace[-1].startswith(LAST):
        return Program.parse(ast.literal_eval(found.trace[-1].removeprefix(LAST))), [*found.trace[:-1]]
    said = re.search(r"^it runs [^{}]*: (\{.*\})$", found.stacks, re.MULTILINE)
    if said is None:
        return None, []
    program = _smallest(cell, Program.parse(said[1]))
    world = World(drivers.find(cell.crossing.caller), drivers.find(cell.crossing.callee), cell.kind(cell.crossing))
    return program, [*Printer(world, program).lines(None, f"{found.verdict}: {found.reason}")]


def _smallest(cell: Cell, program: Program) -> Program:
    async def differs(smaller: Program) -> bool:
        return _finding(replace(cell, program=smaller.text())).verdict in BAD

    return drive(shrunk(program, differs, TRIES))


def _finding(cell: Cell) -> Finding:
    return next(iter(runner.run([cell], jobs=1)))
