"""A law that counts what is open looks again, for what ends by itself, and is not patient for ever with what stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any

import pytest

from interop.laws.resources import Count, settled


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
