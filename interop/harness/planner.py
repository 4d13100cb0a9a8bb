"""Which cells a run has: crossings x bridges, filtered by what the user asked for."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from interop.bridges import known
from interop.errors import InteropError
from interop.harness.cell import Cell
from interop.laws.law import CHAPTERS, catalogue

T = TypeVar("T")


class NoSuchThing(InteropError):
    """A name that the user gave, and that nothing has."""

    def __init__(self, what: str, name: str, there: Iterable[str]) -> None:
        super().__init__(f"no {what} is called {name!r}; there are {', '.join(there)}")


def laws(asked: Sequence[str]) -> tuple[str, ...]:
    """The ids of the laws that are asked for by id or by chapter; all of them if none are.

    Raises:
        NoSuchThing: no law or chapter is called like that.
    """
    ids = tuple(catalogue())
    for name in asked:
        if name not in ids and name not in CHAPTERS:
            raise NoSuchThing("law or chapter", name, [*CHAPTERS, "the laws that `interop laws` lists"])
    return tuple(id for id in ids if not asked or id in asked or id[0] in asked)


def cells(
    *,
    callers: Sequence[str] = (),
    callees: Sequence[str] = (),
    topologies: Sequence[str] = (),
    crossings: Sequence[str] = (),
    bridges: Sequence[str] = (),
    laws: Sequence[str],
    seed: int | None = None,
    seeds: range = range(0),
    program: str = "",
) -> list[Cell]:
    """One cell for each crossing of each bridge that fits; empty filters let everything through.

    Args:
        bridges: names; without any, our own portals.
        laws: ids.
        seed: shuffles the laws of each cell, and the cells.
        seeds: of the programs that each law of chapter M runs, instead of its own few.
        program: the one that it runs instead.

    Raises:
        NoSuchThing: a name that nothing has.
    """
    there = known()
    for name in bridges:
        if name not in there:
            raise NoSuchThing("bridge", name, there)
    kinds = {name: there[name] for name in (bridges or ("portal",))}
    every = [(spec, crossing) for spec, kind in kinds.values() for crossing in kind.crossings]
    for what, asked, names in (
        ("caller", callers, {crossing.caller for _, crossing in every}),
        ("callee", callees, {crossing.callee for _, crossing in every}),
        ("topology", topologies, {crossing.topology for _, crossing in every}),
        ("crossing", crossings, {str(crossing) for _, crossing in every}),
    ):
        for name in asked:
            if name not in names:
                raise NoSuchThing(what, name, sorted(names) if what != "crossing" else ["those of `interop doctor`"])
    chosen = [
        (spec, crossing)
        for spec, crossing in every
        if (not callers or crossing.caller in callers)
        and (not callees or crossing.callee in callees)
        and (not topologies or crossing.topology in topologies)
        and (not crossings or str(crossing) in crossings)
    ]
    dice = random.Random(seed)
    found = []
    for spec, crossing in chosen:
        order = list(laws)
        if seed is not None:
            dice.shuffle(order)
        found.append(Cell(spec, crossing, tuple(order), seeds=seeds, program=program))
    if seed is not None:
        dice.shuffle(found)
    return found


def seeds(text: str) -> range:
    """The seeds that are asked for: "2000" for the first 2000, "67:70" for 67, 68 and 69.

    Raises:
        InteropError: it says no seeds.
    """
    match = re.fullmatch(r"(?:(\d+):)?(\d+)", text)
    found = range(int(match[1] or 0), int(match[2])) if match else range(0)
    if not found:
        raise InteropError(f"no seeds: {text!r}; write a number, or FROM:TO")
    return found


def shard(items: Sequence[T], part: str) -> list[T]:
    """The K-th of N parts, "K/N", of a list.

    Raises:
        InteropError: that is no part.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", part)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise InteropError(f"no part: {part!r}; write K/N with K from 1 to N")
    return list(items[int(match[1]) - 1 :: int(match[2])])
