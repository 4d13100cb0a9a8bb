"""The table of crossings in docs/bridging.md is the one that is tested, and exactly what open_portal() accepts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from interop.bridges.crossing import NAMES, Crossing, every
from tests.adapters import ROOT

LETTERS = {"thread": "T", "loop": "L", "guest": "G", "hosted": "H"}


def table() -> str:
    """As Markdown."""
    cells = {(caller, callee): "" for caller in NAMES for callee in NAMES}
    for crossing in every():
        private = crossing.callee == "twisted[private]"
        cells[crossing.caller, "twisted" if private else crossing.callee] += "P" if private else LETTERS[crossing.topology]
    cells = {pair: "".join(sorted(letters, key="TPLGH".index)) for pair, letters in cells.items()}
    rows = [["", *NAMES], ["---"] * (len(NAMES) + 1)]
    rows += [[f"**{caller}**", *(cells[caller, callee] for callee in NAMES)] for caller in NAMES]
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)


def test_the_page_has_every_crossing() -> None:
    page = (ROOT / "docs" / "bridging.md").read_text(encoding="utf-8")
    assert table() in page, f"docs/bridging.md needs this table:\n{table()}"


def accepted(caller: str) -> list[Any]:
    """What becomes of every portal that a plain program of this framework asks for."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.adapters.accepted", caller]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("caller", NAMES)
def test_open_portal_accepts_what_the_table_has_and_refuses_everything_else(caller: str) -> None:
    if missing := [name for name in NAMES if Crossing(name, name, "thread").missing]:
        pytest.skip(f"not installed: {missing}")
    table = {(crossing.caller, crossing.callee, crossing.topology) for crossing in every()}
    # The page says so below the table: a reactor of its own, in a thread, is there for everybody.
    table |= {(name, "twisted[private]", "thread") for name in NAMES}
    found = accepted(caller)
    # A host and its guest are one arrangement; "hosted" is its way back, and cannot be asked for by name.
    wrong = [
        answer
        for *crossing, answer in found
        if answer
        != ("accepted" if tuple(crossing) in table and (crossing[2] != "hosted" or crossing[1] == caller) else "refused")
    ]
    assert wrong == []
    opened = {tuple(crossing) for *crossing, answer in found if answer == "accepted"}
    mine = {entry for entry in table if entry[1 if entry[2] == "hosted" else 0] == caller}
    assert opened == mine
