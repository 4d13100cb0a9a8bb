"""Fetch and save with gevent, and nothing patched: its own sockets, geventhttpclient's parser, the hub for the store's writer.

A greenlet is cancelled by killing it: GreenletExit is raised where it waits, passes through and closes what it passes; a save
that has begun is waited for: its transaction has other rows in it. A gevent.Timeout of the caller's passes through likewise.
"""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
import gevent.pool
import gevent.socket
import gevent.ssl
from geventhttpclient.response import HTTPSocketResponse

from scenarios.fetch_and_save import command
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
    strict,
)

PIECE = 64 * 1024  # bytes of one read
A_TURN = 1e-9  # seconds: only a timer waits for a turn of the loop; gevent.sleep(0) comes back before the loop has polled


class Overdue(gevent.Timeout):  # type: ignore[misc]
    """Our own, so that a timeout that the caller has set is not taken for it."""


def fetch(url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with visit.kinds(timeouts=(Overdue,)), Overdue(visit.deadline.left):
        while True:
            page = hop(visit)
            if page is not None:
                return page


def hop(visit: Visit) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    # Not through an HTTPClient: it would ask up to three times, and has its own mind about targets and the order of headers.
    with contextlib.closing(connect(visit)) as sock:
        sock.sendall(request(visit))
        response = HTTPSocketResponse(WatchedSocket(sock, visit), block_size=PIECE)
        if not visit.answered(response.status_code):
            return None
        while piece := response.read(PIECE):
            visit.delivered(piece)
        return visit.page()


def connect(visit: Visit) -> Any:
    """A connection to the visit's place, TLS included."""
    url = visit.url
    context = client_context() if url.scheme == "https" else None
    with Overdue(visit.connect_timeout):
        sock = gevent.socket.create_connection((url.host, url.port))
        try:
            if context is not None:
                # A ragged end is no end: somebody on the way may have cut a body that only the end delimits.
                sock = context.wrap_socket(
                    sock, server_hostname=url.certified, do_handshake_on_connect=False, suppress_ragged_eofs=False
                )
                sock.do_handshake()
        except BaseException:
            sock.close()
            raise
    visit.connected()
    return sock


@functools.cache
def client_context() -> Any:
    """What client_context() of the contract is, with sockets that wait in the hub."""
    context: Any = strict(gevent.ssl.create_default_context())
    context.__class__ = gevent.ssl.SSLContext  # unpatched, it is Python's own: its handshake would block the hub
    return context


def request(visit: Visit) -> bytes:
    lines = [f"GET {visit.url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in visit.headers)]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    stored(store, page, Deadline.of(timeout))


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
        stored(store, None, deadline)
    page = fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        save(page, store, timeout=deadline)
    return page


class WatchedSocket:
    """A connection that shows the visit what it reads before the client's parser sees it."""

    def __init__(self, inner: Any, visit: Visit) -> None:
        self._inner, self._visit = inner, visit

    def recv(self, size: int) -> bytes:
        while True:
            # Where data is always there, recv() never waits, no other greenlet runs, and no timeout fires.
            gevent.sleep(0)
            data = self._inner.recv(size)
            plain = self._visit.received(data)
            if plain or not data:
                return plain

    def close(self) -> None:
        self._inner.close()


def stored(store: Store, page: Page | None, deadline: Deadline) -> None:
    """Wait until the page is durable, or the store open; a killed greenlet goes on when the writer has let go of it."""
    deadline = Deadline(deadline.left)
    ended = gevent.event.Event()
    outcome: list[FetchAndSaveError | None] = []
    watcher = gevent.get_hub().loop.async_()  # what another thread may use; and while it is started, the hub has to wait
    watcher.start(ended.set)

    def done(error: FetchAndSaveError | None) -> None:
        outcome.append(error)
        watcher.send()

    store.begin(page, deadline, done)
    try:
        ended.wait()
    except BaseException:
        deadline.expire()
        while not ended.is_set():
            with contextlib.suppress(BaseException):  # killed again
                ended.wait()
        raise
    finally:
        watcher.stop()
        watcher.close()
    if (error := outcome.pop()) is not None:
        try:
            raise error
        finally:
            del error  # its traceback has this frame, which would keep both alive


def run(job: Job, fetch_and_save: Callable[..., Page] = fetch_and_save) -> None:
    """Do a whole job."""
    pool = gevent.pool.Pool(job.concurrency)
    hub = gevent.get_hub()
    # Called in a signal handler, which may have interrupted the hub itself: only the loop's thread-safe entry will do.
    job.on_stop(lambda: hub.loop.run_callback_threadsafe(pool.kill, gevent.GreenletExit, False))
    for errand in job.errands:
        pool.spawn(attempt, job, errand, fetch_and_save)  # waits while the pool is full
        gevent.sleep(A_TURN)  # one begins in each turn of the loop; see Job
    pool.join(raise_error=True)


def attempt(job: Job, errand: Errand, fetch_and_save: Callable[..., Page]) -> None:
    if not job.stopped:
        with job.attempt(errand) as attempt:
            attempt.page = fetch_and_save(errand.url, job.store, **attempt.limits)


if __name__ == "__main__":
    command.script("gevent")
