"""Fetch and save with Trio: httpcore for HTTP, a worker thread for the database.

Everything that may wait stands inside one cancel scope. A cancelled fetch closes its connection on the way out; a thread that
waits for the store's lock asks whether it is cancelled, and a save that is being written is waited for.
"""

import httpcore
import trio

from scenarios.fetch_and_save import command
from scenarios.fetch_and_save.contract import MAX_BODY, MAX_REDIRECTS, TIMEOUT, Deadline, Errand, Job, Page, Store, Visit
from scenarios.fetch_and_save.httpcore_client import hop


async def fetch(
    url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
) -> Page:
    """Fetch one page; see contract.py."""
    visit = Visit(url, timeout=timeout, max_body=max_body, max_redirects=max_redirects)
    backend = httpcore.TrioBackend()
    with visit.kinds(timeouts=(trio.TooSlowError, httpcore.TimeoutException)), trio.fail_after(visit.deadline.left):
        while True:
            page = await hop(visit, backend)
            if page is not None:
                return page


async def save(page: Page, store: Store, *, timeout: float | Deadline = TIMEOUT) -> None:
    """Save one page; see contract.py."""
    await trio.to_thread.run_sync(store.save, page, ThreadDeadline(timeout))


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
        await trio.to_thread.run_sync(store.open, ThreadDeadline(deadline))
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
        trio.from_thread.check_cancelled()
        return super().left

    @property
    def late(self) -> float:
        trio.from_thread.check_cancelled()
        return super().late


def run(job: Job) -> None:
    """Do a whole job."""
    trio.run(main, job)


async def main(job: Job) -> None:
    # Twice: no name is to be looked up later because a save waits.
    trio.to_thread.current_default_thread_limiter().total_tokens = 2 * job.concurrency
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
