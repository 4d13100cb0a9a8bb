"""docs/laws.md: all laws by chapter, then what cannot be tested. Write it with: python -m interop.laws.page > docs/laws.md"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.resources import files

from interop.laws.law import CHAPTERS, Law, catalogue
from interop.laws.untestable import UNTESTABLE

HEAD = """# The laws

Numbered sentences that a bridge between two frameworks has to keep, our own portals and everybody else's. `MUST`: whoever
breaks it surprises somebody badly; `SHOULD`: it is better kept. Each is checked on every crossing to which it applies; what it
needs of a side or of the bridge is in `interop/laws/needs.py`. Ids are permanent.

Every law is known to be able to fail: *broken by* names faulty bridges in `tests/faulty/` that break it, first the one that is
made for it. Which fault breaks which laws is pinned in `tests/faulty/kills.json`; a law that nothing breaks fails the build.

This page is generated: `python -m interop.laws.page > docs/laws.md`.
"""
TAIL = """
## Rules that cannot be tested

Each is true, or should be, and no law checks it, for the reason given.

| chapter | rule | why no law checks it |
| --- | --- | --- |
"""
FAULTS = 3  # shown of each law


def killers() -> dict[str, list[str]]:
    """The faulty bridges that break each law; first those that are made for it."""
    found: dict[str, list[str]] = json.loads(files("interop.laws").joinpath("kills.json").read_text(encoding="utf-8"))
    return found


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_chapters()) + TAIL + "".join(_rules())


def _chapters() -> Iterator[str]:
    broken_by, chapter = killers(), ""
    for law in catalogue().values():
        if law.chapter != chapter:
            chapter = law.chapter
            yield f"\n## {chapter}. {CHAPTERS[chapter].capitalize()}\n"
        yield _law(law, broken_by.get(law.id, []))


def _law(law: Law, broken_by: list[str]) -> str:
    more = f" and {len(broken_by) - FAULTS} more" if len(broken_by) > FAULTS else ""
    facts = [
        " ".join(law.look.split()),
        f"*Source:* {law.source}",
        "*Needs:* " + ", ".join(sorted(law.needs)) if law.needs else "",
        "*Broken by:* " + ", ".join(broken_by[:FAULTS]) + more,
    ]
    return f"\n### {law.id} {law.sentence}\n\n{law.strength}. " + "  \n".join(fact for fact in facts if fact) + "\n"


def _rules() -> Iterator[str]:
    for rule in UNTESTABLE:
        yield f"| {rule.chapter} | {rule.sentence} | {rule.reason} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
