"""Start each framework as its own users do: no run() of ours, which could hide what a plain program does not have."""

from __future__ import annotations

import contextlib
from typing import Any

from interop.laws.world import Afn
from interop.runtime import drive


def start(name: str, main: Afn) -> None:
    """Run main, a coroutine function of this framework, in this process's main thread, to its end."""
    STARTS[name](main)


def _asyncio(main: Afn) -> None:
    import asyncio

    asyncio.run(main())


def _uvloop(main: Afn) -> None:
    import uvloop

    loop = uvloop.new_event_loop()
    try:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _twisted(main: Afn) -> None:
    from twisted.internet import task
    from twisted.internet.defer import Deferred

    failures: list[Any] = []
    with contextlib.suppress(SystemExit):
        task.react(lambda reactor: Deferred.fromCoroutine(main()).addErrback(failures.append))
    for failure in failures:
        failure.raiseException()


def _twisted_asyncio(main: Afn) -> None:
    import asyncio

    from twisted.internet import asyncioreactor

    install: Any = asyncioreactor.install
    install(asyncio.new_event_loop())
    _twisted(main)


def _trio(main: Afn) -> None:
    import trio

    trio.run(main)


def _anyio(backend: str) -> Any:
    import anyio

    return lambda main: anyio.run(main, backend=backend)


STARTS: dict[str, Any] = {
    "asyncio": _asyncio,
    "asyncio[uvloop]": _uvloop,
    "tornado": _asyncio,
    "twisted": _twisted,
    "twisted[asyncio]": _twisted_asyncio,
    "gevent": lambda main: drive(main()),
    "eventlet": lambda main: drive(main()),
    "trio": _trio,
    "anyio[asyncio]": lambda main: _anyio("asyncio")(main),
    "anyio[trio]": lambda main: _anyio("trio")(main),
    "threads": lambda main: drive(main()),
}
