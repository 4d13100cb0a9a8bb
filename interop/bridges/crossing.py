"""Crossing: caller, callee, topology; and every one that there is."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass

from interop.portal import FRAMEWORKS

TOPOLOGIES = ("thread", "loop", "guest", "hosted")
ALONE = "alone"  # of the control: one framework, and no bridge


@dataclass(frozen=True)
class Crossing:
    """Who calls, who is called, and how their loops are put side by side.

    In "guest" the caller's loop hosts the callee's; in "hosted" it is the other way round.
    """

    caller: str
    callee: str
    topology: str

    def __str__(self) -> str:
        return f"{self.caller}->{self.callee}/{self.topology}"

    @classmethod
    def parse(cls, text: str) -> Crossing:
        """From "trio->twisted/thread".

        Raises:
            ValueError: it is none.
        """
        match = re.fullmatch(r"(\S+)->([^/\s]+)/(\w+)", text)
        if match is None or match[3] not in (*TOPOLOGIES, ALONE):
            raise ValueError(f"no crossing: {text!r}; write caller->callee/topology")
        return cls(*match.groups())

    @property
    def missing(self) -> str | None:
        """What is not installed here, in words."""
        for name in (self.caller, self.callee):
            adapter, _, package = FRAMEWORKS[name]
            for needed in (package, adapter if package else ""):
                if needed and importlib.util.find_spec(needed) is None:
                    return f"{needed.capitalize()} is not installed"
        guest = {"guest": self.callee, "hosted": self.caller}.get(self.topology)
        if guest in ON_ASYNCIO and importlib.util.find_spec("greenlet") is None:
            return "greenlet is not installed: an asyncio loop is a guest in one"
        return None


NAMES = (
    "asyncio", "asyncio[uvloop]", "tornado", "twisted", "twisted[asyncio]", "gevent", "eventlet", "trio", "anyio[asyncio]",
    "anyio[trio]", "threads",
)  # fmt: skip
ON_ASYNCIO = ("asyncio", "asyncio[uvloop]", "tornado", "twisted[asyncio]", "anyio[asyncio]")
ON_TRIO = ("trio", "anyio[trio]")
PARKS_ASYNCIO = ("gevent", "eventlet", "twisted", *ON_TRIO)


def every() -> Iterator[Crossing]:
    """Every crossing that our portals have."""
    for caller in NAMES:
        for callee in NAMES:
            # The process has one default reactor: the other one has to be private.
            busy = callee == "twisted" and caller.startswith("twisted")
            yield Crossing(caller, "twisted[private]" if busy else callee, "thread")
    for caller in ON_ASYNCIO:
        for callee in ON_ASYNCIO:
            if callee != "asyncio[uvloop]" or caller == callee:
                yield Crossing(caller, callee, "loop")
    pairs = [(host, guest) for guest in ON_TRIO for host in NAMES if host not in (*ON_TRIO, "threads")]
    pairs += [(host, guest) for guest in ON_ASYNCIO for host in PARKS_ASYNCIO if guest != "asyncio[uvloop]"]
    for host, guest in pairs:
        if (host, guest) != ("twisted", "twisted[asyncio]"):  # Both would be the process's reactor.
            yield Crossing(host, guest, "guest")
            yield Crossing(guest, host, "hosted")


def some() -> Iterator[Crossing]:
    """Every framework on either side of every topology that it has, but not every pair."""
    seen: set[tuple[str, str, str]] = set()
    for crossing in sorted(every(), key=lambda crossing: [*NAMES, "twisted[private]"].index(crossing.callee) * 7 % 11):
        sides = {("caller", crossing.caller, crossing.topology), ("callee", crossing.callee, crossing.topology)}
        if sides - seen and (len(sides - seen) == 2 or crossing.topology != "thread"):
            seen |= sides
            yield crossing
