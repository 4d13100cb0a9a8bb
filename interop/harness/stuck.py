"""Whether a process still does anything, however busy the machine is.

A process that waits for ever sleeps in all of its threads, and none of them is ever switched to: its counters in /proc stand
still. One that is merely slow is runnable, or its counters move. One that wakes up again and again to no end is found asleep
nearly always; one that spins uses up the CPU. So load cannot make a slow process look stuck. Wall time alone decides only
where there is no /proc.

Source: proc(5): /proc/PID/stat (state, session, utime, stime), /proc/PID/task/TID/status (voluntary_ctxt_switches).
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
# Longer than any probe waits on purpose (a second), in time and in looks: a suspended machine takes no looks.
QUIET_SECONDS = 1.25
QUIET_LOOKS = 10
ASLEEP_LOOKS = 250  # in which nothing was ready to run, although something had run between them
CPU_SECONDS = 20.0
WALL_SECONDS = 30.0  # where there is no /proc
LAST_SECONDS = 240.0


class Watch:
    """Looks at a process again and again; `hung()` is true once nothing comes of it any more.

    Args:
        pid: the process; its descendants and, if it leads a session, all processes in the session count, too.
        wall: seconds after which it is too long, whatever happens; without it, waking up to no end is a hang, too.
        asleep: looks in which nothing was ready to run, and nothing had started or ended since the last.
    """

    def __init__(self, pid: int, *, wall: "float | None" = None, asleep: int = ASLEEP_LOOKS) -> None:
        self.pid, self.asleep = pid, asleep
        self.wall = wall or (LAST_SECONDS if PROC.exists() else WALL_SECONDS)
        self._restless = wall is None
        self._began = time.monotonic()
        self._counters: dict[str, str] | None = None
        self._family: set[str] = set()
        self._since = 0.0
        self._looks = 0
        self._asleep = 0
        self._used: float | None = None  # seconds of the CPU, before it was found at work for the first time

    def hung(self) -> bool:
        """Look once. True when all of it sleeps and did nothing for QUIET_SECONDS, spun, or took far too long."""
        now = time.monotonic()
        if now - self._began > self.wall:
            return True
        counters = activity(self.pid)
        if counters is not None:
            self._asleep = self._asleep + 1 if self._family == set(counters) else 0
            self._family = set(counters)
        if counters is None or counters != self._counters:
            self._counters, self._since, self._looks = counters, now, 0
            return (counters is None and self._spins()) or (self._restless and self._asleep > self.asleep)
        self._looks += 1
        return self._looks >= QUIET_LOOKS and now - self._since >= QUIET_SECONDS

    def _spins(self) -> bool:
        """Whether it has used up the CPU since the first look, and not in what it did before."""
        used = cpu_seconds(self.pid)
        self._used = used if self._used is None else self._used
        return used - self._used > CPU_SECONDS


def activity(pid: int) -> "dict[str, str] | None":
    """Counters that move with anything that the process and its family do; None if something runs, or if there is no /proc."""
    found: dict[str, str] = {}
    for each in _leader_first(pid) if PROC.exists() else ():
        try:
            for task in (PROC / str(each) / "task").iterdir():
                status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                if status["State"][0] in "RD":
                    return None
                if status["State"][0] != "Z":
                    found[task.name] = status["voluntary_ctxt_switches"] + " " + status["nonvoluntary_ctxt_switches"]
        except (OSError, KeyError):
            return None  # it ended while we looked: something happened
    return found or None


def members(pid: int) -> "list[int]":
    """The living processes of the family."""
    return [each for each, fields in _family(pid) if fields[0] != "Z"]


def cpu_seconds(pid: int) -> float:
    """What the family, and those that it has waited for, have used of the CPU."""
    return sum(sum(map(int, fields[11:15])) for _, fields in _family(pid)) / os.sysconf("SC_CLK_TCK")


def _leader_first(pid: int) -> Iterator[int]:
    yield pid  # while it runs, nobody else has to be looked for
    yield from (each for each in members(pid) if each != pid)


def _family(pid: int) -> "list[tuple[int, list[str]]]":
    """Who descends from the process or is in its session. A parent's id is nearly always smaller: two rounds find the rest."""
    everybody, ours = _stats(), {str(pid)}
    for _ in range(2):
        ours |= {str(each) for each, fields in everybody if fields[1] in ours or fields[3] == str(pid)}
    return [(each, fields) for each, fields in everybody if str(each) in ours]


def _stats() -> "list[tuple[int, list[str]]]":
    """Each process with the fields of its `stat` from the third on: the state, the parent, the group, the session, and so on."""
    found = []
    for entry in PROC.iterdir() if PROC.exists() else ():
        if entry.name.isdigit():
            try:
                # The command's name stands in parentheses and may have spaces and parentheses in it.
                found.append((int(entry.name), (entry / "stat").read_text().rpartition(")")[2].split()))
            except OSError:
                continue
    return found
