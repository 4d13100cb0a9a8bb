"""The table of crossings in docs/bridging.md is the one that is tested."""

from __future__ import annotations

from interop.bridges.crossing import NAMES, every
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
