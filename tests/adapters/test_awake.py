"""A runtime that no portal is open to wakes its loop all the same, and says of itself what it is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from interop import errors
from tests.adapters.sides import run, side

FRAMEWORKS = (
    "asyncio",
    "asyncio[uvloop]",
    "tornado",
    "twisted",
    "twisted[asyncio]",
    "gevent",
    "trio",
    "anyio[asyncio]",
    "anyio[trio]",
)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_runtime_without_a_portal_wakes_its_loop(framework: str) -> None:
    here = side(framework)

    async def main() -> None:
        event, runtime = here.event(), here.adapter.current()
        thread = threading.Thread(target=runtime.wake, args=(event.set,))

        async def ask() -> None:
            await here.turn()
            thread.start()

        async def wait() -> None:
            await event.wait()

        task = await here.spawn(ask)
        await here.within(60, wait)  # A timer, too: without one, gevent's hub would have nothing to wait for.
        await here.join(task)
        thread.join()

    run(here, here.native(main))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_runtime_whose_loop_has_ended_says_so(framework: str) -> None:
    here = side(framework)

    async def main() -> Any:
        return here.adapter.current()

    runtime = run(here, here.native(main))
    assert isinstance(runtime.gone, errors.PeerGone)
    why = {
        "asyncio": "shutting",
        "tornado": "shutting",
        "twisted": "stopp",
        "gevent": "main function has ended",
        "trio": "ending",
    }
    backend = framework.partition("[")[2].rstrip("]") if framework.startswith("anyio") else framework.partition("[")[0]
    assert why[backend] in str(runtime.gone)
