"""A law that counts what is open looks again, for what ends by itself, and is not patient for ever with what stays."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from interop.laws import threads
from interop.laws.resources import Count, settled
from interop.laws.threads import ROUNDS, can_tell


def seen(counts: Iterator[Count], before: Count) -> tuple[bool, Count]:
    """What settled() says of what look() sees, one after the other."""

    async def look() -> Count:
        return next(counts)

    async def turns(count: int) -> None:
        await asyncio.sleep(0)

    world: Any = SimpleNamespace(turns=turns)
    return asyncio.run(settled(world, look, before))


@pytest.mark.parametrize("times", [0, 1, 7])
def test_what_ends_by_itself_is_nothing_left(times: int) -> None:
    assert seen(chain(repeat((4, 14), times), repeat((4, 13))), (4, 13)) == (True, (4, 13))


def test_less_than_before_is_nothing_left() -> None:
    assert seen(repeat((3, 13)), (4, 13)) == (True, (3, 13))


@pytest.mark.parametrize("after", [(5, 13), (4, 14), (3, 14)])
def test_what_stays_is_left(after: Count) -> None:
    assert seen(repeat(after), (4, 13)) == (False, after)


@pytest.mark.skipif(not can_tell(), reason="this system does not say what a thread does")
@pytest.mark.parametrize("last", [ROUNDS + 3, None])
def test_a_thread_at_work_gets_more_time_but_not_for_ever(monkeypatch: pytest.MonkeyPatch, last: int | None) -> None:
    monkeypatch.setattr(threads, "ROUNDS_AT_MOST", ROUNDS + 6)
    looks, over = [0], threading.Event()

    def works() -> None:
        while not over.is_set() and (last is None or looks[0] < last):
            time.sleep(0.001)

    def counts() -> Iterator[Count]:
        while True:
            looks[0] += 1
            yield (5 if thread.is_alive() else 4, 13)

    thread = threading.Thread(target=works)
    thread.start()
    try:
        assert seen(counts(), (4, 13)) == (last is not None, (5 if last is None else 4, 13))
    finally:
        over.set()
        thread.join()
    assert looks[0] <= ROUNDS + 6
