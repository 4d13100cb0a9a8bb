"""A job's attempts as tasks of asyncio's loop, for all that run on it: asyncio, uvloop, Tornado, and what they drive."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from scenarios.fetch_and_save.job import Errand, Job


class Slots(Protocol):
    """A semaphore, asyncio's or Tornado's."""

    def acquire(self) -> Awaitable[object]:
        """Wait for a slot."""

    def release(self) -> object:
        """Give it back."""


async def attempts(job: Job, slots: Slots, attempt: Callable[[Job, Errand], Awaitable[None]]) -> None:
    """Make an attempt at each errand, as many at once as there are slots; end those that have begun when one fails."""
    tasks: list[asyncio.Task[None]] = []

    async def one(errand: Errand) -> None:
        try:
            await attempt(job, errand)
        finally:
            slots.release()

    try:
        for errand in job.errands:
            await slots.acquire()
            tasks.append(asyncio.create_task(one(errand)))
            await asyncio.sleep(0)  # one begins in each turn of the loop; see Job
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
