"""Driven by Twisted, on its default reactor or on asyncio's loop: coroutines that await the Deferreds of calls."""

import contextlib
import functools
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from interop.adapters.twisted import current, open_portal
from scenarios.fetch_and_save.contract import Job
from scenarios.fetch_and_save.twisted_reactor import attempts, install_asyncioreactor, look_up_apart, the_reactor
from scenarios.mixed.anywhere import Mix, attempt, make_room


def settle(concurrency: int) -> None:
    """Make room."""
    reactor = the_reactor()
    reactor.suggestThreadPoolSize(max(concurrency, 10))
    look_up_apart(reactor)
    if hasattr(reactor, "_asyncioEventloop"):
        reactor._asyncioEventloop.slow_callback_duration = 60.0  # seconds: development mode would complain of a busy machine


def run(job: Job, mix: Mix) -> None:
    """Do a whole job in this process's own reactor."""
    with contextlib.ExitStack() as stack:
        if mix.driver == "twisted[asyncio]":
            stack.callback(install_asyncioreactor().close)
        reactor, outcomes = the_reactor(), list[Any]()

        def begin() -> None:
            Deferred.fromCoroutine(main(job, mix)).addBoth(outcomes.append).addBoth(lambda _: reactor.stop())

        reactor.callWhenRunning(begin)
        reactor.run(installSignalHandlers=False)
    if isinstance(outcomes[0], Failure):
        outcomes[0].raiseException()


async def main(job: Job, mix: Mix) -> None:
    """Open both portals, and send every page through them."""
    async with (
        open_portal(mix.where_to_fetch(current())) as fetcher,
        open_portal(mix.where_to_save(current(), fetcher.runtime)) as saver,
    ):
        await make_room(mix, fetcher, saver, job)
        done = attempts(job, functools.partial(attempt, mix, fetcher, saver))
        job.on_stop(lambda: the_reactor().callFromThread(done.cancel))
        for succeeded, outcome in await done:
            if not succeeded and not job.stopped:
                outcome.raiseException()
