"""The matrix as tox environments: the part of tox.ini between two marks is written from matrix.json, and so is CI's JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interop.errors import InteropError
from interop.upgrade.covering import PYTHONS, Matrix, environment_name, factor, requirement

BEGIN, END = "# >>> written by `interop matrix --write`", "# <<< written by `interop matrix --write`"
ENDS = ("oldest", "newest")


def section(matrix: Matrix) -> str:
    """What stands between the marks: a factor a release line, and a section for each environment."""
    pythons = "py3{" + ",".join(python.partition(".")[2] for python in PYTHONS) + "}"
    lines = [
        BEGIN,
        "# A release line: `tox -e py312-tornado64`. What wheels there are decides which of them can be on which Python.",
        "[lines]",
        "deps =",
        *(f"    {factor(name, line)}: {requirement(name, line)}" for name, values in matrix.lines.items() for line in values),
        "",
        *(line for name, values in matrix.lines.items() for line in _lines_of(pythons, name, values)),
        f"# Every pair of (Python, release line) is in one of these {len(matrix.rows)}: `tox -m pairwise`.",
        *(line for row in matrix.rows for line in _row(row)),
        END,
    ]
    return "\n".join(lines) + "\n"


def _lines_of(pythons: str, name: str, values: Sequence[str]) -> Sequence[str]:
    factors = ",".join(factor(name, line) for line in values)
    return f"[testenv:{pythons}-{{{factors}}}]", "base = release, testenv", ""


def _row(row: Mapping[str, str]) -> Sequence[str]:
    return f"[testenv:{environment_name(row)}]", "base = release, testenv", "labels = pairwise", ""


def rewritten(text: str, matrix: Matrix) -> str:
    """tox.ini with its part written anew.

    Raises:
        InteropError: the marks are not there.
    """
    pattern = re.compile(f"^{re.escape(BEGIN)}$.*?^{re.escape(END)}\n", re.MULTILINE | re.DOTALL)
    if not pattern.search(text):
        raise InteropError(f"tox.ini has no part between {BEGIN!r} and {END!r}")
    return pattern.sub(lambda _: section(matrix), text, count=1)


def file() -> Path:
    """The project's tox.ini; raises InteropError where the kit is installed and not checked out."""
    path = Path(__file__).parents[2] / "tox.ini"
    if not path.exists():
        raise InteropError("the matrix is written in a checkout of the project, beside its tox.ini")
    return path


def github(matrix: Matrix) -> dict[str, Any]:
    """The rows, and the oldest and newest of everything, as the matrix of a GitHub workflow."""
    ends = [{"py": python, "end": end} for python in PYTHONS for end in ENDS]
    entries = [{"toxenv": environment_name(row), "python": row["py"], "label": "pairwise"} for row in matrix.rows]
    entries += [{"toxenv": f"{factor('py', end['py'])}-{end['end']}", "python": end["py"], "label": end["end"]} for end in ends]
    return {"include": [{"name": entry["toxenv"], "os": "ubuntu-latest", **entry} for entry in entries]}
