"""The matrix covers every pair, is what tox.ini has, and stays put."""

import json
from itertools import combinations
from pathlib import Path

import pytest

from interop.upgrade import tox
from interop.upgrade.covering import LINES, PYTHON, PYTHONS, Matrix, cover, forbidden, read, requirement, uncovered, write

ROOT = Path(__file__).parents[2]
FEWER = {"tornado": ("6.4", "6.5", "6.6"), "trio": ("0.26", "0.35"), "anyio": ("4.4", "4.16")}
NEVER = [{PYTHON: "3.10", "tornado": "6.6"}]


def test_the_matrix_that_is_checked_in_covers_every_pair_that_is_possible() -> None:
    matrix = read()
    assert {name: tuple(lines) for name, lines in matrix.lines.items()} == LINES
    assert uncovered(matrix) == []
    assert not any(forbidden(row, matrix.impossible) for row in matrix.rows)
    everything = {
        frozenset(pair)
        for one, other in combinations(matrix.factors, 2)
        for pair in (((one, a), (other, b)) for a in matrix.factors[one] for b in matrix.factors[other])
    }
    covered = {frozenset(pair) for row in matrix.rows for pair in combinations(row.items(), 2)}
    impossible = {frozenset(entry.items()) for entry in matrix.impossible}
    assert everything - covered == impossible


def test_the_matrix_has_as_few_rows_as_it_had() -> None:
    assert len(read().rows) <= 25, "4 x 4 values need 16 rows; covertable and its annealing found 24, and a pair came since"


def test_a_row_less_would_not_cover() -> None:
    matrix = read()
    for row in matrix.rows:
        assert uncovered(Matrix(matrix.lines, matrix.impossible, [other for other in matrix.rows if other is not row]))


@pytest.mark.skipif(not (ROOT / "tox.ini").exists(), reason="needs a checkout")
def test_tox_ini_is_what_the_matrix_says() -> None:
    text = (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert tox.rewritten(text, read()) == text, "interop matrix --write"


def test_a_pair_that_is_in_no_row_is_found() -> None:
    lines = {"tornado": ("6.4", "6.5")}
    rows = [{PYTHON: python, "tornado": "6.4"} for python in PYTHONS]
    assert [dict(pair) for pair in uncovered(Matrix(lines, [{PYTHON: "3.10", "tornado": "6.5"}], rows))] == [
        {PYTHON: python, "tornado": "6.5"} for python in PYTHONS[1:]
    ]


def test_rows_stay_put_when_nothing_changes_and_when_a_line_is_added() -> None:
    pytest.importorskip("covertable")
    first = cover(FEWER, NEVER, budget=100)
    assert not uncovered(first)
    assert cover(FEWER, NEVER, first.rows).rows == first.rows
    more = cover({**FEWER, "trio": (*FEWER["trio"], "0.36")}, NEVER, first.rows)
    assert not uncovered(more)
    kept = [row for row in first.rows if row in more.rows]
    assert list(more.rows[: len(kept)]) == kept
    assert len(kept) > len(first.rows) // 2, "a row goes only where others have all of its pairs"


def test_what_turns_out_to_be_impossible_goes_and_the_rest_stays() -> None:
    pytest.importorskip("covertable")
    first = cover(FEWER, NEVER, budget=100)
    never = [*NEVER, {"trio": "0.35", "anyio": "4.4"}]
    second = cover(FEWER, never, first.rows)
    assert not uncovered(second)
    assert not any(forbidden(row, never) for row in second.rows)
    kept = [row for row in first.rows if not forbidden(row, never)]
    assert [row for row in second.rows if row in kept] == [row for row in kept if row in second.rows]


def test_a_matrix_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    matrix = Matrix({"trio": ["0.26"]}, [], [{PYTHON: "3.12", "trio": "0.26"}])
    write(matrix, tmp_path / "matrix.json")
    assert read(tmp_path / "matrix.json") == matrix


def test_ci_gets_every_row_and_the_oldest_and_newest_of_everything() -> None:
    matrix = read()
    entries = json.loads(json.dumps(tox.github(matrix)))["include"]
    names = [entry["toxenv"] for entry in entries]
    assert len(set(names)) == len(names) == len(matrix.rows) + 2 * len(PYTHONS)
    assert {"py310-oldest", "py313-newest", *matrix.names()} <= set(names)
    assert all(entry["toxenv"].startswith("py" + entry["python"].replace(".", "")) for entry in entries)


@pytest.mark.parametrize(("name", "line", "spec"), [("gevent", "24", "gevent==24.*"), ("trio", "0.26", "trio==0.26.*")])
def test_a_line_is_a_requirement(name: str, line: str, spec: str) -> None:
    assert requirement(name, line) == spec
