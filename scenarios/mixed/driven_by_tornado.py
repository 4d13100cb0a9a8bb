"""Driven by Tornado: an IOLoop, its Semaphore, and gen.multi() for many at once."""

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor

from tornado.gen import multi
from tornado.ioloop import IOLoop
from tornado.locks import Semaphore

from interop.adapters.tornado import current, open_portal
from scenarios.fetch_and_save.contract import Errand, Job
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
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 60.0
    slots = Semaphore(job.concurrency)

    async def one(errand: Errand) -> None:
        async with slots:
            await attempt(mix, fetcher, saver, job, errand)

    async with (
        open_portal(mix.where_to_fetch(current())) as fetcher,
        open_portal(mix.where_to_save(current(), fetcher.runtime)) as saver,
    ):
        await make_room(mix, fetcher, saver, job)
        # Tornado's own futures know no cancel: the tasks beneath do.
        tasks = [asyncio.ensure_future(one(errand)) for errand in job.errands]
        job.on_stop(functools.partial(loop.call_soon_threadsafe, lambda: [task.cancel() for task in tasks]))
        await multi(tasks)
