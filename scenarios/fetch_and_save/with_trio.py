"""Fetch and save with Trio: httpcore for HTTP, a worker thread for the database.

Everything that may wait stands inside one cancel scope; a cancelled fetch closes its connection on the way out, and a
save that has begun is waited for, because a thread cannot be cancelled.
"""

from typing import Any

import httpcore
import trio

from scenarios.fetch_and_save import command
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
    client_context,
)


async def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    with visit.kinds(timeouts=(trio.TooSlowError, httpcore.TimeoutException)), trio.fail_after(visit.deadline.left):
        while True:
            page = await hop(visit)
            if page is not None:
                return page


async def hop(visit: Visit) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    url = visit.url
    request = httpcore.Request(
        "GET",
        httpcore.URL(scheme=url.scheme.encode(), host=url.host.encode(), port=url.port, target=url.target.encode()),
        headers=visit.headers,
        extensions={"timeout": {"connect": visit.connect_timeout}},
    )
    context = client_context() if url.scheme == "https" else None
    async with httpcore.AsyncConnectionPool(ssl_context=context, network_backend=WatchedBackend(visit)) as pool:
        response = await pool.handle_async_request(request)
        try:
            if not visit.answered(response.status):
                return None
            async for chunk in response.aiter_stream():
                visit.delivered(chunk)
            return visit.page()
        finally:
            await response.aclose()


async def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    await trio.to_thread.run_sync(store.save, page, timeout)


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
        await trio.to_thread.run_sync(store.open, deadline)
    page = await fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        await save(page, store, timeout=deadline)
    return page


class WatchedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's own way onto the network, with the visit told of every byte that comes in."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._inner = visit, httpcore.TrioBackend()

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(host, port, *args, **kwargs)
        if self._visit.url.scheme == "http":
            self._visit.connected()
        return WatchedStream(stream, self._visit)

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


class WatchedStream(httpcore.AsyncNetworkStream):
    """A connection that shows the visit what it reads before the client's parser sees it."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, visit: Visit) -> None:
        self._inner, self._visit = inner, visit

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while data := await self._inner.read(max_bytes, timeout):
            if plain := self._visit.received(data):
                return plain
        return self._visit.received(b"")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.start_tls(*args, **kwargs)
        self._visit.connected()
        return WatchedStream(stream, self._visit)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def run(job: Job) -> None:
    """Do a whole job."""
    trio.run(main, job)


async def main(job: Job) -> None:
    async with trio.open_nursery() as nursery:
        token = trio.lowlevel.current_trio_token()
        job.on_stop(lambda: token.run_sync_soon(nursery.cancel_scope.cancel))
        limiter = trio.CapacityLimiter(job.concurrency)
        for errand in job.errands:
            nursery.start_soon(attempt, job, errand, limiter)


async def attempt(job: Job, errand: Errand, limiter: trio.CapacityLimiter) -> None:
    async with limiter:
        with job.attempt(errand) as attempt:
            attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)


if __name__ == "__main__":
    command.script("trio")
