"""The benchmark runs and shows every column; what it measures is not a test's business."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.crossing.__main__ import main
from benchmarks.crossing.crossings import ORDER, TOPOLOGIES, every
from benchmarks.crossing.table import CELLS, COLUMNS


def test_quick_run_of_two_crossings_prints_every_column(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data, table = tmp_path / "found.json", tmp_path / "table.md"
    arguments = ["--caller", "asyncio", "--callee", "asyncio", "--topology", "thread,loop", "--quick"]
    assert main([*arguments, "--json", str(data), "--markdown", str(table)]) == 0
    printed = capsys.readouterr().out
    for crossing in ("asyncio->asyncio/thread", "asyncio->asyncio/loop"):
        assert crossing in printed
    for column in COLUMNS:
        assert printed.count(column) >= 2
    measured = json.loads(data.read_text())["crossings"]
    for one in measured:
        ours = next(found for found in one["found"] if found["kind"] == "ours")
        assert [tuple(cell[:2]) for cell in ours["cost"]] == CELLS
    assert "| asyncio -> asyncio |" in table.read_text()
    assert main(["--load", str(data)]) == 0
    assert capsys.readouterr().out == printed


def test_every_ordered_pair_is_measured_over_threads() -> None:
    assert len(every(ORDER, ORDER, ["thread"])) == len(ORDER) ** 2


def test_each_pair_of_two_loops_can_share_a_thread_in_some_way() -> None:
    """Except where neither can be the other's guest: the greenlet hubs and the default reactor; uvloop."""
    alone = {"twisted", "gevent", "eventlet"}
    for caller in set(ORDER) - {"threads"}:
        for callee in set(ORDER) - {"threads"}:
            guests = {caller, callee} - alone - {"asyncio[uvloop]"}
            both_trio = {caller, callee} <= {"trio", "anyio[trio]"}
            if guests and not both_trio and "asyncio[uvloop]" not in (caller, callee):
                assert every([caller], [callee], TOPOLOGIES[1:]), (caller, callee)
