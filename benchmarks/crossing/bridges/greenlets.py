"""Bridges between greenlets and asyncio in one thread: asyncio-gevent, eventlet's asyncio hub, greenback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.crossing import callers
from benchmarks.crossing.crossings import ASIDE, GREENLETS, LIBRARY, TRIO, Contender
from benchmarks.crossing.worker import Bench

SAME = frozenset({"guest", "hosted"})
ASYNCIO_TORNADO = frozenset({"asyncio", "tornado"})
GEVENT, EVENTLET = frozenset({"gevent"}), frozenset({"eventlet"})


def _patched() -> Any:
    """asyncio-gevent wants the process patched: its greenlets are joined in what must not be real threads."""
    import gevent.monkey

    gevent.monkey.patch_all()
    import asyncio_gevent

    return asyncio_gevent


def _asyncio_to_gevent(how: str) -> Callable[[Bench], None]:
    def live(bench: Bench) -> None:
        asyncio_gevent = _patched()
        import gevent

        def as_future(fn: Callable[[], Any]) -> Any:
            return asyncio_gevent.greenlet_to_future(gevent.Greenlet(fn))

        def as_async(fn: Callable[[], Any]) -> Any:
            return asyncio_gevent.sync_to_async(fn)()

        loop = asyncio_gevent.EventLoop()
        loop.run_until_complete(bench.serve(as_future if how == "future" else as_async))

    return live


def _gevent_to_asyncio(bench: Bench) -> None:
    asyncio_gevent = _patched()
    import gevent

    loop = asyncio_gevent.EventLoop()
    gevent.spawn(loop.run_forever)
    gevent.sleep(0.01)

    def cross(fn: Callable[[], Any]) -> Any:
        greenlet = asyncio_gevent.future_to_greenlet(fn(), loop=loop)
        greenlet.start()
        # It schedules with ensure_future(), which does not wake a loop that is asleep in its selector.
        gevent.get_hub().loop.run_callback(loop.call_soon_threadsafe, _nothing)
        return greenlet.get()

    bench.live(cross)


def _nothing() -> None:
    pass


def _asyncio_hub() -> None:
    from eventlet import hubs

    hubs.use_hub("eventlet.hubs.asyncio")


def _eventlet_to_asyncio(bench: Bench) -> None:
    _asyncio_hub()
    from eventlet.asyncio import spawn_for_awaitable

    bench.live(lambda fn: spawn_for_awaitable(fn()).wait())


def _asyncio_to_eventlet(bench: Bench) -> None:
    _asyncio_hub()
    import eventlet
    from eventlet.asyncio import spawn_for_awaitable

    async def cross(fn: Callable[[], Any]) -> Any:
        return await eventlet.spawn(fn)

    spawn_for_awaitable(bench.serve(cross)).wait()


def _greenback(bench: Bench) -> None:
    """Blocking code in a task of the callee's own framework, which is its loop's only way of waiting: no second hub."""
    import greenback

    def one(fn: Callable[[], Any]) -> Any:
        return greenback.await_(fn())

    async def program() -> None:
        await greenback.ensure_portal()
        for order in bench.orders:
            if order.flight == 1:
                for _ in range(order.times):
                    answer = one(order.fn)
                callers.check(answer)
            else:
                await gathered(order)

    async def gathered(order: Any) -> None:
        for _ in range(order.times):
            if bench.crossing.callee in TRIO:
                import trio

                async with trio.open_nursery() as nursery:
                    for _ in range(order.flight):
                        nursery.start_soon(greenback.with_portal_run_sync, one, order.fn)
            else:
                import asyncio

                await asyncio.gather(*[greenback.with_portal_run_sync(one, order.fn) for _ in range(order.flight)])

    callers.run(bench.crossing.callee, program)


NEEDS = ("asyncio_gevent",)
CONTENDERS = [
    Contender("asyncio_gevent.greenlet_to_future", LIBRARY, _asyncio_to_gevent("future"), ASYNCIO_TORNADO, GEVENT, SAME, NEEDS),
    Contender("asyncio_gevent.sync_to_async", LIBRARY, _asyncio_to_gevent("async"), ASYNCIO_TORNADO, GEVENT, SAME, NEEDS),
    Contender("asyncio_gevent.future_to_greenlet", LIBRARY, _gevent_to_asyncio, GEVENT, ASYNCIO_TORNADO, SAME, NEEDS),
    Contender("eventlet asyncio hub: spawn_for_awaitable", LIBRARY, _eventlet_to_asyncio, EVENTLET, ASYNCIO_TORNADO, SAME),
    Contender("eventlet asyncio hub: await GreenThread", LIBRARY, _asyncio_to_eventlet, ASYNCIO_TORNADO, EVENTLET, SAME),
    Contender("greenback.await_", ASIDE, _greenback, GREENLETS, frozenset({"asyncio", "trio"}), SAME, ("greenback",)),
]
