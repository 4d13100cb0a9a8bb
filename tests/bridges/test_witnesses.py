"""A witness for each cause of a red cell in docs/bridges.md: a short program with the library alone that shows the same.

A witness ends with exit code 1 when it shows its defect. Where one ends with 0, the library has changed: run its bridge again.
"""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).with_name("witnesses")
WITNESSES = sorted(HERE.glob("*.py"))
MOST = 30  # lines
# A program that fails by itself ends with 1, as one that shows something: this one ends with 9.
RUN = """
import os, runpy, sys, traceback
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except SystemExit:
    raise
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(9)
"""
# What a later Python does not show any more.
UNTIL = {
    "stop_iteration_in_a_thread_hangs": (3, 13),
    "a_false_error_is_lost_by_a_concurrent_future": (3, 13, 4),
    "a_false_error_is_lost_in_anyio_portals": (3, 13, 4),
}
SINCE = {"trio_asyncio_rebuilds_a_group": (3, 11)}


def imported(witness: Path) -> set[str]:
    """The first part of each module's name that it imports."""
    nodes = list(ast.walk(ast.parse(witness.read_text(encoding="utf-8"))))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    whole = plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in whole}


@pytest.mark.campaign
@pytest.mark.parametrize("witness", WITNESSES, ids=lambda witness: witness.stem)
def test_a_witness_shows_its_defect(witness: Path) -> None:
    for package in imported(witness):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed; `tox -e campaign` has it")
    if sys.version_info < SINCE.get(witness.stem, (3, 10)):
        pytest.skip("it needs a later Python")
    command = [sys.executable, "-c", RUN, str(witness)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    shows = sys.version_info < UNTIL.get(witness.stem, (4,))
    assert (ended.returncode, bool(ended.stdout)) == (int(shows), True), ended.stderr


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda witness: witness.stem)
def test_a_witness_is_short_and_does_not_know_this_kit(witness: Path) -> None:
    assert len(witness.read_text(encoding="utf-8").splitlines()) <= MOST
    assert imported(witness).isdisjoint({"interop", "tests"})
