"""Which portals one framework opens: python -m tests.adapters.accepted CALLER prints them as JSON.

Every callee and topology is tried, in a program that is started as a user of the caller's framework starts it. "hosted" is
the way back from a guest to its host, so that is asked from the guest, and it stands under the host's name.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from interop.bridges.crossing import NAMES
from interop.errors import CannotStart, NoSuchTopology
from interop.harness import drivers
from interop.harness.drivers.driver import Driver
from tests.adapters.natively import start
from tests.adapters.sides import open_portal

CALLEES = (*NAMES, "twisted[private]")


async def tried(caller: Driver, callee: Any, topology: str) -> str:
    """What becomes of a portal: "accepted", "refused", "cannot start", or what went wrong."""
    name = callee if isinstance(callee, str) else callee.name
    try:
        portal = await open_portal(caller, callee, topology)
    except NoSuchTopology:
        return "refused"
    except CannotStart:
        return "cannot start"
    except BaseException as error:
        return f"{name}/{topology}: {type(error).__name__}: {error}"
    try:
        answers = [await caller.call(portal, int, str(number)) for number in range(2)]
    except BaseException as error:
        return f"{name}/{topology}: opened, and then {type(error).__name__}: {error}"
    finally:
        await caller.close(portal)
    return "accepted" if answers == [0, 1] else f"{name}/{topology}: gave {answers}"


async def back(caller: Driver, guest_name: str) -> str:
    """What becomes of a portal from a guest back to its host."""
    guest, host = drivers.find(guest_name), caller.adapter.current()

    async def from_guest() -> list[str]:
        return [await tried(guest, host, topology) for topology in ("guest", "loop", "thread")]

    portal = await open_portal(caller, guest_name, "guest")
    try:
        answers: list[str] = await caller.call(portal, guest.native(from_guest))
    finally:
        await caller.close(portal)
    return "accepted" if answers == ["accepted", "refused", "refused"] else f"{guest_name}/hosted: {answers}"


async def every(caller: Driver) -> list[tuple[str, str, str, str]]:
    """Caller, callee, topology and what became of it."""
    found = []
    for callee in CALLEES:
        for topology in ("thread", "loop", "guest", "hosted", "alone"):
            found.append((caller.name, callee, topology, await tried(caller, callee, topology)))
        if found[-3][3] == "accepted":
            found.append((callee, caller.name, "hosted", await back(caller, callee)))
    return found


def main(name: str) -> None:
    """Print them."""
    found: list[Any] = []

    async def program() -> None:
        found.extend(await every(drivers.find(name)))

    start(name, program)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
