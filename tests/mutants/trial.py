"""Asks judges: are all laws kept as without the mutant?

A law that hangs counts only if one hangs or breaks again when nothing else of this run is at work. What takes longer than LAST
says nothing: it is "inconclusive", as is a judge that fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.mutants.judge import BAD
from tests.mutants.tree import Tree

MARK = "INTEROP_MUTANT"  # a variable of the environment
LAST = 900.0  # seconds a mutant, however busy the machine


@dataclass(frozen=True)
class Outcome:
    """What came of a mutant.

    Args:
        verdict: "killed", "survived", "unreached" (it survived: no law ran its lines), "tested" (a test of ours fails, no law),
            or "inconclusive".
        by: the law that killed it, or the test.
        crossing: where.
        how: the law's verdict and its reason.
    """

    verdict: str
    by: str = ""
    crossing: str = ""
    how: str = ""


class Judge:
    """One process that answers, and the tree that its answers are about."""

    def __init__(self, folder: Path, number: int) -> None:
        self.tree = Tree(folder / f"tree{number}")
        self.name = f"mutants-{os.getpid()}-{number}"
        self.process: subprocess.Popen[str] | None = None
        self.closed = False
        self.lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def ask(self, cells: Sequence[Mapping[str, Any]], *, stop: bool, lines: str = "") -> list[dict[str, Any]] | None:
        """The findings; None if they did not come in time."""
        if self.closed:
            return None
        if self.process is None or self.process.poll() is not None:
            self._start()
        assert self.process is not None and self.process.stdin is not None
        question = {"tree": str(self.tree.folder), "cells": cells, "stop": stop, "lines": lines}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        found: list[dict[str, Any]] = []
        try:
            while True:
                what = self.lines.get(timeout=LAST)
                if "end" in what:
                    return found
                if "failed" in what:
                    found.append({"crossing": "", "law": "", "verdict": "failed", "reason": what["failed"]})
                elif "law" in what:
                    found.append(what)
        except queue.Empty:
            self._end()
            return None
        finally:
            end_all(self.name, but=self.process.pid if self.process is not None else 0)

    def _start(self) -> None:
        self.lines = queue.SimpleQueue()
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "", MARK: self.name}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("judge.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self.process.stdout, self.lines), daemon=True).start()

    @staticmethod
    def _listen(stdout: IO[str], lines: queue.SimpleQueue[dict[str, Any]]) -> None:
        with contextlib.suppress(ValueError):  # It was closed meanwhile, or the judge was ended in the middle of a line.
            for line in stdout:
                lines.put(json.loads(line))
        lines.put({"failed": "the judge ended"})
        lines.put({"end": 0})

    def close(self) -> None:
        """End it and all that it has started, for good."""
        self.closed = True
        self._end()

    def _end(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
            self.process = None
        end_all(self.name)


def end_all(name: str, but: int = 0) -> None:
    """Kill what is left of a judge's questions: their processes have inherited its name in their environment."""
    wanted = f"{MARK}={name}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != but:
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue


class Trials:
    """Judges, the laws that the unchanged tree keeps on each crossing, and the right to be alone."""

    def __init__(self, judges: Sequence[Judge], laws: Mapping[str, Sequence[str]]) -> None:
        self.laws = laws
        self.free: queue.SimpleQueue[Judge] = queue.SimpleQueue()
        for judge in judges:
            self.free.put(judge)
        self.judges = judges
        self._alone = threading.Lock()

    def cells(self, crossings: Sequence[str]) -> list[dict[str, Any]]:
        """What a judge is asked."""
        return [{"crossing": it, "laws": self.laws[it]} for it in crossings]

    def of(self, file: str, source: str, crossings: Sequence[str]) -> Outcome:
        """What comes of a file that has this source."""
        judge = self.free.get()
        try:
            with judge.tree.with_(file, source):
                found = judge.ask(self.cells(crossings), stop=True)
            outcome = verdict(found)
        finally:
            self.free.put(judge)
        if outcome.verdict == "killed" and "waits for something" in outcome.how:
            return self._again(file, source, outcome)
        return outcome

    def _again(self, file: str, source: str, outcome: Outcome) -> Outcome:
        with self._alone:  # All judges are taken, so that nothing else of this run is at work.
            taken = [self.free.get() for _ in self.judges]
            try:
                with taken[0].tree.with_(file, source):
                    found = taken[0].ask(self.cells([outcome.crossing]), stop=True)
                again = verdict(found)
            finally:
                for judge in taken:
                    self.free.put(judge)
        return (
            again if again.verdict == "killed" else Outcome("inconclusive", outcome.by, outcome.crossing, "hung, once of twice")
        )


def verdict(found: Sequence[Mapping[str, Any]] | None) -> Outcome:
    """What a judge's findings say: the first law that is not kept kills it."""
    if found is None:
        return Outcome("inconclusive", how="no answer in time")
    for it in found:
        if it["verdict"] == "failed":
            return Outcome("inconclusive", how=it["reason"])
        if it["verdict"] in BAD:
            return Outcome("killed", it["law"], it["crossing"], f"{it['verdict']}: {it['reason']}")
    return Outcome("survived")
