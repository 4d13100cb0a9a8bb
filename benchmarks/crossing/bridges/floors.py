"""What no crossing can be cheaper than: a bare hop to a thread and back, and a bare task of the caller's own framework."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any

from benchmarks.crossing import callers
from benchmarks.crossing.callees import ANSWER, default_reactor, functions
from benchmarks.crossing.crossings import ASYNCIO, FLOOR, SAME_THREAD, TRIO, TWISTED, Contender
from benchmarks.crossing.worker import Bench, Orders


def _thread_hop(bench: Bench) -> None:
    """Two queues; the function is not called at all."""
    there: SimpleQueue[object] = SimpleQueue()
    back: SimpleQueue[object] = SimpleQueue()

    def echo() -> None:
        while True:
            back.put(there.get())

    Thread(target=echo, daemon=True).start()
    for order in bench.orders:
        for _ in range(order.times):
            for _ in range(order.flight):
                there.put(ANSWER)
            for _ in range(order.flight):
                back.get()


def _bare_task(bench: Bench) -> None:
    """The caller's framework by itself: its own function, in a task of its own."""
    caller = bench.crossing.caller
    orders = Orders(functions(caller, default_reactor), bench.orders.source, bench.orders.sink)
    if caller in callers.BLOCKING:
        callers.BLOCKING[caller](orders, _spawn_greenlet(caller))
        return

    async def program() -> None:
        await callers.serve(caller)(orders, _spawn_task(caller))

    callers.run(caller, program)


def _spawn_greenlet(caller: str) -> callers.Cross:
    if caller == "gevent":
        import gevent

        return lambda fn: gevent.spawn(fn).get()
    import eventlet

    return lambda fn: eventlet.spawn(fn).wait()


def _spawn_task(caller: str) -> callers.Cross:
    if caller in ASYNCIO:
        import asyncio

        loop = asyncio.get_running_loop()
        return lambda fn: loop.create_task(fn())
    if caller in TRIO:
        return _nursery
    assert caller in TWISTED
    from twisted.internet.defer import maybeDeferred

    return maybeDeferred


async def _nursery(fn: Callable[[], Any]) -> Any:
    import trio

    async def task() -> None:
        answers.append(await fn())

    answers: list[Any] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task)
    return answers[0]


CONTENDERS = [
    Contender("bare thread hop", FLOOR, _thread_hop, topologies=frozenset({"thread"})),
    Contender("bare task", FLOOR, _bare_task, topologies=SAME_THREAD),
]
