"""Fetch and save with Twisted, with callbacks: chains of Deferreds, each step a function that is given the last one's result.

What `await` and `try` are in with_twisted.py is addCallback, addErrback and addBoth here.
"""

from typing import Any

from twisted.internet.defer import Deferred, execute, succeed
from twisted.python.failure import Failure
from twisted.web.client import Response

from scenarios.fetch_and_save import command, twisted_reactor
from scenarios.fetch_and_save.contract import (
    MAX_BODY,
    MAX_REDIRECTS,
    TIMEOUT,
    Deadline,
    Errand,
    FetchAndSaveError,
    Job,
    Page,
    Store,
    Visit,
)
from scenarios.fetch_and_save.twisted_client import Hop, kinds
from scenarios.fetch_and_save.twisted_reactor import stored, the_reactor


def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Deferred[Page]:
    """Fetch one page; see contract.py."""

    def begin(visit: Visit) -> Deferred[Page]:
        page = visited(visit).addTimeout(visit.deadline.left, the_reactor())
        return page.addErrback(in_kind, visit)

    return execute(Visit, url, timeout=timeout, max_body=max_body, max_redirects=max_redirects).addCallback(begin)


def in_kind(failure: Failure, visit: Visit) -> Page:
    with kinds(visit):
        failure.raiseException()


def visited(visit: Visit) -> Deferred[Page]:
    """Ask one place after the other, until there is a page."""

    def go_on(page: Page | None) -> Page | Deferred[Page]:
        return visited(visit) if page is None else page

    return hop(visit).addCallback(go_on)


def hop(visit: Visit) -> Deferred[Page | None]:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    hop = Hop(visit)

    def answered(response: Response) -> Deferred[Page] | None:
        if not visit.answered(response.code):
            return None
        return hop.read(response).addCallback(lambda _: visit.page())

    def close(outcome: Any) -> Deferred[Any]:
        return hop.close().addCallback(lambda _: outcome)

    return hop.get().addCallback(answered).addBoth(close)


def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> Deferred[None]:
    """Save one page; see contract.py."""
    return stored(store, page, timeout=timeout)


def fetch_and_save(
    url: str,
    store: Store | None,
    *,
    timeout: float | Deadline = TIMEOUT,
    max_body: int = MAX_BODY,
    max_redirects: int = MAX_REDIRECTS,
) -> Deferred[Page]:
    """Fetch one page and save it; see contract.py."""
    deadline = Deadline.of(timeout)

    def opened(_: None) -> Deferred[Page]:
        return fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)

    def fetched(page: Page) -> Page | Deferred[Page]:
        return page if store is None else save(page, store, timeout=deadline).addCallback(lambda _: page)

    opening = succeed(None) if store is None else stored(store, None, timeout=deadline)
    return opening.addCallback(opened).addCallback(fetched)


def attempt(job: Job, errand: Errand) -> Deferred[None]:
    attempt = job.attempt(errand)

    def failed(failure: Failure) -> Failure | None:
        if not isinstance(failure.value, FetchAndSaveError):
            return failure
        attempt.fail(failure.value)
        return None

    return fetch_and_save(errand.url, job.store, **attempt.limits).addCallbacks(attempt.succeed, failed)


def run(job: Job) -> None:
    """Do a whole job."""
    twisted_reactor.run(job, attempt)


if __name__ == "__main__":
    command.script("twisted[callbacks]")
