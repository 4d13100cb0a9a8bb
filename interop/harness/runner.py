"""Cells in processes of their own; a finding for each law as it is known, and nothing that a cell does can stop the others.

Workers are forked from a server that has the frameworks imported, but never a loop, a hub or a reactor; cells that change the
whole process are spawned. A law that hangs is "hung", with all stacks, and a fresh worker goes on with the next law, as it does
after a law that left something behind; a worker that dies is "crashed", with its signal.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from interop.harness import worker
from interop.harness.cell import Cell
from interop.harness.stuck import Watch
from interop.laws.law import Law, catalogue
from interop.record import Finding

FLOOD = 16 * 2**20  # bytes of output that a cell may print
WALL = 120.0  # seconds that one law may take, on however busy a machine
PATIENCE = 30.0  # seconds for a process to end when all was done
_processes = threading.Lock()  # multiprocessing starts its server once, and looks after all of its processes at each start


def run(cells: Sequence[Cell], *, jobs: int) -> Iterator[Finding]:
    """Check all cells, that many at a time; yield each finding as it is known.

    When the iterator is closed, or the caller interrupted, every worker is ended.
    """
    wanted = any(id.startswith("F") for cell in cells for id in cell.laws)
    with contextlib.ExitStack() as stack:
        urls: Mapping[str, str] = {}
        if wanted:
            from interop.harness import scenario  # Its modules are many, and only chapter F needs them.

            urls = stack.enter_context(scenario.served())
        yield from _run([replace(cell, urls=tuple(urls.items())) for cell in cells], jobs)


def _run(cells: Sequence[Cell], jobs: int) -> Iterator[Finding]:
    todo: queue.SimpleQueue[Cell] = queue.SimpleQueue()
    found: queue.SimpleQueue[Finding | BaseException | None] = queue.SimpleQueue()
    for cell in cells:
        todo.put(cell)
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                try:
                    cell = todo.get_nowait()
                except queue.Empty:
                    break
                for finding in check(cell, stop):
                    found.put(finding)
        except BaseException as error:
            found.put(error)
        finally:
            found.put(None)

    threads = [threading.Thread(target=work, name=f"interop cell {n}", daemon=True) for n in range(min(jobs, len(cells)))]
    for thread in threads:
        thread.start()
    try:
        ended = 0
        while ended < len(threads):
            finding = found.get()
            if finding is None:
                ended += 1
            elif isinstance(finding, BaseException):
                raise finding
            else:
                yield finding
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def check(cell: Cell, stop: threading.Event) -> Iterator[Finding]:
    """One cell's findings, in as many processes as it takes."""
    laws = catalogue()
    missing = cell.missing
    if missing is not None:
        for id in cell.laws:
            yield _finding(cell, laws[id], "not-applicable", missing)
        return
    cell = replace(cell, laws=tuple(sorted(cell.laws, key=lambda id: laws[id].turn)))
    left = list(cell.laws)
    while left and not stop.is_set():
        life = Life(cell, tuple(left))
        begun: list[str] = []
        last, spoiled = None, False
        for what, message in life.messages(stop):
            if what == "begin":
                begun.append(message)
            else:
                if last is not None:
                    yield last
                spoiled = message.pop("spoils")
                cell = replace(cell, reported=(*cell.reported, *worker.reported(message)))
                last = _finding(cell, laws[message.pop("check")], **message)
                left.remove(last.check)
                begun.clear()
                if spoiled and left:
                    break
        if last is not None and (left or life.good or stop.is_set()):
            yield last
        if stop.is_set() or (life.good and not left):
            return
        if spoiled and left:
            continue
        if len(set(begun)) > 1:  # Which of those that shared a session did that?
            cell = replace(cell, alone=True)
            continue
        verdict, reason = life.verdict()
        if not life.started:  # Nothing can be checked here at all.
            reason = reason if verdict == "blocked" else f"the worker did not come to its first law: {reason}"
            for id in left:
                yield _finding(cell, laws[id], "blocked", reason, stacks=life.printed())
            return
        # What ends between two laws is charged to the first that could not be checked; what does not end, to the last.
        charged = begun[0] if begun else (left[0] if left else cell.laws[-1])
        if charged in left:
            left.remove(charged)
        yield _finding(cell, laws[charged], verdict, reason, stacks=life.printed())


def _finding(cell: Cell, law: Law, verdict: str, reason: str = "", **more: Any) -> Finding:
    return Finding(
        law.id,
        law.chapter,
        str(cell.crossing),
        verdict,
        reason,
        name=law.name,
        strength=law.strength,
        bridge=cell.kind.name,
        **more,
    )


@dataclass
class End:
    """How a worker's life ended, other than well."""

    verdict: str
    reason: str


class Life:
    """One worker process, from its start to its end."""

    def __init__(self, cell: Cell, laws: tuple[str, ...]) -> None:
        self.cell = replace(cell, laws=laws)
        self.started = self.good = False
        self.end: End | None = None
        self.text = ""

    def messages(self, stop: threading.Event) -> Iterator[tuple[str, Any]]:
        """What it says, until it ends."""
        with tempfile.TemporaryDirectory(prefix="interop-") as folder:
            output = Path(folder) / "output"
            output.touch()
            mine, theirs = multiprocessing.Pipe()
            with _processes:
                context: Any = _context(self.cell)
                process: Any = context.Process(target=worker.main, args=(self.cell, theirs, str(output)))
                process.start()
            theirs.close()
            try:
                yield from self._listen(process, mine, output, stop)
            finally:
                _kill(process.pid)
                _exitcode(process, PATIENCE)
                mine.close()
                self.text = _tail(output)

    def _listen(self, process: Any, channel: Any, output: Path, stop: threading.Event) -> Iterator[tuple[str, Any]]:
        watch = Watch(process.pid, wall=WALL)
        while not stop.is_set():
            if channel.poll(0.1):
                try:
                    what, message = channel.recv()
                except (EOFError, OSError):
                    break
                if what == "cannot":
                    self.end = End("blocked", message)
                    return
                watch = Watch(process.pid, wall=WALL)  # It goes on.
                self.started = True
                if what == "end":
                    self.good = True
                    break
                yield what, message
            elif _exitcode(process) is not None and not channel.poll(0):
                break
            elif watch.hung():
                self.end = End("hung", "it waits for something that does not come")
                _ask_for_stacks(process.pid, output)
                return
            elif output.stat().st_size > FLOOD and not channel.poll(0):  # What it said before comes first.
                self.end = End("broken", f"it printed more than {FLOOD >> 20} MiB")
                return
        code = _exitcode(process, PATIENCE)
        if self.good and code is None:
            self.good, self.end = False, End("hung", "its process did not end when all was done")
            _ask_for_stacks(process.pid, output)
        elif code:
            self.good, self.end = False, End("crashed", _said(code))

    def verdict(self) -> tuple[str, str]:
        """How it ended."""
        end = self.end or End("crashed", "it went away without a word")
        return end.verdict, end.reason

    def printed(self) -> str:
        """The end of what it printed: stacks, or faulthandler's word."""
        return self.text


def _exitcode(process: Any, seconds: float = 0.0) -> int | None:
    """How it ended; None if it has not within so many seconds.

    Only one thread may look: the second to read how a process ended reads nothing, and multiprocessing calls that 255.
    """
    until = time.monotonic() + seconds
    while True:
        with _processes:
            process.join(0)
            code: int | None = process.exitcode
        left = until - time.monotonic()
        if code is not None or left <= 0:
            return code
        connection.wait([process.sentinel], min(left, 0.1))


def _said(code: int) -> str:
    if code >= 0:
        return f"the process ended itself with exit code {code}"
    return f"the process was ended by {signal.Signals(-code).name}"


def _ask_for_stacks(pid: int, output: Path) -> None:
    for number, enough in ((signal.SIGUSR1, "end of stacks"), (signal.SIGUSR2, "most recent call first")):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        watch = Watch(pid)  # It may be slow to answer, but it must not be idle.
        while not watch.hung():
            if enough in _tail(output):
                return
            time.sleep(0.1)


def _kill(pid: int) -> None:
    """The worker and all that it has started: it leads a group of its own."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def _tail(output: Path, most: int = 20_000) -> str:
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - most))
        return file.read().decode(errors="replace")


def _context(cell: Cell) -> BaseContext:
    """Where workers come from: a server with everything imported, or a fresh interpreter."""
    if sys.platform == "win32" or cell.kind.fresh:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["interop.harness.preload"])
    return context
