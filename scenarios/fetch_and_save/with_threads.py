"""Fetch and save with a pool of threads: urllib3 for HTTP, sqlite3 for the database.

A thread cannot be cancelled. It is reached through what it waits for: its deadline is expired, and that shuts the socket under
its read. Nothing here is cooperative, and with_gevent_patched.py makes it so without changing a line.
"""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3.connection

from scenarios.fetch_and_save import blocking, command
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
    # Not through a PoolManager, which rewrites the escapes of a URL, and would have one connection in its pool anyway.
    with contextlib.closing(WatchedConnection(visit)) as connection:
        connection.request("GET", visit.url.target, headers=dict(visit.headers), preload_content=False, decode_content=False)
        with contextlib.closing(connection.getresponse()) as response:
            if not visit.answered(response.status):
                return None
            for piece in response.stream(blocking.PIECE):
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


class WatchedConnection(urllib3.connection.HTTPConnection):
    """urllib3's connection, bound to the visit's deadline, with the visit told of every byte that comes in."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit.url.host, visit.url.port)
        self.response_class = blocking.watched(self.response_class, visit, ready)
        self._visit = visit

    def connect(self) -> None:
        self.sock = blocking.connect(self._visit)


def ready(sock: Any, deadline: Deadline) -> None:
    time.sleep(0)  # the others' turn: where data is always there, a greenlet that this is patched into would never yield
    blocking.bound(sock, deadline)


def run(job: Job) -> None:
    """Do a whole job."""
    job.on_stop(lambda: None)  # the deadlines are expired, and each thread has seen it
    turn, reporting = threading.Lock(), threading.Lock()
    with ThreadPoolExecutor(job.concurrency) as pool:
        for done in pool.map(lambda errand: attempt(job, errand, turn, reporting), job.errands):
            del done


def attempt(job: Job, errand: Errand, turn: threading.Lock, reporting: threading.Lock) -> None:
    with turn:  # one begins at a time, after others have had the interpreter; see Job
        time.sleep(0)
    if job.stopped:
        return
    attempt = job.attempt(errand)
    try:
        page = fetch_and_save(errand.url, job.store, **attempt.limits)
    except FetchAndSaveError as error:
        with reporting:
            attempt.fail(error)
    else:
        with reporting:
            attempt.succeed(page)


if __name__ == "__main__":
    command.script("threads")
