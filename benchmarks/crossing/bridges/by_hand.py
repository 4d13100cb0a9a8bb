"""Over threads, by hand: the plain minimal code that an expert writes for one pair. No cancelling, no contexts, no closing.

Such a pair has two halves that do not depend on each other: how the callee is told, and how the caller waits and is woken. So
each is written once and composed; that costs one more function call than the pair in one piece, about 0.1 us of 20 or more.

    cross(fn):   ticket, ok, failed = wait half;   submit(fn, ok, failed);   ticket is what the caller awaits or blocks on
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from benchmarks.crossing import callees
from benchmarks.crossing.callers import Cross
from benchmarks.crossing.crossings import ASYNCIO, BY_HAND, TRIO, TWISTED, Contender
from benchmarks.crossing.worker import Bench, simple

Done = Callable[[Any], Any]
Submit = Callable[[Callable[[], Any], Done, Done], Any]


def coroutine_runner(spawn: Callable[..., Any]) -> Submit:
    """In the callee's loop: run an async function in a task."""

    async def run(fn: Callable[[], Any], ok: Done, failed: Done) -> None:
        try:
            value = await fn()
        except BaseException as error:
            failed(error)
        else:
            ok(value)

    return partial(spawn, run)


def plain_runner(fn: Callable[[], Any], ok: Done, failed: Done) -> None:
    """In a greenlet or thread of its own: run a blocking function."""
    try:
        value = fn()
    except BaseException as error:
        failed(error)
    else:
        ok(value)


def task_keeper(loop: Any) -> Callable[..., None]:
    """create_task() for tasks that nobody else refers to."""
    tasks: set[Any] = set()

    def spawn(run: Callable[..., Any], *args: Any) -> None:
        task = loop.create_task(run(*args))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return spawn


def submit_deferred(fn: Callable[[], Any], ok: Done, failed: Done) -> None:
    """In the reactor: run a function that gives a Deferred."""
    from twisted.internet.defer import maybeDeferred

    maybeDeferred(fn).addCallbacks(ok, lambda failure: failed(failure.value))


@contextlib.contextmanager
def telling(bench: Bench) -> Iterator[Submit]:
    """The callee's half: tell a loop in another thread to run a function."""
    callee = bench.crossing.callee
    if callee == "threads":
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor() as pool:
            submit: Any = pool.submit
            yield partial(submit, plain_runner)
        return
    with callees.host(callee) as handle:
        if callee in ASYNCIO:
            yield partial(handle.call_soon_threadsafe, coroutine_runner(task_keeper(handle)))
        elif callee in TRIO:
            import trio

            yield partial(handle.run_sync_soon, coroutine_runner(trio.lowlevel.spawn_system_task))
        elif callee in TWISTED:
            bench.reactor = handle
            yield partial(handle.callFromThread, submit_deferred)
        elif callee == "gevent":
            import gevent

            yield partial(handle.loop.run_callback_threadsafe, gevent.spawn, plain_runner)
        else:
            import eventlet

            yield partial(handle.ring, eventlet.spawn_n, plain_runner)


def crossing_of(caller: str, submit: Submit) -> Cross:
    """The caller's half: wait natively, be woken from another thread."""
    if caller in ASYNCIO:
        return _from_asyncio(submit)
    if caller in TRIO:
        return _from_trio(submit)
    if caller in TWISTED:
        return _from_twisted(submit)
    return {"gevent": _from_gevent, "eventlet": _from_eventlet, "threads": _from_thread}[caller](submit)


def _from_asyncio(submit: Submit) -> Cross:
    import asyncio

    def cross(fn: Callable[[], Any]) -> Any:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        wake: Any = loop.call_soon_threadsafe
        submit(fn, partial(wake, future.set_result), partial(wake, future.set_exception))
        return future

    return cross


def _from_trio(submit: Submit) -> Cross:
    import outcome
    import trio

    async def cross(fn: Callable[[], Any]) -> Any:
        task = trio.lowlevel.current_task()
        wake = trio.lowlevel.current_trio_token().run_sync_soon

        def ok(value: Any) -> None:
            wake(trio.lowlevel.reschedule, task, outcome.Value(value))

        def failed(error: BaseException) -> None:
            wake(trio.lowlevel.reschedule, task, outcome.Error(error))

        submit(fn, ok, failed)
        return await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED)

    return cross


def _from_twisted(submit: Submit) -> Cross:
    from twisted.internet.defer import Deferred

    wake = callees.default_reactor().callFromThread

    def cross(fn: Callable[[], Any]) -> Any:
        deferred: Deferred[Any] = Deferred()
        submit(fn, partial(wake, deferred.callback), partial(wake, deferred.errback))
        return deferred

    return cross


def _from_gevent(submit: Submit) -> Cross:
    import gevent.event

    hub: Any = gevent.get_hub()
    hub.loop.async_().start(lambda: None)
    wake: Any = hub.loop.run_callback_threadsafe

    def cross(fn: Callable[[], Any]) -> Any:
        result = gevent.event.AsyncResult()
        submit(fn, partial(wake, result.set), partial(wake, result.set_exception))
        return result.get()

    return cross


def _from_eventlet(submit: Submit) -> Cross:
    from eventlet.event import Event

    bell = callees.Bell()

    def cross(fn: Callable[[], Any]) -> Any:
        event = Event()
        submit(fn, partial(bell.ring, event.send), partial(bell.ring, event.send_exception))
        return event.wait()

    return cross


def _from_thread(submit: Submit) -> Cross:
    from queue import SimpleQueue

    def cross(fn: Callable[[], Any]) -> Any:
        done: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        submit(fn, lambda value: done.put((True, value)), lambda error: done.put((False, error)))
        good, value = done.get()
        if good:
            return value
        raise value

    return cross


@contextlib.contextmanager
def _pair(bench: Bench) -> Iterator[Cross]:
    with telling(bench) as submit:
        yield crossing_of(bench.crossing.caller, submit)


CONTENDERS = [Contender("by hand", BY_HAND, simple(_pair), topologies=frozenset({"thread"}))]
