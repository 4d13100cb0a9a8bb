"""What was found, for eyes: every figure on the terminal, one row a crossing in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.crossing.bars import CLOSE, NONE, OUTSIDE, WITHIN, judge
from benchmarks.crossing.crossings import BY_HAND, FLOOR, LIBRARY, Crossing
from benchmarks.crossing.measure import FLIGHTS, FUNCTIONS, Cell, Found, fastest, ours

CELLS: list[Cell] = [(function, flight) for flight in FLIGHTS for function in FUNCTIONS]
MARKS = {WITHIN: "✓", CLOSE: "≈", OUTSIDE: "✗", NONE: "-"}
COLUMNS = ["calls", "min", "median", "max", "by hand", "library", "floor", "bar", "fastest library bridge; worst bar"]
Results = list[tuple[Crossing, list[Found]]]


def _against(me: Found, other: Found | None, cell: Cell) -> str:
    if other is None or cell not in me.cost:
        return "-"
    return f"{median(me.ratio(other, cell)):.2f}x"


def terminal(crossing: Crossing, found: list[Found]) -> Iterator[str]:
    """Lines: our figures in CPU microseconds a call and as ratios, then every contender's medians, then who could not run."""
    me = ours(found)
    yield f"{crossing}"
    yield f"  {COLUMNS[0]:<12}" + "".join(f"{name:>9}" for name in COLUMNS[1:7]) + f"  {COLUMNS[7]:<8} {COLUMNS[8]}"
    for cell in CELLS:
        cost = me.cost.get(cell)
        figures = [f"{value:.1f}" for value in (min(cost), median(cost), max(cost))] if cost else ["-"] * 3
        rivals = [fastest(found, kind, cell) for kind in (BY_HAND, LIBRARY, FLOOR)]
        figures += [_against(me, rival, cell) for rival in rivals]
        verdict, text = judge(crossing, found, cell)
        library = rivals[1].name if rivals[1] else "no library bridge"
        yield f"  {cell[0]:<7}{cell[1]:>5}" + "".join(f"{figure:>9}" for figure in figures) + f"  {verdict:<8} {library}; {text}"
    for one in found:
        if one.cost:
            medians = "".join(f"{median(one.cost[cell]):9.1f}" if cell in one.cost else "        -" for cell in CELLS)
            yield f"    {one.kind:<8} {one.name:<48}{medians}"
        for where, reason in one.failed.items():
            at = "" if where is None else f" at {where[0]} {where[1]}"
            yield f"    {one.kind:<8} {one.name}: none{at}: {reason}"
    yield ""


def markdown(results: Results) -> Iterator[str]:
    """A table a topology, one row a crossing."""
    yield from _summary(results)
    for topology in dict.fromkeys(crossing.topology for crossing, _ in results):
        yield f"### {topology}"
        yield ""
        yield "| crossing | " + " | ".join(f"{function} {flight}" for function, flight in CELLS) + " | fastest library bridge |"
        yield "|---" * (len(CELLS) + 2) + "|"
        for crossing, found in results:
            if crossing.topology == topology:
                yield f"| {crossing.caller} -> {crossing.callee} | " + " | ".join(_row(crossing, found)) + " |"
        yield ""
    yield from _absent(results)


def _row(crossing: Crossing, found: list[Found]) -> Iterator[str]:
    me = ours(found)
    for cell in CELLS:
        verdict, text = judge(crossing, found, cell)
        if cell not in me.cost:
            yield f"{MARKS[verdict]} {text}".replace("|", "/")
            continue
        ratios = [
            f"{letter}{_against(me, rival, cell)[:-1]}"
            for letter, kind in (("h", BY_HAND), ("l", LIBRARY), ("f", FLOOR))
            if (rival := fastest(found, kind, cell))
        ]
        yield f"{MARKS[verdict]} {median(me.cost[cell]):.0f} {' '.join(ratios)}"
    library = fastest(found, LIBRARY, CELLS[0])
    yield library.name if library else "none"


def _summary(results: Results) -> Iterator[str]:
    yield "| topology | calls | within | near | outside | no bar |"
    yield "|---|---|---|---|---|---|"
    counts: dict[tuple[str, str], Counter[str]] = {}
    for crossing, found in results:
        for cell in CELLS:
            counts.setdefault((crossing.topology, f"{cell[0]} {cell[1]}"), Counter())[judge(crossing, found, cell)[0]] += 1
    for (topology, calls), count in counts.items():
        yield f"| {topology} | {calls} | " + " | ".join(str(count[verdict]) for verdict in (WITHIN, CLOSE, OUTSIDE, NONE)) + " |"
    yield ""


def _absent(results: Results) -> Iterator[str]:
    """Who could not run, once a reason."""
    where: dict[tuple[str, str], list[str]] = {}
    for crossing, found in results:
        for one in found:
            for cell, reason in one.failed.items():
                at = f"{crossing}" + (f" ({cell[0]} {cell[1]})" if cell else "")
                where.setdefault((one.name, reason), []).append(at)
    for (name, reason), places in where.items():
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        yield f"- {name}: {reason} ({', '.join(places[:3])}{more})"


def as_data(crossing: Crossing, found: list[Found]) -> dict[str, Any]:
    """For a JSON file."""
    return {
        "caller": crossing.caller, "callee": crossing.callee, "topology": crossing.topology,
        "found": [
            {
                "name": one.name, "kind": one.kind,
                "cost": [[*cell, cost] for cell, cost in one.cost.items()],
                "failed": [[cell, reason] for cell, reason in one.failed.items()],
            }
            for one in found
        ],
    }  # fmt: skip


def from_data(data: dict[str, Any]) -> tuple[Crossing, list[Found]]:
    """Back from a JSON file."""
    return Crossing(data["caller"], data["callee"], data["topology"]), [
        Found(
            one["name"], one["kind"],
            {(function, flight): cost for function, flight, cost in one["cost"]},
            {tuple(cell) if cell else None: reason for cell, reason in one["failed"]},
        )
        for one in data["found"]
    ]  # fmt: skip
