"""Fetch and save with Trio: httpcore for HTTP, TrioToken.run_sync_soon() for the store's writer to call back.

Everything that may wait stands inside one cancel scope. A cancelled fetch closes its connection on the way out; a save that
waits for the store's lock is given up, and one that is being written is waited for.
"""

import httpcore
import trio

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
)
from scenarios.fetch_and_save.httpcore_client import hop
from scenarios.fetch_and_save.outcomes import Outcomes


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
    token = trio.lowlevel.current_trio_token()
    ended = trio.Event()
    outcome: list[FetchAndSaveError | None] = []

    def tell(error: FetchAndSaveError | None) -> None:
        outcome.append(error)
        ended.set()

    store.begin(page, deadline, Outcomes.of(token).by(token.run_sync_soon, tell))
    try:
        await ended.wait()
    except trio.Cancelled:
        deadline.expire()
        with trio.CancelScope(shield=True):
            await ended.wait()
        raise
    if (error := outcome.pop()) is not None:
        raise error


def run(job: Job) -> None:
    """Do a whole job."""
    trio.run(main, job)


async def main(job: Job) -> None:
    # No name is to be looked up later because another one takes long.
    trio.to_thread.current_default_thread_limiter().total_tokens = job.concurrency
    async with trio.open_nursery() as nursery:
        token = trio.lowlevel.current_trio_token()
        job.on_stop(lambda: token.run_sync_soon(nursery.cancel_scope.cancel))
        slots = trio.Semaphore(job.concurrency)
        for errand in job.errands:
            await slots.acquire()  # a checkpoint: one begins in each turn of the loop; see Job
            nursery.start_soon(attempt, job, errand, slots)


async def attempt(job: Job, errand: Errand, slots: trio.Semaphore) -> None:
    try:
        with job.attempt(errand) as attempt:
            attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)
    finally:
        slots.release()


if __name__ == "__main__":
    command.script("trio")
