"""Fetch and save with Tornado: its own AsyncHTTPClient, and IOLoop.add_callback() for the store's writer to call back.

The deadline is the client's request_timeout. A Tornado Future that is cancelled stops nothing, so a fetch that is cancelled
ends the client's work itself, and a save that has begun is waited for.
"""

import asyncio
import contextlib
import functools
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.concurrent import Future
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httpclient import HTTPRequest
from tornado.httputil import HTTPHeaders, RequestStartLine, ResponseStartLine
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError
from tornado.locks import Semaphore
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient, _HTTPConnection
from tornado.tcpclient import TCPClient

from scenarios.fetch_and_save import command
from scenarios.fetch_and_save.asyncio_turns import attempts
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
    client_context,
)
from scenarios.fetch_and_save.outcomes import Outcomes

LONGEST_HEAD = 128 * 1024  # bytes; more than the wire lets through


async def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with visit.kinds(timeouts=(HTTPTimeoutError,)):
        while True:
            page = await hop(visit)
            if page is not None:
                return page


async def hop(visit: Visit) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    left = visit.deadline.left
    if not left:
        raise visit.timeout()  # to Tornado, a timeout of 0 is none
    request = HTTPRequest(
        str(visit.url),
        headers=HTTPHeaders(dict(visit.headers)),
        connect_timeout=visit.connect_timeout,
        request_timeout=left,
        follow_redirects=False,
        decompress_response=False,
        ssl_options=client_context() if visit.url.scheme == "https" else None,
    )
    client = WatchedClient(visit=visit, force_instance=True)
    try:
        response = await client.fetch(request, raise_error=False)
    finally:
        await client.end()
    return visit.page() if visit.answered(response.code) else None


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
    loop = IOLoop.current()
    waiter: Future[None] = Future()
    outcome: list[FetchAndSaveError | None] = []

    def tell(error: FetchAndSaveError | None) -> None:
        outcome.append(error)
        if not waiter.done():
            waiter.set_result(None)

    store.begin(page, deadline, Outcomes.of(loop).by(loop.add_callback, tell))
    try:
        await waiter
    except asyncio.CancelledError:
        deadline.expire()
        while not outcome:
            waiter = Future()
            with contextlib.suppress(asyncio.CancelledError):  # cancelled again, it waits on
                await waiter
        raise
    if (error := outcome.pop()) is not None:
        raise error


# From here on, what Tornado's client lacks. It has no public way in below the request, so its private classes are extended:
# _HTTPConnection (one request), TCPClient._create_stream (one attempt to connect) and SSLIOStream._do_ssl_handshake.


class WatchedClient(SimpleAsyncHTTPClient):
    """Tornado's own client, for one request, with the visit told of every byte that comes in."""

    def initialize(self, visit: Visit) -> None:  # type: ignore[override]
        """Be made for one visit; what limits there are is the wire's business."""
        super().initialize(max_clients=1, max_buffer_size=sys.maxsize, max_header_size=LONGEST_HEAD, max_body_size=sys.maxsize)
        self.visit = visit
        self.tcp_client = self.watched = WatchedTCPClient(visit, self.resolver)
        self.requests: list[WatchedConnection] = []

    def _connection_class(self) -> type:
        return WatchedConnection

    async def end(self) -> None:
        """Close every connection, and come back when nothing is left of the request."""
        for request in self.requests:
            request.give_up()
        self.watched.close()
        self.close()
        if self.requests:
            await asyncio.wait([request.task for request in self.requests])
        self.requests.clear()  # none is kept: the visit, which holds the body, would wait for the garbage collector


class WatchedConnection(_HTTPConnection):
    """One request, sent as the visit has it, and one answer."""

    client: WatchedClient

    def run(self) -> "asyncio.Task[None]":  # type: ignore[override]
        """Be a task that the client can end."""
        self.client.requests.append(self)
        self.task = asyncio.ensure_future(super().run())
        return self.task

    def give_up(self) -> None:
        """Do what Tornado does when it is too late: nobody is called back."""
        self.final_callback = None  # type: ignore[assignment]
        self._remove_timeout()
        self.task.cancel()

    def _create_connection(self, stream: IOStream) -> HTTP1Connection:
        limits = HTTP1ConnectionParameters(True, max_header_size=LONGEST_HEAD, max_body_size=sys.maxsize)
        return PlainConnection(self.client.visit, stream, limits)

    async def headers_received(self, first_line: Any, headers: HTTPHeaders) -> None:
        """Read nothing of the body of a redirect."""
        await super().headers_received(first_line, headers)
        assert isinstance(first_line, ResponseStartLine)
        if first_line.code >= 300:
            self.finish()

    def data_received(self, chunk: bytes) -> None:
        """Keep nothing here; a streaming_callback would put the visit, body and all, in a reference cycle of Tornado's."""
        self.client.visit.delivered(chunk)

    def on_connection_close(self) -> None:
        """Say so to whoever fetches; Tornado raises the stream's error into its log, and the fetch goes on waiting."""
        self._handle_exception(StreamClosedError, StreamClosedError(self.stream.error), None)


class PlainConnection(HTTP1Connection):
    """Sends the request as the visit has it: no "Connection: close", and a lone "?" stays."""

    def __init__(self, visit: Visit, stream: IOStream, params: HTTP1ConnectionParameters) -> None:
        super().__init__(stream, True, params)
        self._visit = visit

    def write_headers(self, start_line: Any, headers: HTTPHeaders, chunk: bytes | None = None) -> "asyncio.Future[None]":
        start_line = RequestStartLine("GET", self._visit.url.target, "")
        return super().write_headers(start_line, HTTPHeaders(dict(self._visit.headers)), chunk)


class WatchedTCPClient(TCPClient):
    """Tornado's own way onto the network, Happy Eyeballs and all."""

    def __init__(self, visit: Visit, resolver: Any) -> None:
        super().__init__(resolver)
        self.visit = visit
        self.streams: set[IOStream] = set()

    async def connect(self, *args: Any, timeout: Any = None, **kwargs: Any) -> IOStream:
        # Not gen.with_timeout(), as in the base class: it leaves behind what it no longer waits for.
        try:
            stream = await asyncio.wait_for(super().connect(*args, **kwargs), timeout)
        except asyncio.TimeoutError as error:
            raise HTTPTimeoutError("Timeout while connecting") from error
        self.visit.connected()
        return stream

    def _create_stream(
        self,
        max_buffer_size: int | None,
        af: socket.AddressFamily,
        addr: tuple[Any, ...],
        source_ip: str | None = None,
        source_port: int | None = None,
    ) -> "tuple[IOStream, asyncio.Future[IOStream]]":
        stream: IOStream = WatchedStream(self, socket.socket(af), max_buffer_size=max_buffer_size)
        return stream, stream.connect(addr)

    def close(self) -> None:
        """Close what is open, connected or not."""
        super().close()
        while self.streams:
            stream = self.streams.pop()
            with contextlib.suppress(asyncio.CancelledError):  # raised by Tornado before 6.6, of a handshake that was given up
                stream.close()


class Watched(IOStream):
    """A stream that shows the visit what it reads before the client's parser sees it."""

    def __init__(self, tcp: WatchedTCPClient, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tcp = tcp
        self.tcp.streams.add(self)
        self._plain = b""

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        try:
            while not self._plain:
                size = super().read_from_fd(buf)
                if size is None:
                    return None
                self._plain = self.tcp.visit.received(bytes(buf[:size]))
                if not size:
                    break
        except (FetchAndSaveError, OSError) as error:
            self.tcp.visit.connected()
            self.tcp.visit.lost(error)
            self.close()  # as PipeIOStream does: what is raised from here is logged; failure() says why the client fails
            return None
        size = min(len(self._plain), len(buf))
        buf[:size], self._plain = self._plain[:size], self._plain[size:]
        return size


class WatchedStream(Watched):
    """A connection, and how it comes to speak TLS."""

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Take nothing before TLS: anybody may have sent it. What came early is left in the socket, where TLS refuses it."""
        return None if self.tcp.visit.url.scheme == "https" else super().read_from_fd(buf)

    def start_tls(
        self, server_side: bool, ssl_options: Any = None, server_hostname: str | None = None
    ) -> "asyncio.Future[SSLIOStream]":
        if self.closed():
            raise StreamClosedError(self.error)
        if self.reading() or self.writing() or self._read_buffer_size or self._plain:  # as Tornado's own start_tls() asks
            raise ValueError("the stream is not idle; it cannot begin TLS")
        connection, self.socket = self.socket, None  # type: ignore[assignment]
        self.io_loop.remove_handler(connection)
        self.tcp.streams.discard(self)
        try:
            # Not suppressed: an end that is not the peer's word may be anybody's.
            secure = ssl_options.wrap_socket(
                connection,
                server_hostname=self.tcp.visit.url.certified,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
            )
        except OSError:
            connection.close()
            raise
        return WatchedSSLStream(self.tcp, secure, ssl_options=ssl_options).wait_for_handshake()


class WatchedSSLStream(Watched, SSLIOStream):
    """A connection that speaks TLS."""

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        self.tcp.visit.connected()  # what is read here has been decrypted
        return super().read_from_fd(buf)

    def _do_ssl_handshake(self) -> None:
        self._handshake_reading = self._handshake_writing = False
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._handshake_reading = True
        except ssl.SSLWantWriteError:
            self._handshake_writing = True
        except OSError as error:
            self.close(exc_info=error)  # Tornado would log it too
        else:
            super()._do_ssl_handshake()


def run(job: Job) -> None:
    """Do a whole job."""
    try:
        asyncio.run(main(job))
    except asyncio.CancelledError:
        if not job.stopped:
            raise


async def main(job: Job) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    job.on_stop(functools.partial(loop.call_soon_threadsafe, task.cancel))
    loop.slow_callback_duration = 60.0  # seconds: development mode would complain of a bomb that is defused
    slots = Semaphore(job.concurrency)
    with ThreadPoolExecutor(job.concurrency) as threads:
        IOLoop.current().set_default_executor(threads)
        await attempts(job, slots, attempt)


async def attempt(job: Job, errand: Errand) -> None:
    with job.attempt(errand) as attempt:
        attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)


if __name__ == "__main__":
    command.script("tornado")
