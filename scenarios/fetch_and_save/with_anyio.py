"""Fetch and save with AnyIO: httpcore for HTTP, an Event that the store's writer sets; the same code on asyncio and on Trio.

Everything that may wait stands inside one cancel scope. A cancelled fetch closes its connection on the way out; a save that
waits for the store's lock is given up, and one that is being written is waited for.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import httpcore

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
    backend = httpcore.AnyIOBackend()
    with visit.kinds(timeouts=(TimeoutError, httpcore.TimeoutException)), anyio.fail_after(visit.deadline.left):
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
    loop, run_soon = way_in()
    ended = anyio.Event()
    outcome: list[FetchAndSaveError | None] = []

    def tell(error: FetchAndSaveError | None) -> None:
        outcome.append(error)
        ended.set()

    store.begin(page, deadline, Outcomes.of(loop).by(run_soon, tell))
    try:
        await ended.wait()
    except anyio.get_cancelled_exc_class():
        deadline.expire()
        with anyio.CancelScope(shield=True):
            await ended.wait()
        raise
    if (error := outcome.pop()) is not None:
        raise error


def way_in() -> tuple[Any, Callable[[Callable[[], object]], Any]]:
    """What stands for this event loop, and the way into it from another thread, which returns at once.

    AnyIO's own ways wait for the loop; so ask the backend. Both may run in one thread, one as the guest of the other. Only
    code on asyncio is in a task of asyncio's.
    """
    try:
        on_asyncio = asyncio.current_task() is not None
    except RuntimeError:  # no asyncio loop runs
        on_asyncio = False
    if on_asyncio:
        loop = asyncio.get_running_loop()
        return loop, loop.call_soon_threadsafe
    token = sys.modules["trio"].lowlevel.current_trio_token()
    return token, token.run_sync_soon


def run(job: Job) -> None:
    """Do a whole job."""
    if "trio" in job.options:
        anyio.run(main, job, backend="trio")
    else:
        # In development mode asyncio would complain of each step that a busy machine takes a tenth of a second for.
        anyio.run(main, job, backend="asyncio", backend_options={"debug": False})


async def main(job: Job) -> None:
    # One more for the stop: no name is to be looked up later because another one takes long.
    anyio.to_thread.current_default_thread_limiter().total_tokens = job.concurrency + 1
    told = threading.Event()
    job.on_stop(told.set)
    try:
        async with anyio.create_task_group() as watcher:
            watcher.start_soon(cancel_when_told, told, watcher.cancel_scope)
            slots = anyio.Semaphore(job.concurrency)
            async with anyio.create_task_group() as attempts:
                for errand in job.errands:
                    await slots.acquire()  # a checkpoint: one begins in each turn of the loop; see Job
                    attempts.start_soon(attempt, job, errand, slots)
            watcher.cancel_scope.cancel()
    finally:
        told.set()  # the thread that waits for it ends


async def cancel_when_told(told: threading.Event, scope: anyio.CancelScope) -> None:
    """A thread is AnyIO's way to wait for what happens outside of every event loop, as a signal handler does."""
    await anyio.to_thread.run_sync(told.wait, abandon_on_cancel=True)
    scope.cancel()


async def attempt(job: Job, errand: Errand, slots: anyio.Semaphore) -> None:
    try:
        with job.attempt(errand) as attempt:
            attempt.page = await fetch_and_save(errand.url, job.store, **attempt.limits)
    finally:
        slots.release()


if __name__ == "__main__":
    command.script("anyio[asyncio]")
