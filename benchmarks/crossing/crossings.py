"""Which crossings there are, and what a bridge says it is for. Nothing here imports a framework."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ASYNCIO = frozenset({"asyncio", "asyncio[uvloop]", "tornado", "anyio[asyncio]"})
TRIO = frozenset({"trio", "anyio[trio]"})
TWISTED = frozenset({"twisted", "twisted[asyncio]"})
GREENLETS = frozenset({"gevent", "eventlet"})
THREADS = frozenset({"threads"})
BLOCKING_FRAMEWORKS = GREENLETS | THREADS
ALL = ASYNCIO | TRIO | TWISTED | GREENLETS | THREADS
ORDER = [
    "asyncio", "asyncio[uvloop]", "tornado", "anyio[asyncio]", "trio", "anyio[trio]",
    "twisted", "twisted[asyncio]", "gevent", "eventlet", "threads",
]  # fmt: skip
PACKAGES = {"asyncio[uvloop]": "uvloop", "asyncio": "", "threads": ""}

# guest: the caller's loop hosts the callee's; hosted: the other way round.
TOPOLOGIES = ["thread", "loop", "guest", "hosted"]
SAME_THREAD = frozenset({"loop", "guest", "hosted"})
ON_ASYNCIO = ASYNCIO | {"twisted[asyncio]"}
HOSTS_ASYNCIO = GREENLETS | TRIO | {"twisted"}

OURS, LIBRARY, BY_HAND, FLOOR, ASIDE = "ours", "library", "by hand", "floor", "aside"


@dataclass(frozen=True)
class Crossing:
    """Who calls whom, and where their loops are."""

    caller: str
    callee: str
    topology: str

    def __str__(self) -> str:
        return f"{self.caller}->{self.callee}/{self.topology}"

    def exists(self) -> bool:
        """Whether this topology can be had for this pair (design.md, section 5)."""
        caller, callee = self.caller, self.callee
        if self.topology == "thread":
            return True
        if self.topology == "loop":
            return caller in ON_ASYNCIO and callee in ON_ASYNCIO and (callee != "asyncio[uvloop]" or caller == callee)
        host, guest = (caller, callee) if self.topology == "guest" else (callee, caller)
        if guest in TRIO:
            return host in ALL - TRIO - THREADS
        return guest in ON_ASYNCIO - {"asyncio[uvloop]"} and host in HOSTS_ASYNCIO


@dataclass(frozen=True)
class Contender:
    """One bridge on one crossing.

    Attributes:
        kind: ours, library, by hand or floor, which the bars speak of; aside: worth knowing, but not the same job.
        live: runs it: called in a fresh process with a Bench; returns when there are no more orders.
        needs: packages.
        only: the functions that it can run, "return" and "yield".
    """

    name: str
    kind: str
    live: Callable[[Any], None]
    callers: frozenset[str] = ALL
    callees: frozenset[str] = ALL
    topologies: frozenset[str] = frozenset(TOPOLOGIES)
    needs: tuple[str, ...] = ()
    flights: tuple[int, ...] = (1, 100, 1000)

    def fits(self, crossing: Crossing) -> bool:
        """Whether it is a way over this crossing."""
        return crossing.caller in self.callers and crossing.callee in self.callees and crossing.topology in self.topologies

    def missing(self) -> list[str]:
        """Packages that it needs and that are not installed."""
        return [package for package in self.needs if importlib.util.find_spec(package) is None]


def every(callers: list[str], callees: list[str], topologies: list[str]) -> list[Crossing]:
    """All crossings of these, in a fixed order."""
    found = [Crossing(caller, callee, topology) for topology in topologies for caller in callers for callee in callees]
    return [crossing for crossing in found if crossing.exists()]


def absent(name: str) -> str | None:
    """The package of a framework that is not installed."""
    base, _, flavour = name.rstrip("]").partition("[")
    needed = [PACKAGES.get(name, base), *({"trio": ["trio"], "uvloop": ["uvloop"]}.get(flavour, []))]
    return next((package for package in needed if package and importlib.util.find_spec(package) is None), None)
