"""The laws see in other people's bridges what was seen by hand with the library alone, and a law that is kept beside it."""

from __future__ import annotations

import threading

import pytest

from interop.bridges import known
from interop.bridges.crossing import Crossing
from interop.harness.cell import Cell
from interop.harness.runner import check

pytestmark = pytest.mark.campaign
# What was seen by hand is told in docs/bridges.md; the first law of each row is kept.
SEEN = [
    ("trio-asyncio", "asyncio->trio/hosted", {"V1": "kept", "V8": "broken", "S2": "broken"}),
    ("trio-asyncio", "trio->asyncio/guest", {"C2": "kept", "S2": "broken", "S6": "kept", "M4": "broken", "V7": "hung"}),
    ("asyncio-run-in-thread", "asyncio->asyncio/thread", {"X1": "kept", "C3": "broken", "C5": "broken", "C11": "broken"}),
    ("anyio-from-thread", "threads->anyio[asyncio]/thread", {"R1": "not-applicable", "V1": "kept", "V7": "broken"}),
    ("anyio-from-thread", "asyncio->anyio[asyncio]/thread", {"C2": "kept", "C6": "kept", "C11": "kept", "C9": "broken"}),
    ("trio-threads", "trio->threads/thread", {"L3": "kept", "V2": "broken", "L4": "hung"}),
    ("twisted-threads", "twisted->threads/thread", {"V1": "kept", "X1": "broken"}),
    ("twisted-asfuture", "twisted[asyncio]->asyncio/loop", {"V1": "kept", "C1": "kept", "C27": "broken", "M2": "kept"}),
    ("crochet", "threads->twisted/thread", {"V1": "kept", "X1": "broken"}),
    ("asgiref", "asyncio->threads/thread", {"X1": "kept", "X2": "broken", "L2": "hung"}),
    ("asgiref-pool", "asyncio->threads/thread", {"L2": "kept", "X2": "broken"}),
    ("greenback", "asyncio->asyncio/loop", {"C2": "kept", "X5": "broken"}),
]


@pytest.mark.parametrize(("name", "crossing", "seen"), SEEN, ids=[f"{name}:{crossing}" for name, crossing, _ in SEEN])
def test_what_was_seen_by_hand_is_found(name: str, crossing: str, seen: dict[str, str]) -> None:
    cell = Cell(known()[name][0], Crossing.parse(crossing), tuple(seen))
    if cell.missing:
        pytest.skip(f"{cell.missing}; `tox -e campaign` has it")
    found = {finding.check: finding.verdict for finding in check(cell, threading.Event())}
    assert found == seen
