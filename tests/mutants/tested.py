"""Does a test of ours see what no law sees? Mostly the words of errors, refusals, signals, forks and patched processes.

Only the tests that are likely to, and that end soon, are run for each file; a test counts if it fails again by itself with the
mutant, and passes without it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.mutants.trial import MARK, Judge, Outcome, end_all

ENOUGH = 300.0  # seconds for the tests of a file
SOON = (
    "refusals",
    "dropped",
    "refused",
    "wrappers",
    "errors",
    "lanes",
    "sequences",
    "streams",
    "no_lost_result",
    "interrupt",
    "who_runs",
    "task_factory",
)
MORE = {
    "interop/adapters/gevent.py": ("hubs", "lost"),
    "interop/adapters/eventlet.py": ("hubs", "lost"),
    "interop/adapters/asyncio.py": ("guests", "lost"),
    "interop/adapters/threads_lanes.py": ("interrupted",),
    "interop/adapters/trio.py": ("guests", "interrupted"),
    "interop/adapters/threads.py": ("fork", "lost"),
    "interop/adapters/twisted.py": ("guests", "lost", "twisted_programs"),
    "interop/adapters/twisted_on_loop.py": ("guests", "twisted_programs"),
    "interop/adapters/twisted_reactor.py": ("guests", "twisted_programs"),
    "interop/blocking.py": ("hubs",),
    "interop/call.py": ("lost", "fork"),
    "interop/conversation.py": ("lost",),
    "interop/runtime.py": ("fork", "guests", "lost"),
    "interop/portal.py": ("fork", "lost", "exit"),
    "interop/wrapping.py": ("wrap",),
    "interop/topologies/executor.py": ("patched",),
    "interop/topologies/guest.py": ("guests",),
    "interop/topologies/guest_turns.py": ("guests",),
    "interop/topologies/hosted.py": ("guests", "patched"),
    "interop/topologies/parked.py": ("guests", "patched"),
    "interop/topologies/thread.py": ("patched",),
}


def likely(file: str) -> list[str]:
    """The files of tests that may see a mutant of this file."""
    return [f"tests/adapters/test_{name}.py" for name in (*SOON[:3], *MORE.get(file, ()), *SOON[3:])]


def seen_by_a_test(judge: Judge, file: str, source: str, what: Sequence[str] = ()) -> Outcome | None:
    """The test that fails with the mutant; None if none does.

    Args:
        what: the tests that are tried, instead of those for the file.
    """
    with judge.tree.with_(file, source):
        failed = _first_failure(judge, what or likely(file))
        if failed is None or _first_failure(judge, [failed]) != failed:
            return None
    if _first_failure(judge, [failed]) is not None:
        return None
    return Outcome("tested", failed)


def _first_failure(judge: Judge, what: Sequence[str]) -> str | None:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not campaign", *what]
    plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(judge.tree.folder)}
    process = subprocess.Popen(
        command,
        cwd=judge.tree.folder,
        env={**os.environ, **plain, MARK: f"{judge.name}-tests"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=ENOUGH)
    except subprocess.TimeoutExpired:
        output = ""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        end_all(f"{judge.name}-tests")
    return first_failed(output)


def first_failed(output: str) -> str | None:
    """The id of the first test that pytest's summary says has failed; there may be spaces in it."""
    found = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", output, re.MULTILINE)
    return found[1] if found else None
