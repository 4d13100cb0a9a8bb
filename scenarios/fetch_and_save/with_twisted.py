"""Fetch and save with Twisted, as coroutines: Agent for HTTP, callFromThread for the store's writer to call back.

One Deferred has the deadline, and cancelling reaches whichever Deferred is awaited. A cancelled fetch closes its connection on
the way out; a save that waits for the store's lock is given up, and one that is being written is waited for.

The same is written with @inlineCallbacks in with_twisted_inlinecallbacks.py and with callbacks in with_twisted_callbacks.py.
"""

from twisted.internet.defer import Deferred

from scenarios.fetch_and_save import command, twisted_reactor
from scenarios.fetch_and_save.contract import (
    MAX_BODY,
    MAX_REDIRECTS,
    TIMEOUT,
    Deadline,
    Errand,
    Job,
    Page,
    Store,
    Visit,
)
from scenarios.fetch_and_save.twisted_client import Hop, kinds
from scenarios.fetch_and_save.twisted_reactor import stored, the_reactor


async def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with kinds(visit):
        return await Deferred.fromCoroutine(visited(visit)).addTimeout(visit.deadline.left, the_reactor())


async def visited(visit: Visit) -> Page:
    """Ask one place after the other, until there is a page."""
    while True:
        page = await hop(visit)
        if page is not None:
            return page


async def hop(visit: Visit) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    hop = Hop(visit)
    try:
        response = await hop.get()
        if not visit.answered(response.code):
            return None
        await hop.read(response)
        return visit.page()
    finally:
        await hop.close()


async def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    await stored(store, page, timeout=timeout)


async def fetch_and_save(
    url: str,
    store: Store | None,
    *,
    timeout: float | Deadline = TIMEOUT,
    max_body: int = MAX_BODY,
    max_redirects: int = MAX_REDIRECTS,
) -> Page:
    """Fetch one page and save it; see contract.py."""
    deadline = Deadline.of(timeout)
    if store is not None:
        await stored(store, None, timeout=deadline)
    page = await fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        await save(page, store, timeout=deadline)
    return page


async def attempt(job: Job, errand: Errand) -> None:
    with job.attempt(errand) as attempt:
        attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)


def run(job: Job) -> None:
    """Do a whole job."""
    twisted_reactor.run(job, attempt)


if __name__ == "__main__":
    command.script("twisted")
