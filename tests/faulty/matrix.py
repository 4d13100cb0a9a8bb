"""Every fault against every law, as the runner sees it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from interop.bridges.crossing import Crossing
from interop.harness.cell import Cell
from interop.harness.judging import judged
from interop.harness.runner import run
from interop.laws.law import catalogue
from interop.record import Finding
from tests.faulty.fault import Fault

CHAPTERS = (
    "values", "odd_values", "cancellation", "cancel_moments", "context", "at_home", "liveness", "peers", "resources", "growth",
    "endings", "sessions", "streams", "stream_ends", "stream_starts", "afterwards", "hybrids", "wrapped", "sequences",
    "fetching",
)  # fmt: skip
BAD = ("broken", "hung", "crashed")


@cache
def every() -> Mapping[str, type[Fault]]:
    """Every fault by its name, chapter by chapter."""
    return {
        name: kind
        for chapter in CHAPTERS
        for name, kind in vars(importlib.import_module(f"tests.faulty.{chapter}")).items()
        if isinstance(kind, type) and issubclass(kind, Fault) and kind.__module__.endswith(chapter) and kind.breaks
    }


def faults() -> Mapping[str, type[Fault]]:
    """Those that this Python can have."""
    return {name: kind for name, kind in every().items() if sys.version_info >= kind.since}


def made_for() -> Iterator[Finding]:
    """Of every fault, the law that it is made for alone."""
    yield from run(
        [Cell(f"{kind.__module__}:{name}", Crossing.parse(kind.on), (kind.breaks,)) for name, kind in faults().items()], jobs=2
    )


def findings(names: list[str] | None = None) -> Iterator[Finding]:
    """Of every fault, and of the good portals on the same crossings."""
    laws = tuple(catalogue())
    kinds = faults()
    cells = [
        Cell(f"{kind.__module__}:{name}", Crossing.parse(kind.on), laws)
        for name, kind in kinds.items()
        if names is None or name in names
    ]
    if names is None:
        good = "interop.bridges.portals:Portals"
        cells += [Cell(good, Crossing.parse(on), laws) for on in sorted({kind.on for kind in kinds.values()})]
    yield from judged(list(run(cells, jobs=2)))[0]


def verdicts(names: list[str] | None = None) -> tuple[dict[str, list[str]], list[Finding]]:
    """The laws that each fault breaks, and what is wrong with the good portals or with the kit."""
    order = list(catalogue())
    broken: dict[str, list[str]] = {name: [] for name in faults() if names is None or name in names}
    wrong = []
    for finding in findings(names):
        if finding.bridge == "portal" or finding.verdict in ("blocked", "kit-error"):
            if finding.verdict not in ("kept", "not-applicable") and not finding.departure:
                wrong.append(finding)
        elif finding.verdict in BAD:
            broken[finding.bridge].append(finding.check)
    return {name: sorted(found, key=order.index) for name, found in broken.items()}, wrong
