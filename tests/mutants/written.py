"""Mutants that a person has written, without sight of the laws: mistakes that a user would notice, with what they would see.

The operators change one expression at a time. These swap two lines, forget one case or skip one clean-up, as people do.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path

from tests.mutants.making import place_of
from tests.mutants.mutant import ROOT, Mutant, digest

HERE = Path(__file__).with_name("written.json")


def entries() -> list[Mapping[str, str]]:
    """As they are written: {"file", "before", "after", "why"}; `before` is in that file once."""
    found: list[Mapping[str, str]] = json.loads(HERE.read_text(encoding="utf-8"))
    return found


def every() -> Iterator[Mutant]:
    """The mutants of all files."""
    for entry in entries():
        source = (ROOT / entry["file"]).read_text(encoding="utf-8")
        if source.count(entry["before"]) != 1:
            raise LookupError(f"{entry['file']} has not once: {entry['before']}")
        begins = source.index(entry["before"])
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(entry["before"], entry["after"], strict=False)))
        line, changes = (source[:it].count("\n") + 1 for it in (begins, begins + same))
        place, whole = place_of(ast.parse(source), line), digest(source)
        before, after = (" ".join(entry[name].split()) for name in ("before", "after"))
        changed = source.replace(entry["before"], entry["after"])
        yield Mutant(entry["file"], place, "written", before, after, 0, changes, whole, changed)
