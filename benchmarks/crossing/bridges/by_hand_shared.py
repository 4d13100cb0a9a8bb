"""In one thread, by hand: the loops' own ways to be told something need no lock and no wake-up.

Where asyncio is the guest there is nothing to write by hand: no framework but gevent has a selector for it. What people have
today is a thread, so there the pair over threads is the yardstick.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.crossing import callees, callers
from benchmarks.crossing.bridges import by_hand
from benchmarks.crossing.callers import Cross
from benchmarks.crossing.crossings import (
    ASYNCIO,
    BY_HAND,
    GREENLETS,
    HOSTS_ASYNCIO,
    ON_ASYNCIO,
    TRIO,
    TWISTED,
    Contender,
)
from benchmarks.crossing.worker import Bench, simple


def telling(callee: str) -> by_hand.Submit:
    """The callee's half, in its own thread."""
    if callee in ASYNCIO:
        import asyncio

        return by_hand.coroutine_runner(by_hand.task_keeper(asyncio.get_running_loop()))
    if callee in TRIO:
        import trio

        return by_hand.coroutine_runner(trio.lowlevel.spawn_system_task)
    if callee in TWISTED:
        return by_hand.submit_deferred
    if callee == "gevent":
        import gevent

        return partial(gevent.spawn, by_hand.plain_runner)
    import eventlet

    return partial(eventlet.spawn_n, by_hand.plain_runner)


def crossing_of(caller: str, submit: by_hand.Submit) -> Cross:
    """The caller's half; the caller goes on from its own scheduler, never from inside the callee's step."""
    if caller in ASYNCIO:
        return _from_asyncio(submit)
    if caller in TRIO:
        return _from_trio(submit)
    if caller in TWISTED:
        return _from_twisted(submit)
    return _from_gevent(submit) if caller == "gevent" else _from_eventlet(submit)


def _from_asyncio(submit: by_hand.Submit) -> Cross:
    import asyncio

    loop = asyncio.get_running_loop()

    def cross(fn: Callable[[], Any]) -> Any:
        future = loop.create_future()
        submit(fn, future.set_result, future.set_exception)
        return future

    return cross


def _from_trio(submit: by_hand.Submit) -> Cross:
    import outcome
    import trio

    async def cross(fn: Callable[[], Any]) -> Any:
        task = trio.lowlevel.current_task()

        def ok(value: Any) -> None:
            trio.lowlevel.reschedule(task, outcome.Value(value))

        def failed(error: BaseException) -> None:
            trio.lowlevel.reschedule(task, outcome.Error(error))

        submit(fn, ok, failed)
        return await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED)

    return cross


def _from_twisted(submit: by_hand.Submit) -> Cross:
    from twisted.internet.defer import Deferred

    later = partial(callees.default_reactor().callLater, 0)

    def cross(fn: Callable[[], Any]) -> Any:
        deferred: Deferred[Any] = Deferred()
        submit(fn, partial(later, deferred.callback), partial(later, deferred.errback))
        return deferred

    return cross


def _from_gevent(submit: by_hand.Submit) -> Cross:
    from gevent.event import AsyncResult

    def cross(fn: Callable[[], Any]) -> Any:
        result = AsyncResult()
        submit(fn, result.set, result.set_exception)
        return result.get()

    return cross


def _from_eventlet(submit: by_hand.Submit) -> Cross:
    from eventlet.event import Event

    def cross(fn: Callable[[], Any]) -> Any:
        event = Event()
        submit(fn, event.send, event.send_exception)
        return event.wait()

    return cross


def _loop(bench: Bench) -> None:
    """One asyncio loop serves both."""
    caller, callee = bench.crossing.caller, bench.crossing.callee

    async def program() -> None:
        if callee == "twisted[asyncio]":
            bench.reactor = reactor_here(caller)
        await bench.serve(crossing_of(caller, telling(callee)))

    callers.run(caller, program)


def reactor_here(caller: str) -> Any:
    """The asyncioreactor on the loop that runs here, which may be the caller itself."""
    import asyncio

    if caller not in TWISTED:
        from twisted.internet.asyncioreactor import install

        setup: Any = install  # Untyped.
        setup(asyncio.get_running_loop())
    running = callees.default_reactor()
    if caller not in TWISTED:
        running.startRunning(installSignalHandlers=False)
    return running


def trio_guest(host: str, program: Callable[[], Any], done: Callable[[Any], Any]) -> None:
    """Start Trio as a guest of the loop that runs here."""
    import trio

    trio.lowlevel.start_guest_run(
        program, run_sync_soon_threadsafe=way_in(host), done_callback=done, host_uses_signal_set_wakeup_fd=True
    )


def way_in(host: str) -> Any:
    """How other threads have a function run in the loop that runs here."""
    if host in ASYNCIO:
        import asyncio

        return asyncio.get_running_loop().call_soon_threadsafe
    if host in TWISTED:
        return callees.default_reactor().callFromThread
    if host == "gevent":
        import gevent

        hub: Any = gevent.get_hub()
        hub.loop.async_().start(lambda: None)
        return hub.loop.run_callback_threadsafe
    return callees.Bell().ring


class Stop:
    """Set by one loop, waited for by another in the same thread."""

    def __init__(self, loop: str) -> None:
        """Args: loop: whose program waits."""
        submit: list[tuple[by_hand.Done, by_hand.Done]] = []
        cross = crossing_of(loop, lambda fn, ok, failed: submit.append((ok, failed)))
        self.wait, self._submit = partial(cross, lambda: None), submit

    def set(self, outcome: Any = None) -> None:
        """The other loop may go on, or fails as this one did."""
        error = getattr(outcome, "error", None)
        ok, failed = self._submit[0]
        _ = failed(error) if error else ok(None)


def _trio_guest(bench: Bench) -> None:
    """Trio is the guest; the caller is the host, or the guest itself."""
    caller, callee = bench.crossing.caller, bench.crossing.callee
    host = caller if callee in TRIO else callee

    def begin() -> Any:
        """In the host: start the guest, and give what the host waits for."""
        over = Stop(host)
        if callee in TRIO:

            async def idle() -> None:
                import trio

                await trio.sleep_forever()

            trio_guest(host, idle, over.set)
            return over

        async def program() -> None:
            await bench.serve(_from_trio(submit))

        if callee in TWISTED:
            bench.reactor = callees.default_reactor()
        submit = telling(callee)
        trio_guest(host, program, over.set)
        return over

    async def hosting() -> None:
        over = begin()
        if callee in TRIO:
            await bench.serve(crossing_of(caller, telling(callee)))
        else:
            await over.wait()

    if host in callers.BLOCKING:
        over = begin()
        if callee in TRIO:
            bench.live(crossing_of(caller, telling(callee)))
        else:
            over.wait()
    else:
        callers.run(host, hosting)


NOT_TRIO = ASYNCIO | TWISTED | GREENLETS
CONTENDERS = [
    Contender("by hand", BY_HAND, _loop, ON_ASYNCIO, ON_ASYNCIO, frozenset({"loop"})),
    Contender("by hand", BY_HAND, _trio_guest, NOT_TRIO, TRIO, frozenset({"guest"})),
    Contender("by hand", BY_HAND, _trio_guest, TRIO, NOT_TRIO, frozenset({"hosted"})),
    *(
        Contender("by hand, over threads", BY_HAND, simple(by_hand._pair), callers_, callees_, frozenset({topology}))
        for callers_, callees_, topology in (
            (HOSTS_ASYNCIO, ON_ASYNCIO - {"asyncio[uvloop]"}, "guest"),
            (ON_ASYNCIO - {"asyncio[uvloop]"}, HOSTS_ASYNCIO, "hosted"),
        )
    ),
]
