"""How a program of each framework makes calls: one after the other, or many at once, each in a task of its own.

Every contender on a crossing is driven by the same program, so what the tasks of the caller cost is in all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.crossing.callees import ANSWER, default_reactor, new_loop
from benchmarks.crossing.crossings import ASYNCIO, TRIO, TWISTED

Cross = Callable[[Callable[[], Any]], Any]  # cross(fn): awaitable, or blocking


def check(answer: object) -> None:
    """Stop a bridge that is fast because it does nothing."""
    if answer is not ANSWER:
        raise AssertionError(f"the call gave {answer!r}")


async def serve_asyncio(orders: Any, cross: Cross) -> None:
    """With gather()."""
    import asyncio

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = await cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                await asyncio.gather(*[cross(fn) for _ in range(order.flight)])


async def serve_tornado(orders: Any, cross: Cross) -> None:
    """With gen.multi()."""
    from tornado import gen

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = await cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                await gen.multi([cross(fn) for _ in range(order.flight)])


async def serve_anyio(orders: Any, cross: Cross) -> None:
    """With a task group."""
    import anyio

    async def one() -> None:
        await cross(fn)

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = await cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                async with anyio.create_task_group() as group:
                    for _ in range(order.flight):
                        group.start_soon(one)


async def serve_trio(orders: Any, cross: Cross) -> None:
    """With a nursery."""
    import trio

    async def one() -> None:
        await cross(fn)

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = await cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                async with trio.open_nursery() as nursery:
                    for _ in range(order.flight):
                        nursery.start_soon(one)


async def serve_twisted(orders: Any, cross: Cross) -> None:
    """With gatherResults(): a Deferred needs no task."""
    from twisted.internet.defer import gatherResults

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = await cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                await gatherResults([cross(fn) for _ in range(order.flight)])


def serve_gevent(orders: Any, cross: Cross) -> None:
    """With greenlets."""
    import gevent

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                gevent.joinall([gevent.spawn(cross, fn) for _ in range(order.flight)], raise_error=True)


def serve_eventlet(orders: Any, cross: Cross) -> None:
    """With green threads."""
    import eventlet

    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = cross(fn)
            check(answer)
        else:
            for _ in range(order.times):
                for thread in [eventlet.spawn(cross, fn) for _ in range(order.flight)]:
                    thread.wait()


def serve_threads(orders: Any, cross: Cross) -> None:
    """With a pool of as many threads."""
    from concurrent.futures import ThreadPoolExecutor

    pools: dict[int, ThreadPoolExecutor] = {}
    for order in orders:
        fn = order.fn
        if order.flight == 1:
            for _ in range(order.times):
                answer = cross(fn)
            check(answer)
        else:
            pool = pools.setdefault(order.flight, ThreadPoolExecutor(order.flight))
            for _ in range(order.times):
                for future in [pool.submit(cross, fn) for _ in range(order.flight)]:
                    future.result()
    for pool in pools.values():
        pool.shutdown(wait=False, cancel_futures=True)


BLOCKING: dict[str, Callable[[Any, Cross], None]] = {
    "gevent": serve_gevent,
    "eventlet": serve_eventlet,
    "threads": serve_threads,
}


def serve(caller: str) -> Callable[[Any, Cross], Any]:
    """How this framework's program does what it is told: a coroutine function, or a blocking one."""
    if caller in BLOCKING:
        return BLOCKING[caller]
    if caller in TWISTED:
        return serve_twisted
    if caller == "trio":
        return serve_trio
    return {"tornado": serve_tornado}.get(caller, serve_anyio if caller.startswith("anyio") else serve_asyncio)


def run(caller: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run an async program in this thread, as its framework's users would."""
    if caller in ASYNCIO:
        import asyncio

        loop = new_loop(caller)
        asyncio.set_event_loop(loop)
        if caller == "tornado":
            from tornado.ioloop import IOLoop

            IOLoop.current()
        loop.run_until_complete(main())
        loop.close()
    elif caller in TRIO:
        import trio

        trio.run(main)
    else:
        _run_twisted(caller, main)


def prepare(caller: str) -> None:
    """Choose the process's reactor, before anything imports it."""
    if caller == "twisted[asyncio]" and "twisted.internet.reactor" not in sys.modules:
        from twisted.internet.asyncioreactor import install

        setup: Any = install  # Untyped.
        setup(new_loop("asyncio"))


def _run_twisted(caller: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    prepare(caller)
    from twisted.internet.defer import Deferred

    reactor = default_reactor()
    ended: list[Any] = []

    def begin() -> None:
        Deferred.fromCoroutine(main()).addBoth(ended.append).addBoth(lambda _: reactor.stop())

    reactor.callLater(0, begin)  # An asyncioreactor says that it is running before its loop is.
    reactor.run()
    if ended and ended[0] is not None:
        ended[0].raiseException()
