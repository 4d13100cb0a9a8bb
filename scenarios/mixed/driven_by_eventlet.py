"""Driven by Eventlet, and nothing patched: a green thread a page, and a call blocks no more than its green thread."""

import contextlib
import functools

from scenarios.fetch_and_save.with_eventlet import kill_when_it_rings, spawned  # isort: skip - first: it says what Eventlet may warn of
import eventlet
import eventlet.green.socket

from interop.adapters.eventlet import current, open_portal
from scenarios.fetch_and_save.contract import Job
from scenarios.mixed.anywhere import Mix, attempt_blocking, make_room_blocking


def settle(concurrency: int) -> None:
    """The pool of threads has room."""


def run(job: Job, mix: Mix) -> None:
    """Do a whole job."""
    pool = eventlet.GreenPool(job.concurrency)
    # The hub sleeps through a signal, but not through a byte that the signal handler sends.
    bell, rope = eventlet.green.socket.socketpair()
    ringer = eventlet.spawn(kill_when_it_rings, bell, pool)
    try:
        with (
            open_portal(mix.where_to_fetch(current())) as fetcher,
            open_portal(mix.where_to_save(current(), fetcher.runtime)) as saver,
        ):
            make_room_blocking(mix, fetcher, saver, job)
            job.on_stop(lambda: rope.fd.send(b"!"))
            attempt = functools.partial(attempt_blocking, mix, fetcher, saver)
            for thread in [spawned(pool, attempt, job, errand) for errand in job.errands]:
                with contextlib.suppress(eventlet.greenlet.GreenletExit):
                    thread.wait()
    finally:
        ringer.kill()
        bell.close()
        rope.close()
