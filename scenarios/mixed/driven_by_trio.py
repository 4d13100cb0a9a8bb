"""Driven by Trio: a nursery, and a task a page."""

import trio

from interop.adapters.trio import current, open_portal
from scenarios.fetch_and_save.contract import Errand, Job
from scenarios.mixed.anywhere import Mix, attempt, make_room


def settle(concurrency: int) -> None:
    """Make room."""
    trio.to_thread.current_default_thread_limiter().total_tokens = 2 * concurrency


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    trio.run(main, job, mix)


async def main(job: Job, mix: Mix) -> None:
    """Open both portals, and send every page through them."""
    slots = trio.Semaphore(job.concurrency)

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
        async with trio.open_nursery() as nursery:
            token = trio.lowlevel.current_trio_token()
            job.on_stop(lambda: token.run_sync_soon(nursery.cancel_scope.cancel))
            for errand in job.errands:
                await slots.acquire()  # a checkpoint: one begins in each turn of the loop; see Job
                nursery.start_soon(one, errand)
