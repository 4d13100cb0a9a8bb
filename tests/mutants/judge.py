"""Check laws with the modules of another tree. It runs as a script of its own, and is asked in lines of JSON.

Frameworks are imported once; for each question it forks, and the fork imports `interop` from the tree that the question names.
The answer is a line for each finding, then one that says "end"; with "stop", it ends at the first law that is broken.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import sys
import threading
from functools import partial
from types import SimpleNamespace
from typing import Any

FRAMEWORKS = (
    *("asyncio", "concurrent.futures", "greenlet", "sniffio", "uvloop", "rich", "pprint", "selectors", "sqlite3", "ssl"),
    *("tornado.ioloop", "tornado.platform.asyncio", "trio", "trio.testing", "anyio._backends._asyncio", "anyio._backends._trio"),
    *("gevent", "gevent.resolver.thread", "gevent.threadpool", "eventlet", "eventlet.hubs.epolls"),
    *("twisted.internet.defer", "twisted.internet.asyncioreactor", "twisted.internet.epollreactor", "twisted.internet.udp"),
    *("twisted.internet.unix", "twisted.internet.threads", "twisted.logger", "twisted.python.log"),
)
BAD = ("broken", "hung", "crashed", "blocked")
WALL = 25.0  # seconds a law; it takes less than one, and a law of chapter M, which says when it goes on, a few


def main() -> None:
    """Until nobody asks any more."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in FRAMEWORKS:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setpgid(0, 0)
                answer(json.loads(line))
                code = 0
            except BaseException as error:
                say({"failed": f"{type(error).__name__}: {error}"})
            finally:
                os._exit(code)
        say({"pid": child})
        os.waitpid(child, 0)
        say({"end": child})


def say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def answer(question: dict[str, Any]) -> None:
    """One question: {"tree", "cells": [{"crossing", "laws"}], "stop", "lines"}."""
    os.environ["PYTHONPATH"] = question["tree"]
    sys.path.insert(0, question["tree"])
    os.chdir(question["tree"])
    if question.get("lines"):
        watch_lines(question["tree"], question["lines"])
    try:
        from interop.bridges.crossing import Crossing
        from interop.harness import runner, worker
        from interop.harness.cell import Cell
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        say({"crossing": "", "law": "import", "verdict": "blocked", "reason": reason[:300], "seconds": 0})
        return
    runner.WALL = WALL
    runner._ask_for_stacks = lambda pid, output: None  # Nobody reads them here.
    fork: Any = multiprocessing.get_context("fork")
    runner._context = lambda cell: multiprocessing.get_context("spawn") if cell.kind.fresh else fork
    for one in question["cells"]:
        name, _, process = one["crossing"].partition(" in ")
        crossing = Crossing.parse(name)
        vars(runner)["worker"] = SimpleNamespace(main=partial(prepared, process), reported=worker.reported)
        for side in (crossing.caller, crossing.callee):
            with contextlib.suppress(Exception):  # The worker says in words what cannot be imported.
                importlib.import_module(f"interop.harness.drivers.{side.partition('[')[0]}")
        cell = Cell("interop.bridges.portals:Portals", crossing, tuple(one["laws"]))
        for finding in runner.check(cell, threading.Event()):
            what = {"crossing": one["crossing"], "law": finding.check, "verdict": finding.verdict, "reason": finding.reason[:300]}
            say(what | {"seconds": finding.seconds})
            if question["stop"] and finding.verdict in BAD:
                return


def prepared(process: str, *args: Any) -> None:
    """A worker in a process that somebody else has used before: see crossings.py."""
    from interop.harness import stacks, worker
    from tests.mutants.crossings import PATCHED, PROCESSES

    if process:
        exec(PROCESSES[process], {})
    if process in PATCHED:
        # Their threads would be greenlets, which block all others.
        worker._end_with_the_parent = lambda channel: None
        stacks.answer_requests = lambda: None
    worker.main(*args)


def watch_lines(tree: str, output: str) -> None:
    """Write down each line of the tree that is run, once for each process at most."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def ran(code: Any, line: int) -> Any:
        if code.co_filename.startswith(tree):
            os.write(descriptor, f"{code.co_filename[len(tree) + 1 :]}:{line}\n".encode())
        return monitoring.DISABLE

    monitoring.use_tool_id(monitoring.COVERAGE_ID, "mutants")
    monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, ran)
    monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)


if __name__ == "__main__":
    main()
