"""Fetch and save with gevent in a patched process: the blocking fetch of with_threads.py, line for line, and cooperative.

Importing this patches the process, so let it be a process of its own. No patch reaches into sqlite3: the writer stays a thread.
"""

from gevent import monkey

# ssl may be there already, and is patched soundly: nobody before us has taken a class out of it, or gevent would warn.
monkey.patch_all()

import gevent  # noqa: E402 (the import order is the point here)

from scenarios.fetch_and_save import command, with_gevent, with_threads  # noqa: E402
from scenarios.fetch_and_save.contract import MAX_BODY, MAX_REDIRECTS, TIMEOUT, Deadline, Job, Page, Store  # noqa: E402
from scenarios.fetch_and_save.with_gevent import save, stored  # noqa: E402


def fetch(url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS) -> Page:
    """Fetch one page; see contract.py."""
    deadline = Deadline.of(timeout)
    # A TLS socket of gevent waits as long again for every byte of a record, so its own timeout is not enough.
    with gevent.Timeout(deadline.left, TimeoutError("the deadline has passed")):
        return with_threads.fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)


def fetch_and_save(
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
        stored(store, None, deadline)
    page = fetch(url, timeout=deadline, max_body=max_body, max_redirects=max_redirects)
    if store is not None:
        save(page, store, timeout=deadline)
    return page


def run(job: Job) -> None:
    """Do a whole job."""
    with_gevent.run(job, fetch_and_save)


if __name__ == "__main__":
    command.script("gevent[patched]")
