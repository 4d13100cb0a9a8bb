"""Driven by Tornado: an IOLoop, its Semaphore, and a task a page, since Tornado's own futures know no cancel."""

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor

from tornado.ioloop import IOLoop
from tornado.locks import Semaphore

from interop.adapters.tornado import current, open_portal
from scenarios.fetch_and_save.asyncio_turns import attempts
from scenarios.fetch_and_save.contract import Job
from scenarios.mixed.anywhere import Mix, attempt, make_room


def settle(concurrency: int) -> None:
    """Make room."""
    asyncio.get_running_loop().slow_callback_duration = 60.0  # seconds: development mode would complain of a busy machine
    IOLoop.current().set_default_executor(ThreadPoolExecutor(concurrency))


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    try:
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
        await attempts(job, Semaphore(job.concurrency), functools.partial(attempt, mix, fetcher, saver))
