"""Libraries' bridges over threads. Most are one of two halves, or both: a way into a thread, and a blocking way into a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from benchmarks.crossing import callees
from benchmarks.crossing.callers import Cross
from benchmarks.crossing.crossings import ASYNCIO, LIBRARY, THREADS, TRIO, TWISTED, Contender
from benchmarks.crossing.worker import Bench, simple

THREAD = frozenset({"thread"})
GEVENT, EVENTLET = frozenset({"gevent"}), frozenset({"eventlet"})
Offload = Callable[..., Any]  # offload(fn, *args): the caller waits natively while fn(*args) runs in a thread
Enter = Callable[[Callable[[], Any]], Any]  # enter(fn): a thread blocks while fn() runs in the callee's loop


def asyncio_to_thread() -> Offload:
    """Contexts are copied."""
    import asyncio

    return asyncio.to_thread


def run_in_executor() -> Offload:
    """Without contexts."""
    import asyncio

    return lambda fn, *args: asyncio.get_running_loop().run_in_executor(None, fn, *args)


def tornado_executor() -> Offload:
    """Tornado's own."""
    from tornado.ioloop import IOLoop

    return lambda fn, *args: IOLoop.current().run_in_executor(None, fn, *args)


def anyio_to_thread() -> Offload:
    """On asyncio or Trio."""
    import anyio.to_thread

    return anyio.to_thread.run_sync


def sync_to_async(sensitive: bool) -> Offload:
    """asgiref's, in one thread for all calls, or in a pool."""
    from asgiref.sync import sync_to_async as convert

    return lambda fn, *args: convert(fn, thread_sensitive=sensitive)(*args)


def trio_to_thread() -> Offload:
    """Trio's own."""
    import trio

    return trio.to_thread.run_sync


def defer_to_thread() -> Offload:
    """In the reactor's pool."""
    from twisted.internet.threads import deferToThread

    return deferToThread


def gevent_apply() -> Offload:
    """In the hub's pool."""
    import gevent

    pool: Any = gevent.get_hub().threadpool
    return lambda fn, *args: pool.apply(fn, args)


def gevent_spawn() -> Offload:
    """The same, by hand."""
    import gevent

    pool: Any = gevent.get_hub().threadpool
    return lambda fn, *args: pool.spawn(fn, *args).get()


def tpool_execute() -> Offload:
    """eventlet's pool."""
    from eventlet import tpool

    execute: Offload = tpool.execute
    return execute


def executor_submit() -> Offload:
    """A thread that waits for a thread."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor()
    return lambda fn, *args: pool.submit(fn, *args).result()


# name, callers, packages, how; the first of a caller is the one that compositions use.
OFFLOADS: list[tuple[str, frozenset[str], tuple[str, ...], Callable[[], Offload]]] = [
    ("asyncio.to_thread", ASYNCIO, (), asyncio_to_thread),
    ("run_in_executor", ASYNCIO, (), run_in_executor),
    ("IOLoop.run_in_executor", frozenset({"tornado"}), (), tornado_executor),
    ("trio.to_thread", TRIO, (), trio_to_thread),
    ("anyio.to_thread", ASYNCIO | TRIO, ("anyio",), anyio_to_thread),
    ("sync_to_async(sensitive)", ASYNCIO, ("asgiref",), partial(sync_to_async, True)),
    ("sync_to_async", ASYNCIO, ("asgiref",), partial(sync_to_async, False)),
    ("deferToThread", TWISTED, (), defer_to_thread),
    ("threadpool.apply", GEVENT, (), gevent_apply),
    ("threadpool.spawn().get", GEVENT, (), gevent_spawn),
    ("tpool.execute", EVENTLET, (), tpool_execute),
    ("ThreadPoolExecutor.submit().result", THREADS, (), executor_submit),
]


@contextmanager
def threadsafe_result(bench: Bench) -> Iterator[Enter]:
    """asyncio's own."""
    from asyncio import run_coroutine_threadsafe

    with callees.host(bench.crossing.callee) as loop:
        yield lambda fn: run_coroutine_threadsafe(fn(), loop).result()


@contextmanager
def portal(bench: Bench) -> Iterator[Any]:
    """anyio's."""
    from anyio.from_thread import start_blocking_portal

    callee = bench.crossing.callee
    options = {"use_uvloop": True} if callee == "asyncio[uvloop]" else {}
    with start_blocking_portal("trio" if callee in TRIO else "asyncio", options) as opened:
        yield opened


@contextmanager
def portal_call(bench: Bench) -> Iterator[Enter]:
    """anyio's call()."""
    with portal(bench) as opened:
        yield opened.call


@contextmanager
def async_to_sync(bench: Bench) -> Iterator[Enter]:
    """asgiref's: a new loop for each call, unless one waits further up."""
    from asgiref.sync import async_to_sync as convert

    yield lambda fn: convert(fn)()


@contextmanager
def trio_from_thread(bench: Bench) -> Iterator[Enter]:
    """Trio's own."""
    import trio

    with callees.host(bench.crossing.callee) as token:
        yield lambda fn: trio.from_thread.run(fn, trio_token=token)


@contextmanager
def blocking_call(bench: Bench) -> Iterator[Enter]:
    """Twisted's own."""
    from twisted.internet.threads import blockingCallFromThread

    with callees.host(bench.crossing.callee) as bench.reactor:
        yield partial(blockingCallFromThread, bench.reactor)


@contextmanager
def crochet_wait(bench: Bench, style: str) -> Iterator[Enter]:
    """crochet's two: wait_for() a Deferred, or run_in_reactor() and wait for its EventualResult."""
    import crochet

    crochet.setup()
    from twisted.internet import reactor

    bench.reactor = reactor

    @crochet.wait_for(timeout=60)
    def waited(fn: Callable[[], Any]) -> Any:
        return fn()

    @crochet.run_in_reactor
    def eventual(fn: Callable[[], Any]) -> Any:
        return fn()

    yield waited if style == "wait_for" else lambda fn: eventual(fn).wait(60)


Entry = Callable[[Bench], AbstractContextManager[Enter]]
# name, callees, packages, how
ENTRIES: list[tuple[str, frozenset[str], tuple[str, ...], Entry]] = [
    ("run_coroutine_threadsafe().result", ASYNCIO, (), threadsafe_result),
    ("anyio portal.call", ASYNCIO | TRIO, ("anyio",), portal_call),
    ("trio.from_thread.run", TRIO, (), trio_from_thread),
    ("blockingCallFromThread", TWISTED, (), blocking_call),
]
ONLY_FROM_THREADS: list[tuple[str, frozenset[str], tuple[str, ...], Entry]] = [
    ("async_to_sync", frozenset({"asyncio"}), ("asgiref",), async_to_sync),
    ("crochet.wait_for", frozenset({"twisted"}), ("crochet",), partial(crochet_wait, style="wait_for")),
    ("crochet.run_in_reactor().wait", frozenset({"twisted"}), ("crochet",), partial(crochet_wait, style="run_in_reactor")),
]


def _offloaded(how: Callable[[], Offload]) -> Any:
    @contextmanager
    def setup(bench: Bench) -> Iterator[Cross]:
        yield how()

    return simple(setup)


def _composed(how: Callable[[], Offload], entry: Entry) -> Any:
    @contextmanager
    def setup(bench: Bench) -> Iterator[Cross]:
        with entry(bench) as enter:
            offload = how()
            yield lambda fn: offload(enter, fn)

    return simple(setup)


@contextmanager
def _threadsafe_wrapped(bench: Bench) -> Iterator[Cross]:
    import asyncio

    with callees.host(bench.crossing.callee) as loop:
        yield lambda fn: asyncio.wrap_future(asyncio.run_coroutine_threadsafe(fn(), loop))


@contextmanager
def _portal_wrapped(bench: Bench) -> Iterator[Cross]:
    import asyncio

    with portal(bench) as opened:
        yield lambda fn: asyncio.wrap_future(opened.start_task_soon(fn))


@contextmanager
def _asgiref_there_and_back(bench: Bench) -> Iterator[Cross]:
    from asgiref.sync import async_to_sync as sync
    from asgiref.sync import sync_to_async as convert

    yield lambda fn: convert(sync(fn), thread_sensitive=False)()


def _compositions() -> Iterator[Contender]:
    taken: set[str] = set()
    for offload, callers, packages, how in OFFLOADS:
        free = callers - taken - THREADS
        taken |= free
        if free:
            for entry, callees_, more, enter in ENTRIES:
                name = f"{offload}({entry})"
                yield Contender(name, LIBRARY, _composed(how, enter), free, callees_, THREAD, packages + more)


PORTAL = "anyio portal.start_task_soon + wrap_future"
ONLY = frozenset({"asyncio"})
CONTENDERS = [
    Contender("run_coroutine_threadsafe + wrap_future", LIBRARY, simple(_threadsafe_wrapped), ASYNCIO, ASYNCIO, THREAD),
    Contender(PORTAL, LIBRARY, simple(_portal_wrapped), ASYNCIO, ASYNCIO | TRIO, THREAD, ("anyio",)),
    Contender("sync_to_async(async_to_sync)", LIBRARY, simple(_asgiref_there_and_back), ONLY, ONLY, THREAD, ("asgiref",)),
    *(Contender(name, LIBRARY, _offloaded(how), callers, THREADS, THREAD, needs) for name, callers, needs, how in OFFLOADS),
    *(
        Contender(name, LIBRARY, simple(how), THREADS, callees_, THREAD, needs)
        for name, callees_, needs, how in ENTRIES + ONLY_FROM_THREADS
    ),
    *_compositions(),
]
