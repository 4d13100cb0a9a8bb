"""Our portals, opened as any user would."""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.crossing import callers
from benchmarks.crossing.crossings import BLOCKING_FRAMEWORKS, OURS, TWISTED, Contender
from benchmarks.crossing.worker import Bench


def adapter(name: str) -> Any:
    """The adapter of a framework."""
    return importlib.import_module(f"interop.adapters.{name.partition('[')[0]}")


def _open(bench: Bench) -> Any:
    crossing = bench.crossing
    callee = crossing.callee
    if callee == "twisted" and crossing.caller in TWISTED and crossing.topology == "thread":
        callee = "twisted[private]"  # The default reactor is the caller's.
    return adapter(crossing.caller).open_portal(callee, topology=crossing.topology)


def _live(bench: Bench) -> None:
    async def program() -> None:
        async with _open(bench) as portal:
            bench.reactor = getattr(portal.runtime, "reactor", None)
            await bench.serve(portal.call)

    if bench.crossing.caller in BLOCKING_FRAMEWORKS:
        with _open(bench) as portal:
            bench.reactor = getattr(portal.runtime, "reactor", None)
            bench.live(portal.call)
    else:
        callers.run(bench.crossing.caller, program)


def _hosted(bench: Bench) -> None:
    """The callee's loop hosts the caller's: the program runs in the guest, and reaches its host by its runtime."""
    caller, callee = bench.crossing.caller, bench.crossing.callee

    async def program(host: Any) -> None:
        bench.reactor = getattr(host, "reactor", None)
        async with adapter(caller).open_portal(host) as portal:
            await bench.serve(portal.call)

    async def hosting() -> None:
        async with adapter(callee).open_portal(caller, topology="guest") as guest:
            await guest.call(program, adapter(callee).current())

    def hosting_blocked() -> None:
        with adapter(callee).open_portal(caller, topology="guest") as guest:
            guest.call(program, adapter(callee).current())

    if callee in BLOCKING_FRAMEWORKS:
        hosting_blocked()
    else:
        callers.run(callee, hosting)


CONTENDERS = [
    Contender("ours", OURS, _live, topologies=frozenset({"thread", "loop", "guest"})),
    Contender("ours", OURS, _hosted, topologies=frozenset({"hosted"})),
]
