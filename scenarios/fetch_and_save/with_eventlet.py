"""Fetch and save with Eventlet, and nothing patched: its green http.client for HTTP, one thread of tpool's for the store.

A green thread is cancelled by killing it: GreenletExit is raised where it waits, passes through and closes what it passes; a
save that has begun is waited for: its transaction has other rows in it. An eventlet.Timeout of the caller's passes through.
Eventlet is in maintenance, and its users are on their way to asyncio; for them this file stands here.
"""

import _queue
import contextlib
import functools
import socket
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

with warnings.catch_warnings():
    # That it is deprecated is news for whoever chose it, not for whoever runs what was written with it.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet
import eventlet.event
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
    FetchAndSaveError,
    Job,
    Page,
    Store,
    Visit,
    strict,
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
                # A ragged end is no end: somebody on the way may have cut a body that only the end delimits.
                sock = context.wrap_socket(
                    sock, server_hostname=visit.url.certified, do_handshake_on_connect=False, suppress_ragged_eofs=False
                )
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
    return strict(eventlet.green.ssl.create_default_context())


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


def stored(store: Store, page: Page | None, deadline: Deadline) -> None:
    """Wait until the page is durable, or the store open; a killed green thread goes on when the writer has let go of it."""
    deadline = Deadline(deadline.left)
    ended = eventlet.event.Event()
    outcomes = Outcomes.of_this_hub()
    outcomes.wanted += 1
    store.begin(page, deadline, lambda error: outcomes.came.put((ended, error)))
    outcomes.listen()
    try:
        error = ended.wait()
    except BaseException:
        deadline.expire()
        while not ended.ready():
            with contextlib.suppress(BaseException):  # killed again
                ended.wait()
        raise
    if error is not None:
        blocking.returned(error)


class Outcomes:
    """What the store's writer has said to the green threads of one hub, which has no way in for other threads.

    One thread of tpool's waits for all of them, as long as there is anything to wait for.
    """

    hubs: ClassVar["weakref.WeakKeyDictionary[Any, Outcomes]"] = weakref.WeakKeyDictionary()

    def __init__(self) -> None:
        self.came: _queue.SimpleQueue[tuple[Any, FetchAndSaveError | None]] = _queue.SimpleQueue()
        self.wanted = 0
        self._is_listening = False

    @classmethod
    def of_this_hub(cls) -> "Outcomes":
        """Make it when it is first asked for."""
        return cls.hubs.setdefault(eventlet.hubs.get_hub(), cls())

    def listen(self) -> None:
        """Hand out what comes, in a green thread of its own, until nothing is wanted any more."""
        if not self._is_listening:
            self._is_listening = True
            eventlet.spawn_n(self._hand_out)

    def _hand_out(self) -> None:
        while self.wanted:
            for ended, error in eventlet.tpool.execute(self._some):
                self.wanted -= 1
                ended.send(error)
        self._is_listening = False

    def _some(self) -> list[tuple[Any, FetchAndSaveError | None]]:
        some = [self.came.get()]
        with contextlib.suppress(_queue.Empty):
            while True:
                some.append(self.came.get_nowait())
        return some


def run(job: Job) -> None:
    """Do a whole job."""
    pool = eventlet.GreenPool(job.concurrency)
    # The hub sleeps through a signal, but not through a byte that the signal handler sends.
    bell, rope = eventlet.green.socket.socketpair()
    ringer = eventlet.spawn(kill_when_it_rings, bell, pool)
    job.on_stop(lambda: rope.fd.send(b"!"))
    try:
        for thread in [spawned(pool, attempt, job, errand) for errand in job.errands]:
            with contextlib.suppress(eventlet.greenlet.GreenletExit):
                thread.wait()
    finally:
        ringer.kill()
        bell.close()
        rope.close()


def spawned(pool: Any, attempt: Callable[[Job, Errand], None], job: Job, errand: Errand) -> Any:
    thread = pool.spawn(attempt, job, errand)  # waits while the pool is full
    eventlet.sleep(0)  # one begins in each turn of the hub; see Job
    return thread


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
