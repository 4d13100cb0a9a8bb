"""The smallest program that still differs: delete steps and statements, then make what is left simpler; bounded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from interop.laws.model.alphabet import gate_of
from interop.laws.model.program import Do, Program

TRIES = 120


async def shrunk(program: Program, differs: Callable[[Program], Awaitable[bool]], tries: int = TRIES) -> Program:
    """The smallest that was found in so many runs. A program that differs only now and then may stay larger than it need be."""
    again = True
    while again:
        again = False
        for smaller in simpler(program):
            tries -= 1
            if tries < 0:
                return program
            if await differs(smaller):
                program, again = smaller, True
                break
    return program


def simpler(program: Program) -> Iterator[Program]:
    """Programs that are one deletion or one simplification away, the large ones first."""
    for index in range(len(program.tasks)):
        if len(program.tasks) > 1:
            yield _without(program, program.tasks[index][0])
    for length in (8, 4, 2, 1):
        for begin in range(0, len(program.steps), length):
            if length <= len(program.steps) - begin:
                yield replace(program, steps=program.steps[:begin] + program.steps[begin + length :])
    for index, (name, script) in enumerate(program.tasks):
        for smaller in _smaller(script):
            yield _cleaned(replace(program, tasks=(*program.tasks[:index], (name, smaller), *program.tasks[index + 1 :])))
    for index, step in enumerate(program.steps):
        if step.what == "turns":
            for number in {0, step.number // 2, step.number - 1} - {step.number, -1}:
                steps = (*program.steps[:index], replace(step, number=number), *program.steps[index + 1 :])
                yield replace(program, steps=steps)


def _without(program: Program, name: str) -> Program:
    tasks = tuple(each for each in program.tasks if each[0] != name)
    return _cleaned(replace(program, tasks=tasks, steps=tuple(step for step in program.steps if step.task != name)))


def _cleaned(program: Program) -> Program:
    """Without steps for gates that are gone."""
    numbers = {do.number for _, do in program.statements() if gate_of(do)}
    return replace(program, steps=tuple(step for step in program.steps if step.what != "open" or step.number in numbers))


def _smaller(script: tuple[Do, ...]) -> Iterator[tuple[Do, ...]]:
    for index, do in enumerate(script):
        before, after = script[:index], script[index + 1 :]
        yield (*before, *after)
        if do.body:
            yield (*before, *do.body, *after)
        for body in _smaller(do.body):
            yield (*before, replace(do, body=body), *after)
        words = do.how.split()
        for word in words:
            yield (*before, replace(do, how=" ".join(each for each in words if each != word)), *after)
        if do.count:
            count = do.count - 1
            if do.what != "stream":
                yield (*before, replace(do, count=count), *after)
            elif count:
                yield (*before, replace(do, count=count, take=count if do.take == do.count else min(do.take, count - 1)), *after)
