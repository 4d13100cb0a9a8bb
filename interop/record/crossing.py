"""What a finding's subject says: a crossing, "trio->twisted/thread", or a framework, "twisted[asyncio]"."""

from __future__ import annotations

from typing import NamedTuple


class Crossing(NamedTuple):
    """Caller, callee, topology."""

    caller: str
    callee: str
    topology: str


def crossing(subject: str) -> Crossing | None:
    """The crossing that the subject names, or None where it names one framework."""
    caller, arrow, rest = subject.partition("->")
    callee, _, topology = rest.rpartition("/")
    return Crossing(caller, callee or topology, topology if callee else "") if arrow else None
