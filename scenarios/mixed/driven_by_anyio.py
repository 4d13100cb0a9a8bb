"""Driven by anyio, on asyncio or on Trio: a task group, and a task a page."""

import asyncio
import threading

import anyio
import anyio.to_thread

from interop.adapters.anyio import current, open_portal
from scenarios.fetch_and_save.contract import Errand, Job
from scenarios.fetch_and_save.with_anyio import cancel_when_told
from scenarios.mixed.anywhere import Mix, attempt, make_room


def settle(concurrency: int) -> None:
    """Make room."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = 2 * concurrency + 1
    loop = asyncio._get_running_loop()
    if loop is not None:
        loop.slow_callback_duration = 60.0  # seconds: development mode would complain of a busy machine


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    anyio.run(main, job, mix, backend=mix.driver.partition("[")[2].rstrip("]"))


async def main(job: Job, mix: Mix) -> None:
    """Open both portals, and send every page through them."""
    settle(job.concurrency)
    slots = anyio.Semaphore(job.concurrency)
    told = threading.Event()

    async def one(errand: Errand) -> None:
        try:
            await attempt(mix, fetcher, saver, job, errand)
        finally:
            slots.release()

    async with (
        open_portal(mix.where_to_fetch(current())) as fetcher,
        open_portal(mix.where_to_save(current(), fetcher.runtime)) as saver,
    ):
        await make_room(mix, fetcher, saver, job)
        job.on_stop(told.set)
        try:
            async with anyio.create_task_group() as watcher:
                watcher.start_soon(cancel_when_told, told, watcher.cancel_scope)
                async with anyio.create_task_group() as attempts:
                    for errand in job.errands:
                        await slots.acquire()  # a checkpoint: one begins in each turn of the loop; see Job
                        attempts.start_soon(one, errand)
                watcher.cancel_scope.cancel()
        finally:
            told.set()  # the thread that waits for it ends
