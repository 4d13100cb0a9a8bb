"""What a crossing may cost: design.md, section 10, and the targets of performance-facts.md where that is more precise.

thread          <= 1.0x by hand; a lone call also <= 0.6x the fastest library bridge
  gevent calls  <= 1.25x by hand from 100 calls in flight
  Trio          <= 1.1x by hand (performance-facts 5); a lone call also <= 0.4x anyio's portal where that is a way
same thread     the fastest specialised bridge, a library's or by hand: <= 0.7x if the callee returns at once, else <= 1.15x
  Trio called   <= 1.1x if it returns at once: it can run only in a tick of Trio's own (performance-facts 1)
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from benchmarks.crossing.crossings import BY_HAND, LIBRARY, TRIO, Crossing
from benchmarks.crossing.measure import Cell, Found, fastest, ours

NEAR = 1.1  # Up to this much over a bar is within what the measuring cannot tell.
WITHIN, CLOSE, OUTSIDE, NONE = "within", "near", "outside", "no bar"


@dataclass(frozen=True)
class Bar:
    """At most this multiple of the fastest contender of these kinds, whose name has this in it."""

    limit: float
    kinds: tuple[str, ...]
    named: str = ""

    def __str__(self) -> str:
        return f"{self.limit:g}x {self.named or '/'.join(self.kinds)}"

    def rival(self, found: list[Found], cell: Cell) -> Found | None:
        """Who it is measured against here."""
        able = [one for one in found if self.named in one.name]
        rivals = [rival for kind in self.kinds if (rival := fastest(able, kind, cell))]
        return min(rivals, key=lambda one: median(one.cost[cell]), default=None)


def bars(crossing: Crossing, cell: Cell) -> list[Bar]:
    """The bars of one cell; one without a rival here does not count."""
    function, flight = cell
    trio = crossing.caller in TRIO or crossing.callee in TRIO
    if crossing.topology != "thread":
        if function == "yield":
            return [Bar(1.15, (LIBRARY, BY_HAND))]
        return [Bar(1.1 if crossing.callee in TRIO else 0.7, (LIBRARY, BY_HAND))]
    by_hand = 1.25 if crossing.caller == "gevent" and flight > 1 else 1.1 if trio else 1.0
    found = [Bar(by_hand, (BY_HAND,))]
    if flight == 1:
        portal = trio and crossing.callee != "threads"
        found.append(Bar(0.4, (LIBRARY,), "anyio portal") if portal else Bar(0.6, (LIBRARY,)))
    return found


def judge(crossing: Crossing, found: list[Found], cell: Cell) -> tuple[str, str]:
    """The verdict on our own bridge in this cell, and what it says of the bar that is furthest from being met."""
    me = ours(found)
    if cell not in me.cost:
        return OUTSIDE, me.failed.get(cell) or me.failed.get(None) or "not measured"
    worst: tuple[float, str] | None = None
    for bar in bars(crossing, cell):
        rival = bar.rival(found, cell)
        if rival is not None:
            ratio = median(me.ratio(rival, cell))
            text = f"{ratio:.2f}x {rival.name}, bar {bar.limit:g}"
            worst = max(worst or (0.0, ""), (ratio / bar.limit, text))
    if worst is None:
        return NONE, "nothing to compare with"
    over, text = worst
    return WITHIN if over <= 1 else CLOSE if over <= NEAR else OUTSIDE, text
