"""Driven by plain threads, which share the portals. What stops a call here is that its portal is closed."""

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from interop.adapters.threads import open_portal
from interop.errors import PortalClosed
from scenarios.fetch_and_save.contract import Errand, Job
from scenarios.mixed.anywhere import Mix, attempt_blocking, make_room_blocking


def settle(concurrency: int) -> None:
    """There are as many threads as there are calls."""


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    news: queue.SimpleQueue[None] = queue.SimpleQueue()  # may be put into by a signal handler

    turn = threading.Lock()

    def one(errand: Errand) -> None:
        with turn:  # one begins at a time, after others have had the interpreter; see Job
            time.sleep(0)
        try:
            attempt_blocking(mix, fetcher, saver, job, errand)
        except PortalClosed:
            if not job.stopped:
                raise

    with (
        ThreadPoolExecutor(job.concurrency) as pool,
        open_portal(mix.fetcher) as fetcher,
        open_portal(fetcher.runtime if mix.saver == mix.fetcher else mix.saver) as saver,
    ):
        make_room_blocking(mix, fetcher, saver, job)
        job.on_stop(lambda: news.put(None))
        under_way = [pool.submit(one, errand) for errand in job.errands]
        for future in under_way:
            future.add_done_callback(lambda _: news.put(None))
        while not job.stopped and not all(done.done() for done in under_way):
            news.get()
    for done in under_way:
        done.result()
