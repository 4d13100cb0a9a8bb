"""Fetch and save with AnyIO: httpcore for HTTP, a worker thread for the database; the same code on asyncio and on Trio.

Everything that may wait stands inside one cancel scope. A cancelled fetch closes its connection on the way out; a thread that
waits for the store's lock asks whether it is cancelled, and a save that is being written is waited for.
"""

import threading

import anyio
import anyio.from_thread
import anyio.to_thread
import httpcore

from scenarios.fetch_and_save import command
from scenarios.fetch_and_save.contract import MAX_BODY, MAX_REDIRECTS, TIMEOUT, Deadline, Errand, Job, Page, Store, Visit
from scenarios.fetch_and_save.httpcore_client import hop


async def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    backend = httpcore.AnyIOBackend()
    with visit.kinds(timeouts=(TimeoutError, httpcore.TimeoutException)), anyio.fail_after(visit.deadline.left):
        while True:
            page = await hop(visit, backend)
            if page is not None:
                return page


async def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    await anyio.to_thread.run_sync(store.save, page, ThreadDeadline(timeout))


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
        await anyio.to_thread.run_sync(store.open, ThreadDeadline(deadline))
    page = await fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        await save(page, store, timeout=deadline)
    return page


class ThreadDeadline(Deadline):
    """A deadline for a worker thread: whoever looks whether it has passed, is cancelled if the task is that waits for it."""

    def __init__(self, timeout: float | Deadline) -> None:
        super().__init__(Deadline.of(timeout).left)

    @property
    def left(self) -> float:
        anyio.from_thread.check_cancelled()
        return super().left

    @property
    def late(self) -> float:
        anyio.from_thread.check_cancelled()
        return super().late


def run(job: Job) -> None:
    """Do a whole job."""
    anyio.run(main, job, backend="trio" if "trio" in job.options else "asyncio")


async def main(job: Job) -> None:
    # Once more, and one for the stop: no name is to be looked up later because a save waits.
    anyio.to_thread.current_default_thread_limiter().total_tokens = 2 * job.concurrency + 1
    told = threading.Event()
    job.on_stop(told.set)
    try:
        async with anyio.create_task_group() as watcher:
            watcher.start_soon(cancel_when_told, told, watcher.cancel_scope)
            limiter = anyio.CapacityLimiter(job.concurrency)
            async with anyio.create_task_group() as attempts:
                for errand in job.errands:
                    attempts.start_soon(attempt, job, errand, limiter)
            watcher.cancel_scope.cancel()
    finally:
        told.set()  # the thread that waits for it ends


async def cancel_when_told(told: threading.Event, scope: anyio.CancelScope) -> None:
    """A thread is AnyIO's way to wait for what happens outside of every event loop, as a signal handler does."""
    await anyio.to_thread.run_sync(told.wait, abandon_on_cancel=True)
    scope.cancel()


async def attempt(job: Job, errand: Errand, limiter: anyio.CapacityLimiter) -> None:
    async with limiter:
        with job.attempt(errand) as attempt:
            attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)


if __name__ == "__main__":
    command.script("anyio[asyncio]")
