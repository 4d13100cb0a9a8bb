"""Fetch and save with Twisted, with @inlineCallbacks: generators that yield Deferreds, as before there were coroutines.

Line for line the same as with_twisted.py; each function called gives a Deferred, and begins at once.
"""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

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


@inlineCallbacks
def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Generator[Deferred[Any], Any, Page]:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with kinds(visit):
        page: Page = yield visited(visit).addTimeout(visit.deadline.left, the_reactor())
        return page


@inlineCallbacks
def visited(visit: Visit) -> Generator[Deferred[Any], Any, Page]:
    """Ask one place after the other, until there is a page."""
    while True:
        page: Page | None = yield hop(visit)
        if page is not None:
            return page


@inlineCallbacks
def hop(visit: Visit) -> Generator[Deferred[Any], Any, Page | None]:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    hop = Hop(visit)
    try:
        response = yield hop.get()
        if not visit.answered(response.code):
            return None
        yield hop.read(response)
        return visit.page()
    finally:
        yield hop.close()


def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> Deferred[None]:
    """Save one page; see contract.py."""
    return stored(store, page, timeout=timeout)


@inlineCallbacks
def fetch_and_save(
    url: str,
    store: Store | None,
    *,
    timeout: float | Deadline = TIMEOUT,
    max_body: int = MAX_BODY,
    max_redirects: int = MAX_REDIRECTS,
) -> Generator[Deferred[Any], Any, Page]:
    """Fetch one page and save it; see contract.py."""
    deadline = Deadline.of(timeout)
    if store is not None:
        yield stored(store, None, timeout=deadline)
    page: Page = yield fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        yield save(page, store, timeout=deadline)
    return page


@inlineCallbacks
def attempt(job: Job, errand: Errand) -> Generator[Deferred[Any], Any, None]:
    with job.attempt(errand) as attempt:
        attempt.page = yield fetch_and_save(errand.url, job.store, **attempt.limits)


def run(job: Job) -> None:
    """Do a whole job."""
    twisted_reactor.run(job, attempt)


if __name__ == "__main__":
    command.script("twisted[inlineCallbacks]")
