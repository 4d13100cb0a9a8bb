"""All promises of one crossing, in a process of its own: python -m tests.adapters.worker trio twisted thread.

Writes one JSON line a promise to the file descriptor given, as it ends.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import sys
import traceback
from typing import Any

from tests.adapters.drivers import driver
from tests.adapters.promises import PROMISES, NotApplicable, World, applies

DEADLINE = 30.0


def main(caller: str, callee: str, topology: str, *only: str) -> None:
    """Run the promises in the caller's loop, one after the other; one that hangs ends the process with all stacks."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What is printed by accident must not end up among the findings.

    def tell(**finding: Any) -> None:
        out.write(json.dumps(finding) + "\n")
        out.flush()

    sides = driver(caller), driver(callee)
    # Debug mode says which callbacks are slow; on a busy machine that is all of them.
    logging.getLogger("asyncio").setLevel(logging.ERROR)

    host: Any = None

    async def program() -> None:
        for name, (law, promise, needs) in PROMISES.items():
            if only and name not in only and law not in only:
                continue
            world = World(*sides, topology, opens="opens" not in needs, host=host)
            tell(begin=name)
            faulthandler.dump_traceback_later(DEADLINE, exit=True)
            reason = applies(world, needs)
            try:
                if reason:
                    raise NotApplicable(reason)
                async with world:
                    await promise(world)
            except NotApplicable as error:
                tell(promise=name, law=law, verdict="not-applicable", text=str(error))
            except BaseException as error:
                text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
                tell(promise=name, law=law, verdict="broken", text=text)
            else:
                tell(promise=name, law=law, verdict="kept")
            faulthandler.cancel_dump_traceback_later()

    async def hosting() -> None:
        """The callee hosts the caller's loop as its guest, and the promises run in that."""
        nonlocal host
        host = sides[1].current()
        portal = await sides[1].open(caller, "guest")
        await sides[1].call(portal, sides[0].native(program))
        await sides[1].close(portal)

    faulthandler.dump_traceback_later(DEADLINE * 2, exit=True)
    if topology == "hosted":
        topology = "guest"
        sides[1].run(hosting)
    else:
        sides[0].run(program)
    faulthandler.cancel_dump_traceback_later()
    tell(end=True)
    out.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
