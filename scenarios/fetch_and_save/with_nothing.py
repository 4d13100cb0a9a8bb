"""Fetch and save with nothing but the standard library: http.client for HTTP, sqlite3 for the database, one page at a time.

A blocking call has no cancellation. Ctrl-C is the one thing that can break into it, as the KeyboardInterrupt that a signal
handler raises; it passes through, and closes and rolls back what it passes.
"""

import contextlib
import http.client
from typing import NoReturn

from scenarios.fetch_and_save import blocking, command
from scenarios.fetch_and_save.contract import MAX_BODY, MAX_REDIRECTS, TIMEOUT, Deadline, Job, Page, Store, Visit


def fetch(url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with visit.kinds():
        while True:
            page = hop(visit)
            if page is not None:
                return page


def hop(visit: Visit) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    with contextlib.closing(WatchedConnection(visit)) as connection:
        connection.request("GET", visit.url.target, headers=dict(visit.headers))
        with connection.getresponse() as response:
            if not visit.answered(response.status):
                return None
            while piece := response.read(blocking.PIECE):
                visit.delivered(piece)
            return visit.page()


def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    store.save(page, timeout)


def fetch_and_save(
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
        store.open(deadline)
    page = fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        save(page, store, timeout=deadline)
    return page


class WatchedConnection(http.client.HTTPConnection):
    """http.client's connection, bound to the visit's deadline, with the visit told of every byte that comes in."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit.url.host, visit.url.port)
        self.response_class = blocking.watched(self.response_class, visit, blocking.bound)
        self._visit = visit

    def connect(self) -> None:
        self.sock = blocking.connect(self._visit)


def run(job: Job) -> None:
    """Do a whole job."""
    job.on_stop(interrupt)
    for errand in job.errands:
        with job.attempt(errand) as attempt:
            attempt.page = fetch_and_save(errand.url, job.store, **attempt.limits)


def interrupt() -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    command.script("nothing")
