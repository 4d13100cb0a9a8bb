"""Bridges between frameworks that share one asyncio loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.crossing import callers
from benchmarks.crossing.bridges.by_hand_shared import reactor_here
from benchmarks.crossing.callers import Cross
from benchmarks.crossing.crossings import ASYNCIO, LIBRARY, Contender
from benchmarks.crossing.worker import Bench

LOOP = frozenset({"loop"})
TORNADO, REACTOR = frozenset({"tornado"}), frozenset({"twisted[asyncio]"})


def _on_one_loop(make: Callable[[Any], Cross]) -> Callable[[Bench], None]:
    """make(loop) is called in the loop."""

    def live(bench: Bench) -> None:
        async def program() -> None:
            import asyncio

            if bench.crossing.callee == "twisted[asyncio]":
                bench.reactor = reactor_here(bench.crossing.caller)
            await bench.serve(make(asyncio.get_running_loop()))

        callers.run(bench.crossing.caller, program)

    return live


def _create_task(loop: Any) -> Cross:
    return lambda fn: loop.create_task(fn())


def _convert_yielded(loop: Any) -> Cross:
    from tornado.gen import convert_yielded

    return lambda fn: convert_yielded(fn())


def _as_future(loop: Any) -> Cross:
    return lambda fn: fn().asFuture(loop)


def _from_future(loop: Any) -> Cross:
    from twisted.internet.defer import Deferred

    return lambda fn: Deferred.fromFuture(loop.create_task(fn()))


CONTENDERS = [
    Contender("create_task", LIBRARY, _on_one_loop(_create_task), ASYNCIO, ASYNCIO, LOOP),
    Contender("gen.convert_yielded", LIBRARY, _on_one_loop(_convert_yielded), TORNADO, ASYNCIO, LOOP),
    Contender("Deferred.asFuture", LIBRARY, _on_one_loop(_as_future), ASYNCIO, REACTOR, LOOP),
    Contender("Deferred.fromFuture(create_task)", LIBRARY, _on_one_loop(_from_future), REACTOR, ASYNCIO, LOOP),
]
