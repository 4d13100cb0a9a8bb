"""What holds a thread in a law holds the whole thread, also where gevent or eventlet has patched the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interop.laws.threads import Latch

# A greenlet that goes on while the thread waits would print "another greenlet" first.
PROGRAM = """
{patch}
from interop.laws.threads import Latch

held, opened = Latch(), Latch()


def other_greenlet():
    print("another greenlet")


def other_thread():
    held.wait()
    print("another thread")
    opened.set()


{start_greenlet}
{start_thread}(other_thread, ())
held.set()
opened.wait()
print("it is open")
{let_greenlets_run}
"""
PATCHED = {
    "gevent": {
        "patch": "import gevent.monkey\ngevent.monkey.patch_all()\nimport gevent",
        "start_greenlet": "gevent.spawn(other_greenlet)",
        "start_thread": "gevent.monkey.get_original('_thread', 'start_new_thread')",
        "let_greenlets_run": "gevent.sleep(0)",
    },
    "eventlet": {
        "patch": "import eventlet\neventlet.monkey_patch()\nfrom eventlet.patcher import original",
        "start_greenlet": "eventlet.spawn(other_greenlet)",
        "start_thread": "original('_thread').start_new_thread",
        "let_greenlets_run": "eventlet.sleep(0)",
    },
}


def test_who_comes_late_finds_it_open_and_so_does_the_next() -> None:
    latch = Latch()
    assert not latch.is_set()
    latch.set()
    latch.set()
    latch.wait()
    latch.wait()
    assert latch.is_set()


@pytest.mark.parametrize("by", PATCHED)
def test_it_blocks_the_thread_and_not_a_greenlet(by: str) -> None:
    program = PROGRAM.format(**PATCHED[by])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["another thread", "it is open", "another greenlet"], done.stderr
