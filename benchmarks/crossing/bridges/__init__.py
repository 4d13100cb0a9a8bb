"""The contenders. Each module imports its frameworks only where a contender of its own is run."""

from __future__ import annotations

from benchmarks.crossing.bridges import by_hand, by_hand_shared, floors, greenlets, one_loop, ours, over_threads, with_trio
from benchmarks.crossing.crossings import Contender, Crossing

MODULES = (ours, by_hand, by_hand_shared, over_threads, one_loop, with_trio, greenlets, floors)


def contenders(crossing: Crossing) -> list[Contender]:
    """All ways over a crossing that this benchmark knows, ours first."""
    return [contender for module in MODULES for contender in module.CONTENDERS if contender.fits(crossing)]
