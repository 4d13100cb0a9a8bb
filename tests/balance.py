"""Which tests can tell one Python from another, which go to one pytest-xdist worker, and which begin first.

`touching` tests import frameworks or stand on the interpreter (contexts, threads, signals, processes); tox.ini says where they
run, and where the others do.

A file's tests share what it has made for them (an origin, a server, a checked process), so they stay together, as with
`--dist loadfile`. The tests of a file in APART each start programs of their own: they go to whichever worker is free, those with
the same first parameter together, since they may share one program. What takes longest begins first: what is left for the end is
short, and no core waits for one last file.

What loads the machine on purpose comes last, in one worker, and waits until no other worker has a test: a test beside it would
take thirty times as long, and what it waits for would come too late.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOUCHING = ("tests/adapters/", "tests/harness/", "tests/laws/", "tests/probes/", "tests/scenarios/")
# Of these: bytes, text and tables, and a server's protocol.
ALIKE = (
    "tests/scenarios/test_coding.py",
    "tests/scenarios/test_contract.py",
    "tests/scenarios/test_fuzz.py",
    "tests/scenarios/test_kinds.py",
    "tests/scenarios/test_store_postgres.py",
    "tests/scenarios/test_urls.py",
    "tests/scenarios/test_visit.py",
    "tests/scenarios/test_wire.py",
)
APART = (
    "tests/adapters/test_apart.py",
    "tests/adapters/test_beside.py",
    "tests/adapters/test_bridging_page.py",
    "tests/adapters/test_exit.py",
    "tests/adapters/test_hubs.py",
    "tests/adapters/test_interrupt.py",
    "tests/adapters/test_interrupted.py",
    "tests/adapters/test_limited.py",
    "tests/adapters/test_lost.py",
    "tests/adapters/test_patched.py",
    "tests/adapters/test_storm.py",
    "tests/adapters/test_twisted_programs.py",
    "tests/adapters/test_wrap.py",
    "tests/commands/test_doctor.py",
    "tests/harness/test_reproducing.py",
    "tests/record/test_schema.py",
    "tests/scenarios/test_interrupts.py",
    "tests/scenarios/test_mixed.py",
    "tests/test_cli.py",
    "tests/test_docs.py",
    "tests/upgrade/test_bisect_command.py",
    "tests/upgrade/test_upgrade.py",
)
ALONE = (
    "tests/harness/test_load.py",
    "tests/scenarios/test_many_pages.py::test_eight_processes_of_mixed_frameworks_save_fifty_pages_each[load",
)
# In this order.
FIRST = (
    "tests/faulty/",
    "tests/scenarios/test_with_",
    "tests/testing/",
    "tests/origin/",
    "tests/upgrade/",
    "tests/scenarios/",
    "tests/adapters/",
)


def touching(nodeid: str) -> bool:
    """Whether it may end otherwise on another Python."""
    return nodeid.startswith(TOUCHING) and not nodeid.startswith(ALIKE)


def scope(nodeid: str) -> str:
    """What goes to one worker has the same."""
    file, _, test = nodeid.partition("::")
    if nodeid.startswith(ALONE):
        return "alone"
    if file not in APART:
        return file
    first = re.search(r"\[(.+?)(-.*)?\]$", test)
    return f"{file}::{first[1] if first else test}"


def rank(nodeid: str) -> int:
    """The place of a test's file in the row."""
    if nodeid.startswith(ALONE):
        return len(FIRST) + 1
    return next((place for place, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


@contextlib.contextmanager
def turn(nodeid: str) -> Iterator[None]:
    """In a worker: within it, a test of ALONE is the only one that runs."""
    import fcntl

    with Path(__file__).open("rb") as this:  # The lock is free when the worker has ended, however it ends.
        fcntl.flock(this, fcntl.LOCK_EX if nodeid.startswith(ALONE) else fcntl.LOCK_SH)
        yield
        fcntl.flock(this, fcntl.LOCK_UN)  # Also that of a process that the test has forked and left behind.


def scheduler(config: pytest.Config, log: Any) -> Any:
    """pytest-xdist's, with scopes of our own in an order of our own."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # it would begin with the file that has the most tests
    scheduling = LoadScopeScheduling(config, log)
    scheduling._split_scope = scope
    return scheduling
