"""An error that somebody keeps, as a log or a debugger does, holds its frames; none of them holds a descriptor of ours open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interop.portal import FRAMEWORKS
from tests.adapters.sides import open_portal, run, side

PLACE = Path("/proc/self/fd")


def descriptors() -> list[str]:
    found = []
    for name in os.listdir(PLACE):
        try:
            found.append(os.readlink(PLACE / name))
        except OSError:  # The folder's own.
            continue
    return sorted(found)


@pytest.mark.skipif(not PLACE.exists(), reason="no /proc/self/fd to look into")
@pytest.mark.parametrize("callee_name", ["asyncio", "twisted[private]", "trio", "gevent", "threads"])
@pytest.mark.parametrize("caller_name", FRAMEWORKS)
def test_an_error_that_is_kept_holds_nothing_open(caller_name: str, callee_name: str) -> None:
    caller, callee = side(caller_name), side(callee_name)
    kept: list[BaseException] = []

    async def fails() -> None:
        await callee.turn()
        raise KeyError

    async def main() -> None:
        session = await open_portal(caller, callee_name)
        try:
            await caller.call(session, callee.native(fails))
        except KeyError as error:
            kept.append(error)
        await caller.close(session)

    run(caller, main)  # What a first run imports and keeps is not ours.
    kept.clear()
    before = descriptors()
    run(caller, main)
    assert len(kept) == 1
    assert descriptors() == before
