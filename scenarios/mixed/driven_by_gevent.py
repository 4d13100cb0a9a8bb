"""Driven by gevent, and nothing patched: a greenlet a page, and a call blocks no more than its greenlet."""

import gevent
import gevent.pool

from interop.adapters.gevent import current, open_portal
from scenarios.fetch_and_save.contract import Job
from scenarios.fetch_and_save.with_gevent import A_TURN
from scenarios.mixed.anywhere import Mix, attempt_blocking, make_room_blocking


def settle(concurrency: int) -> None:
    """The hub's pool has room."""


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    pool, hub = gevent.pool.Pool(job.concurrency), gevent.get_hub()
    with (
        open_portal(mix.where_to_fetch(current())) as fetcher,
        open_portal(mix.where_to_save(current(), fetcher.runtime)) as saver,
    ):
        make_room_blocking(mix, fetcher, saver, job)
        # Called in a signal handler, which may have interrupted the hub itself: only the loop's thread-safe entry will do.
        job.on_stop(lambda: hub.loop.run_callback_threadsafe(pool.kill, gevent.GreenletExit, False))
        for errand in job.errands:
            pool.spawn(attempt_blocking, mix, fetcher, saver, job, errand)  # waits while the pool is full
            gevent.sleep(A_TURN)  # one begins in each turn of the loop; see Job
        pool.join(raise_error=True)
