"""In which order a report names things: frameworks and chapters as the design does, ids as they are counted."""

from __future__ import annotations

import re
from collections.abc import Iterable

CHAPTERS = "VCXLRSHMFP"
FRAMEWORKS = ("asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio", "threads", "nothing")
TOPOLOGIES = ("alone", "loop", "guest", "hosted", "thread")


def in_order(names: Iterable[str]) -> list[str]:
    """Each name once; ids by chapter and number, frameworks and crossings by framework, everything else as it came."""
    found = list(dict.fromkeys(names))
    came = {name: place for place, name in enumerate(found)}
    return sorted(found, key=lambda name: (_place(name), came[name]))


def _place(name: str) -> tuple[tuple[int, int, str], ...]:
    if law := re.fullmatch(r"([A-Z])([0-9]{0,9})", name):
        chapter = CHAPTERS.find(law[1])
        return ((0, chapter if chapter >= 0 else len(CHAPTERS), f"{int(law[2] or 0):09}"),)
    if name in TOPOLOGIES:
        return ((1, TOPOLOGIES.index(name), ""),)
    caller, arrow, rest = name.partition("->")
    callee, _, topology = rest.partition("/")
    return tuple(_framework(part) for part in ((caller, callee, topology) if arrow else (caller,)))


def _framework(name: str) -> tuple[int, int, str]:
    for place, known in enumerate((*FRAMEWORKS, *TOPOLOGIES)):
        if name == known or name.startswith(f"{known}["):
            return 2, place, name
    return 3, 0, ""
