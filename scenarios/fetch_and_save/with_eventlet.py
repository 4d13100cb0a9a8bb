"""Fetch and save with Eventlet, and nothing patched: its green http.client for HTTP, tpool's threads for the database.

A green thread is cancelled by killing it: GreenletExit is raised where it waits, passes through and closes what it passes; a
save that has begun is waited for, because a thread cannot be cancelled. An eventlet.Timeout of the caller's passes through.
Eventlet is in maintenance, and its users are on their way to asyncio; for them this file stands here.
"""

import contextlib
import functools
import socket
import warnings
from collections.abc import Callable, Sequence
from typing import Any

with warnings.catch_warnings():
    # That it is deprecated is news for whoever chose it, not for whoever runs what was written with it.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet
import eventlet.green.http.client
import eventlet.green.socket
import eventlet.green.ssl
import eventlet.hubs
import eventlet.tpool

from scenarios.fetch_and_save import blocking, command
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


class Overdue(eventlet.Timeout):  # type: ignore[misc]
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
    in_thread(store.save, page, deadline=Deadline.of(timeout))


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
        in_thread(store.open, deadline=deadline)
    page = fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        save(page, store, timeout=deadline)
    return page


class WatchedConnection(eventlet.green.http.client.HTTPConnection):  # type: ignore[misc]
    """Eventlet's http.client connection, with the visit told of every byte that comes in."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit.url.host, visit.url.port)
        # Where data is always there, a read never waits, no other green thread runs, and no timeout fires: so it yields first.
        self.response_class = blocking.watched(
            eventlet.green.http.client.HTTPResponse, visit, lambda sock, deadline: eventlet.sleep(0)
        )
        self._visit = visit

    def connect(self) -> None:
        self.sock = connect(self._visit)


def connect(visit: Visit) -> Any:
    """A connection to the visit's place, TLS included."""
    context = client_context() if visit.url.scheme == "https" else None
    limit = Deadline(visit.connect_timeout)
    with Overdue(limit.left):
        sock = blocking.reach(resolve(visit.url.host, visit.url.port), limit, HonestSocket)
        try:
            sock.settimeout(None)
            if context is not None:
                sock = context.wrap_socket(sock, server_hostname=visit.url.host, do_handshake_on_connect=False, suppress_ragged_eofs=False)
                sock.do_handshake()
        except BaseException:
            sock.close()
            raise
    visit.connected()
    return sock


class HonestSocket(eventlet.green.socket.socket):  # type: ignore[misc]
    """A green socket that says when the peer has reset the connection; Eventlet's own takes that for the end of the data."""

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        while True:
            try:
                return int(self.fd.recv_into(buffer, nbytes, flags))
            except BlockingIOError:
                eventlet.hubs.trampoline(self.fd, read=True)


@functools.cache
def client_context() -> Any:
    """What client_context() of the contract is, with sockets that wait in the hub."""
    return eventlet.green.ssl.create_default_context()


def resolve(host: str, port: int) -> Sequence[blocking.Address]:
    """Ask the system's resolver, as all the others do: Eventlet's own, on dnspython, has other answers and other errors.

    Not through tpool, whose threads are waited for at exit: nothing can interrupt getaddrinfo().
    """
    answers: list[Sequence[blocking.Address] | Exception] = []
    here, there = socket.socketpair()

    def ask() -> None:
        with there:  # closing it wakes us
            try:
                answers.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except Exception as error:
                answers.append(error)

    with here:
        eventlet.patcher.original("threading").Thread(target=ask, daemon=True).start()
        eventlet.hubs.trampoline(here, read=True)
    return blocking.returned(answers.pop())


def in_thread(function: Callable[..., object], *args: Any, deadline: Deadline) -> None:
    """Call blocking code in a thread of tpool; a green thread that is killed meanwhile asks it to end, and waits."""

    def outcome() -> Exception | None:
        try:
            function(*args, deadline)
        except Exception as error:
            return error  # the hub would print one that is raised
        return None

    call = eventlet.spawn(eventlet.tpool.execute, outcome)
    try:
        error = call.wait()
    except BaseException:
        deadline.expire()
        while not call.dead:
            with contextlib.suppress(BaseException):  # killed again
                call.wait()
        raise
    if error is not None:
        blocking.returned(error)


def run(job: Job) -> None:
    """Do a whole job."""
    pool = eventlet.GreenPool(job.concurrency)
    # The hub sleeps through a signal, but not through a byte that the signal handler sends.
    bell, rope = eventlet.green.socket.socketpair()
    ringer = eventlet.spawn(kill_when_it_rings, bell, pool)
    job.on_stop(lambda: rope.fd.send(b"!"))
    try:
        for thread in [pool.spawn(attempt, job, errand) for errand in job.errands]:  # waits while the pool is full
            with contextlib.suppress(eventlet.greenlet.GreenletExit):
                thread.wait()
    finally:
        ringer.kill()
        bell.close()
        rope.close()


def kill_when_it_rings(bell: Any, pool: Any) -> None:
    bell.recv(1)
    for thread in tuple(pool.coroutines_running):
        thread.kill()


def attempt(job: Job, errand: Errand) -> None:
    if not job.stopped:
        with job.attempt(errand) as attempt:
            attempt.page = fetch_and_save(errand.url, job.store, **attempt.limits)


if __name__ == "__main__":
    command.script("eventlet")
