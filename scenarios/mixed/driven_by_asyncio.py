"""Driven by asyncio, or by uvloop: a task a page."""

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor

from interop.adapters.asyncio import current, open_portal
from scenarios.fetch_and_save.asyncio_turns import attempts
from scenarios.fetch_and_save.contract import Job
from scenarios.mixed.anywhere import Mix, attempt, make_room


def settle(concurrency: int) -> None:
    """Make room."""
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 60.0  # seconds: development mode would complain of a busy machine
    loop.set_default_executor(ThreadPoolExecutor(concurrency))


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    try:
        if mix.driver == "asyncio[uvloop]":
            import uvloop

            uvloop.run(main(job, mix))
        else:
            asyncio.run(main(job, mix))
    except asyncio.CancelledError:
        if not job.stopped:
            raise


async def main(job: Job, mix: Mix) -> None:
    """Open both portals, and send every page through them."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    job.on_stop(functools.partial(loop.call_soon_threadsafe, task.cancel))
    loop.slow_callback_duration = 60.0
    async with (
        open_portal(mix.where_to_fetch(current())) as fetcher,
        open_portal(mix.where_to_save(current(), fetcher.runtime)) as saver,
    ):
        await make_room(mix, fetcher, saver, job)
        await attempts(job, asyncio.Semaphore(job.concurrency), functools.partial(attempt, mix, fetcher, saver))
