"""Fetch and save with asyncio: aiohttp for HTTP, a Future that the store's writer sets; the same code on uvloop.

One timeout covers everything that may wait. A fetch that is cancelled has closed its connection before its caller resumes,
and a save that has begun is waited for, because its transaction has other rows in it.
"""

import asyncio
import contextlib
import functools
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import aiohttp
import yarl
from aiohttp.client_proto import ResponseHandler

from scenarios.fetch_and_save import command
from scenarios.fetch_and_save.asyncio_turns import attempts
from scenarios.fetch_and_save.asyncio_uvloop import Lent
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
from scenarios.fetch_and_save.outcomes import Outcomes

if sys.version_info >= (3, 11):
    from asyncio import timeout as time_limit
else:
    from async_timeout import timeout as time_limit

NEVER_PAUSED = 2**30  # bytes; what came is taken at once, and uvloop loses the end of a TLS connection that was paused
LONGEST_LINE = 16 * 1024  # bytes; more than the wire lets through


async def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with visit.kinds(timeouts=(asyncio.TimeoutError,)):
        async with time_limit(visit.deadline.left):
            while True:
                page = await hop(visit)
                if page is not None:
                    return page


async def hop(visit: Visit) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    url = visit.url
    session = aiohttp.ClientSession(
        connector=WatchedConnector(visit),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=visit.connect_timeout),
        read_bufsize=NEVER_PAUSED,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
    )
    # The target goes in as a path, query and all: yarl then leaves every character of it alone.
    place = yarl.URL.build(scheme=url.scheme, authority=url.netloc, path=url.target, encoded=True)
    tls = client_context() if url.scheme == "https" else True
    async with session, session.get(place, headers=visit.headers, ssl=tls, allow_redirects=False) as response:
        if not visit.answered(response.status):
            return None
        async for chunk in response.content.iter_any():
            visit.delivered(chunk)
        return visit.page()


async def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    await stored(store, page, Deadline.of(timeout))


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
        await stored(store, None, deadline)
    page = await fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        await save(page, store, timeout=deadline)
    return page


async def stored(store: Store, page: Page | None, deadline: Deadline) -> None:
    """Wait until the page is durable, or the store open; a cancelled caller resumes when the writer has let go of it."""
    deadline = Deadline(deadline.left)
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()
    outcome: list[FetchAndSaveError | None] = []

    def tell(error: FetchAndSaveError | None) -> None:
        outcome.append(error)
        if not waiter.done():
            waiter.set_result(None)

    store.begin(page, deadline, Outcomes.of(loop).by(loop.call_soon_threadsafe, tell))
    try:
        await waiter
    except asyncio.CancelledError:
        deadline.expire()
        while not outcome:
            waiter = loop.create_future()
            with contextlib.suppress(asyncio.CancelledError):  # cancelled again, it waits on
                await waiter
        raise
    if (error := outcome.pop()) is not None:
        raise error


class PatientSSLObject(ssl.SSLObject):
    """TLS that gives what it has decrypted before it says that it is broken.

    asyncio and uvloop read until TLS has no more, and drop all of it when the last read fails. So an error that follows data is
    kept in `broken`, for whoever is given the data.
    """

    broken: ssl.SSLError | None = None
    _has_given = False  # data, since it last had no more

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        try:
            given = super().read(len, buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._has_given = False
            raise
        except ssl.SSLError as error:
            if not self._has_given:
                raise
            self.broken, self._has_given = error, False
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "what came before the error goes first") from None
        self._has_given = bool(given)
        return given


@functools.cache
def client_context() -> ssl.SSLContext:
    """What client_context() of the contract is, with a patient SSLObject."""
    context = strict(ssl.create_default_context())
    context.sslobject_class = PatientSSLObject
    return context


class WatchedConnector(aiohttp.TCPConnector):
    """aiohttp's own way onto the network, with the visit told of every byte that comes in."""

    def __init__(self, visit: Visit) -> None:
        self._lent = Lent()
        super().__init__(limit=0, use_dns_cache=False, resolver=aiohttp.ThreadedResolver(), **self._lent.options)
        self._watches: list[Watch] = []
        # Private, and all there is: what makes the protocol of a new connection.
        self._factory = functools.partial(WatchedHandler, visit, self._watches, self._loop)  # type: ignore[assignment]

    async def close(self, **options: Any) -> None:
        """Close every connection, and come back when that is done."""
        try:
            await super().close(**options)
        finally:
            while self._watches:  # none is kept: the visit, which holds the body, would wait for the garbage collector
                self._watches.pop().abort()
            self._lent.let_go()
            await asyncio.sleep(0)  # a transport closes its socket in the loop's next turn


class WatchedHandler(ResponseHandler):
    """aiohttp's protocol, which a watch stands in front of as soon as the connection is up, TLS included."""

    def __init__(self, visit: Visit, watches: "list[Watch]", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._visit, self._watches = visit, watches

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # uvloop's transport is not a subclass of asyncio's.
        self._watches.append(Watch(self._visit, self, cast(asyncio.Transport, transport)))

    def set_exception(self, exc: Any, *cause: Any) -> None:
        # A GET whose connection dropped, aiohttp would send again; an error of ours it lets through.
        super().set_exception(self._visit.failure(exc), *cause)


class Watch(asyncio.Protocol):
    """Shows the visit what was received before the client's parser sees it."""

    def __init__(self, visit: Visit, client: ResponseHandler, transport: asyncio.Transport) -> None:
        self._visit, self._client, self._transport = visit, client, transport
        self._tls: PatientSSLObject | None = transport.get_extra_info("ssl_object")
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._ended = False
        visit.connected()
        transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        if plain := self._received(data):
            self._client.data_received(plain)
        if self._tls is not None and self._tls.broken is not None:
            self._visit.lost(self._tls.broken)
            self._transport.abort()

    def eof_received(self) -> None:
        self._end()
        self._client.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._end()
        else:
            self._visit.lost(exc)
        self._client.connection_lost(exc)

    def pause_writing(self) -> None:
        self._client.pause_writing()

    def resume_writing(self) -> None:
        self._client.resume_writing()

    def _received(self, data: bytes) -> bytes:
        if self._client.transport is None:
            return b""  # the client has let go of it, and the visit may be elsewhere
        try:
            return self._visit.received(data)
        except FetchAndSaveError:
            self._transport.abort()  # the client fails, and failure() says why
            return b""

    def _end(self) -> None:
        if self._ended or self._client.transport is None or not self._visit.deadline.left:
            return  # Once the deadline has passed the end is our own doing.
        self._ended = True
        if self._is_cut():
            self._visit.lost(ConnectionAbortedError("it did not end as the peer would end it"))
        else:
            self._received(b"")

    def _is_cut(self) -> bool:
        """Whether it ended without the peer's word for it: the loops do not tell."""
        if self._tls is None:  # uvloop before 0.20 passes a reset for an end
            return bool(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        try:
            return bool(self._tls.read(1))  # all loops pass a TCP connection's end for that of TLS
        except ssl.SSLZeroReturnError:
            return False
        except ssl.SSLError:
            return True

    def abort(self) -> None:
        """Close the connection, whatever is still under way."""
        self._transport.abort()


def run(job: Job) -> None:
    """Do a whole job."""
    try:
        if "uvloop" in job.options:
            import uvloop

            uvloop.run(main(job))
        else:
            asyncio.run(main(job))
    except asyncio.CancelledError:
        if not job.stopped:
            raise


async def main(job: Job) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    job.on_stop(functools.partial(loop.call_soon_threadsafe, task.cancel))
    loop.set_default_executor(ThreadPoolExecutor(job.concurrency))  # no name is looked up later because another one takes long
    loop.slow_callback_duration = 60.0  # seconds: development mode would complain of a bomb that is defused
    await attempts(job, asyncio.Semaphore(job.concurrency), attempt)


async def attempt(job: Job, errand: Errand) -> None:
    with job.attempt(errand) as attempt:
        attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)


if __name__ == "__main__":
    command.script("asyncio")
