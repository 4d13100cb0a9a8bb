"""trio-asyncio: an asyncio loop that is a Trio task. It changes asyncio for its whole process, so it needs one of its own."""

from __future__ import annotations

from typing import Any

from benchmarks.crossing import callers
from benchmarks.crossing.crossings import LIBRARY, TRIO, Contender
from benchmarks.crossing.worker import Bench

SAME = frozenset({"guest", "hosted"})
PLAIN = frozenset({"asyncio", "tornado", "anyio[asyncio]"})


def _aio_as_trio(bench: Bench) -> None:
    import trio_asyncio

    async def cross(fn: Any) -> Any:
        return await trio_asyncio.aio_as_trio(fn)()

    async def program() -> None:
        async with trio_asyncio.open_loop():
            await bench.serve(cross)

    callers.run(bench.crossing.caller, program)


def _trio_as_aio(bench: Bench) -> None:
    import trio
    import trio_asyncio

    async def cross(fn: Any) -> Any:
        return await trio_asyncio.trio_as_aio(fn)()

    async def program() -> None:
        async with trio_asyncio.open_loop():
            await trio_asyncio.aio_as_trio(bench.serve)(cross)

    trio.run(program)


NEEDS = ("trio_asyncio",)
CONTENDERS = [
    Contender("trio_asyncio.aio_as_trio", LIBRARY, _aio_as_trio, TRIO, PLAIN, SAME, NEEDS),
    Contender("trio_asyncio.trio_as_aio", LIBRARY, _trio_as_aio, PLAIN, TRIO, SAME, NEEDS),
]
