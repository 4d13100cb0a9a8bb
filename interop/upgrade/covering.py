"""Every pair of (Python, release line) values at least once, in as few environments as can be; the rows stay put between calls.

What goes together is asked of uv, for each Python and each pair of lines: only what has wheels counts, so that no environment of
the matrix has to compile anything. The rows are in matrix.json beside this file, and tox.ini is written from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from interop.errors import InteropError
from interop.upgrade import uv
from interop.upgrade.pythons import find

PLACE = Path(__file__).with_name("matrix.json")
PYTHON = "py"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
# The oldest line that the kit supports, the newest, and two between at which much changed. "24" is 24.*, "6.4" is 6.4.*.
LINES: Mapping[str, Sequence[str]] = {
    "tornado": ("6.3", "6.4", "6.5", "6.6"),
    "twisted": ("23.10", "24.3", "24.10", "26.10"),
    "gevent": ("23", "24", "25", "26"),
    "trio": ("0.23", "0.26", "0.30", "0.35"),
    "anyio": ("4.1", "4.4", "4.8", "4.16"),
    "eventlet": ("0.36", "0.38", "0.40", "0.41"),
    "uvloop": ("0.19", "0.21", "0.22", "0.23"),
}
# What the index lets be installed and cannot run: before Twisted 24.3, twisted.web imports cgi, which Python 3.13 has not; and
# before 0.25, Trio cannot be imported there: it knows each attribute of pathlib's classes.
CANNOT_RUN: Sequence[Mapping[str, str]] = (
    {PYTHON: "3.13", "twisted": "23.10"},
    {PYTHON: "3.13", "trio": "0.23"},
)
EXTRAS = {"anyio": "anyio[trio]"}  # Which releases of Trio go with one of anyio is what this extra says.
SALTS, BUDGET = 6, 20_000  # arrays that are made from nothing, milliseconds for making each smaller; the smallest is kept
Row = Mapping[str, str]  # factor name -> value: {"py": "3.12", "tornado": "6.4"}
Pair = tuple[tuple[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Matrix:
    """The lines, the rows that cover them, and what does not go together: single lines on a Python, and pairs of lines."""

    lines: Mapping[str, Sequence[str]]
    impossible: Sequence[Row]
    rows: Sequence[Row]

    @property
    def factors(self) -> dict[str, list[str]]:
        """Python and the packages, with their values."""
        return {PYTHON: list(PYTHONS), **{name: list(lines) for name, lines in self.lines.items()}}

    def names(self) -> list[str]:
        """The rows as tox environments."""
        return [environment_name(row) for row in self.rows]


def read(place: Path = PLACE) -> Matrix:
    """The matrix that is checked in."""
    try:
        document = json.loads(place.read_text(encoding="utf-8"))
        return Matrix(document["lines"], document["impossible"], document["rows"])
    except (OSError, ValueError, KeyError) as error:
        raise InteropError(f"{str(place)!r} is no matrix: {error}; interop matrix --write makes it") from error


def write(matrix: Matrix, place: Path = PLACE) -> None:
    """A row a line, so that a change of one shows as that."""

    def rows(entries: Iterable[Row]) -> str:
        return ",\n".join(f"  {json.dumps(dict(entry))}" for entry in entries)

    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(list(values))}" for name, values in matrix.lines.items())
    parts = (
        f' "lines": {{\n{lines}\n }}',
        f' "impossible": [\n{rows(matrix.impossible)}\n ]',
        f' "rows": [\n{rows(matrix.rows)}\n ]',
    )
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    place.write_text(text, encoding="utf-8")


def factor(name: str, value: str) -> str:
    """The factor of a tox environment: py312, tornado64, gevent24, trio026."""
    return name + value.replace(".", "")


def environment_name(row: Row) -> str:
    """The tox environment of a row."""
    return "-".join(factor(name, value) for name, value in row.items())


def requirement(name: str, line: str) -> str:
    """What a factor installs."""
    return f"{EXTRAS.get(name, name)}=={line}.*"


def uncovered(matrix: Matrix) -> list[Pair]:
    """The pairs that are in no row and could be: none, or the matrix does not cover."""
    covered = {pair for row in matrix.rows for pair in pairs(row)}
    wanted = [
        ((one, a), (other, b))
        for one, other in combinations(matrix.factors, 2)
        for a in matrix.factors[one]
        for b in matrix.factors[other]
    ]
    return [pair for pair in wanted if pair not in covered and not forbidden(dict(pair), matrix.impossible)]


def pairs(row: Row) -> list[Pair]:
    """Every pair of values in a row, in the order of the factors."""
    return list(combinations(row.items(), 2))


def forbidden(row: Row, impossible: Iterable[Row]) -> bool:
    """Whether the row has something in it that does not go together."""
    return any(entry.items() <= row.items() for entry in impossible)


def cover(
    lines: Mapping[str, Sequence[str]], impossible: Sequence[Row], previous: Sequence[Row] = (), *, budget: int = BUDGET
) -> Matrix:
    """Rows that cover every pair that is possible; those of before stay as long as their values are there and go together.

    Args:
        budget: milliseconds for making an array smaller that is made from nothing.

    Raises:
        InteropError: covertable is not installed.
    """
    try:
        from covertable import sorters
        from covertable.main import Controller
    except ImportError as error:
        raise InteropError("covering needs covertable; install it with: pip install 'async-interop[upgrade]'") from error
    matrix = Matrix(lines, impossible, ())
    factors = matrix.factors
    kept = [
        row
        for row in previous
        if row.keys() == factors.keys() and all(row[name] in factors[name] for name in row) and not forbidden(row, impossible)
    ]

    def controller(salt: int) -> Any:
        constraints = [_never(entry) for entry in impossible]
        return Controller(factors, sorter=sorters.hash, salt=str(salt), presets=kept, constraints=constraints)

    if kept:
        rows = controller(0).make()
    else:
        found = [(made := controller(salt), made.make()) for salt in range(SALTS)]
        rows = min((made.optimize(rows, {"budget_ms": budget}) for made, rows in found), key=len)
    named = [{name: row[name] for name in factors} for row in rows]
    return Matrix(lines, impossible, _without_superfluous(named, matrix))


def _never(entry: Row) -> dict[str, Any]:
    same = [{"operator": "eq", "left": name, "value": value} for name, value in entry.items()]
    return {"operator": "not", "condition": {"operator": "and", "conditions": same}}


def _without_superfluous(rows: Sequence[Row], matrix: Matrix) -> list[Row]:
    """Drop the last rows first whose pairs are all in other rows."""
    left = list(rows)
    for row in reversed(rows):
        rest = [other for other in left if other is not row]
        if not uncovered(Matrix(matrix.lines, matrix.impossible, rest)):
            left = rest
    return left


def measure(lines: Mapping[str, Sequence[str]], say: Callable[[int, int], None] = lambda done, total: None) -> list[Row]:
    """Ask uv what does not go together: each line on each Python, then each pair of lines on the newest Python that has both."""
    singles = [{PYTHON: python, name: line} for python in PYTHONS for name in lines for line in lines[name]]
    singles = [row for row in singles if row not in CANNOT_RUN]
    with ThreadPoolExecutor(4) as pool:
        impossible: list[Row] = list(CANNOT_RUN)
        row: Row
        for done, (row, fits) in enumerate(zip(singles, pool.map(_fits, singles), strict=True), 1):
            say(done, len(singles))
            impossible += [] if fits else [row]
        candidates = list(_pairs_of_lines(lines, impossible))
        for done, (row, fits) in enumerate(zip(candidates, pool.map(_fits, candidates), strict=True), 1):
            say(done, len(candidates))
            impossible += [] if fits else [{name: value for name, value in row.items() if name != PYTHON}]
        never = [
            pair for pair in _all_pairs_of_lines(lines) if not any(_possible(pair, python, impossible) for python in PYTHONS)
        ]
    return impossible + [pair for pair in never if not forbidden(pair, impossible)]


def _pairs_of_lines(lines: Mapping[str, Sequence[str]], impossible: Sequence[Row]) -> Iterator[Row]:
    for pair in _all_pairs_of_lines(lines):
        python = next((python for python in reversed(PYTHONS) if _possible(pair, python, impossible)), None)
        if python:
            yield {PYTHON: python, **pair}


def _all_pairs_of_lines(lines: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    for one, other in combinations(lines, 2):
        yield from ({one: a, other: b} for a in lines[one] for b in lines[other])


def _possible(pair: Row, python: str, impossible: Sequence[Row]) -> bool:
    return not forbidden({PYTHON: python, **pair}, impossible)


def _fits(row: Row) -> bool:
    specs = [requirement(name, value) for name, value in row.items() if name != PYTHON]
    options = ["--quiet", "--no-build", "--python", find(row[PYTHON]).path]
    try:
        uv.run("pip", "compile", *options, "-", what="these do not go together", specs=specs)
    except uv.UvFailed:
        return False
    return True
