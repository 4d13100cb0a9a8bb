"""Twisted's reactor for one job, and the store beside it; the same for all three writings of the scenario.

The reactor is imported late, inside functions, because the first import installs the default one. The users' way to a database,
adbapi, is a pool of threads with a connection each; the store has one thread for all, which calls back through callFromThread.
"""

import contextlib
import functools
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList, DeferredSemaphore, ensureDeferred, fail
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from scenarios.fetch_and_save.contract import Deadline, Errand, FetchAndSaveError, Job, Page, Store
from scenarios.fetch_and_save.outcomes import Outcomes

T = TypeVar("T")
Attempt = Callable[[Job, Errand], "Deferred[None] | Coroutine[Deferred[Any], Any, None]"]


def the_reactor() -> Any:
    """The reactor that is installed, whichever interfaces it has."""
    from twisted.internet import reactor

    return reactor


def stored(store: Store, page: Page | None, *, timeout: float | Deadline) -> Deferred[None]:
    """Fires when the page is durable, or the store open; cancelling expires the deadline, and then waits for the writer."""
    deadline = Deadline(Deadline.of(timeout).left)
    reactor = the_reactor()
    work: Deferred[None] = Deferred()

    def tell(error: FetchAndSaveError | None) -> None:
        if error is None:
            work.callback(None)
        else:
            work.errback(error)

    store.begin(page, deadline, Outcomes.of(reactor).by(reactor.callFromThread, tell))
    return outlasting(work, deadline.expire)


def outlasting(work: Deferred[T], on_cancel: Callable[[], object] = bool) -> Deferred[T]:
    """The outcome of `work`; cancelling it is put off until the work is done, and then has the last word.

    Deferred.cancel() leaves no choice but to fire, so each cancelled waiter is followed by another one.
    """
    outcome: list[Any] = []
    cancelled: list[Failure] = []
    waiter: Deferred[None]

    def wait() -> Deferred[None]:
        nonlocal waiter
        waiter = Deferred()
        return waiter.addErrback(put_off)

    def put_off(failure: Failure) -> Deferred[None]:
        cancelled.append(failure)
        again = wait()
        on_cancel()
        return again

    def end(result: Any) -> None:
        outcome.append(result)
        waiter.callback(None)

    done = wait()
    work.addBoth(end)
    return done.addCallback(lambda _: (cancelled or outcome)[0])


def run(job: Job, attempt: Attempt) -> None:
    """Do a whole job in a reactor that is this process's own: a stopped one cannot start again."""
    with contextlib.ExitStack() as stack:
        if "asyncio" in job.options:
            stack.callback(install_asyncioreactor().close)
        reactor = the_reactor()
        look_up_apart(reactor)
        outcomes: list[tuple[bool, Any]] = []

        def main() -> None:
            done = attempts(job, attempt)
            job.on_stop(lambda: reactor.callFromThread(done.cancel))
            done.addCallback(outcomes.extend).addBoth(lambda _: reactor.stop())

        reactor.callWhenRunning(main)
        reactor.run(installSignalHandlers=False)  # the signals are the command's: the reactor would only stop, and lose its work
    for succeeded, outcome in outcomes:
        if not succeeded and not job.stopped:
            outcome.raiseException()


def attempts(job: Job, attempt: Attempt) -> "Deferred[list[tuple[bool, Any]]]":
    """All of the job's attempts, `job.concurrency` at once; fires when the last has ended, also if cancelled."""
    slots, reactor = DeferredSemaphore(job.concurrency), the_reactor()
    begun: list[Deferred[None]] = []

    async def one(errand: Errand) -> None:
        try:
            await ensureDeferred(attempt(job, errand))
        finally:
            slots.release()

    async def begin() -> None:
        for errand in job.errands:
            await slots.acquire()
            begun.append(Deferred.fromCoroutine(one(errand)))
            await deferLater(reactor, 0)  # one begins in each turn of the reactor; see Job

    def wait(begin: Any) -> "Deferred[list[tuple[bool, Any]]]":
        if isinstance(begin, Failure):  # it was cancelled before all had begun
            begun.append(fail(begin))
            for deferred in begun:
                deferred.cancel()
        return DeferredList(begun, consumeErrors=True)

    return Deferred.fromCoroutine(begin()).addBoth(wait)


def look_up_apart(reactor: Any) -> None:
    """Look names up in threads that at the end are not waited for: nothing stops getaddrinfo()."""
    from twisted.internet._resolver import GAIResolver  # private; what a reactor has anyway, and only it takes a pool

    pool = ThreadPool(minthreads=0, maxthreads=10, name="lookups")
    pool.threadFactory = functools.partial(Thread, daemon=True)  # type: ignore[assignment]
    pool.start()
    reactor.installNameResolver(GAIResolver(reactor, lambda: pool))


def install_asyncioreactor() -> Any:
    """Let asyncio's loop be the reactor. Returns the loop, which Twisted never closes."""
    import asyncio

    from twisted.internet import asyncioreactor

    loop = asyncio.new_event_loop()
    loop.slow_callback_duration = 60.0  # seconds: development mode would complain of a bomb that is defused
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    return loop
