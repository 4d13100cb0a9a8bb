"""Whether a process still does anything, however busy the machine is.

A process that waits for ever sleeps in all of its threads, and none of them is ever switched to: its counters in /proc stand
still. One that is merely slow is runnable, or its counters move. So load cannot make a slow process look stuck, and wall time
alone decides only where there is no /proc, or where something wakes up again and again to no end.

Source: proc(5): /proc/PID/stat (state, session, utime, stime), /proc/PID/task/TID/status (voluntary_ctxt_switches).
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
# Longer than any probe waits on purpose (half a second), in time and in looks: a suspended machine takes no looks.
QUIET_SECONDS = 1.25
QUIET_LOOKS = 10
CPU_SECONDS = 12.0
WALL_SECONDS = 30.0


class Watch:
    """Looks at a session again and again; `hung()` is true once nothing comes of it any more.

    Args:
        session: the id of a process that leads a session of its own; all processes in the session count.
        wall: seconds after which it is too long, whatever happens.
    """

    def __init__(self, session: int, *, wall: float = WALL_SECONDS) -> None:
        self.session, self.wall = session, wall
        self._began = time.monotonic()
        self._counters: object = None
        self._since = 0.0
        self._looks = 0

    def hung(self) -> bool:
        """Look once. True when all of it sleeps and did nothing for QUIET_SECONDS, spun, or took far too long."""
        now = time.monotonic()
        if now - self._began > self.wall:
            return True
        counters = activity(self.session)
        if counters is None or counters != self._counters:
            self._counters, self._since, self._looks = counters, now, 0
            return counters is None and cpu_seconds(self.session) > CPU_SECONDS
        self._looks += 1
        return self._looks >= QUIET_LOOKS and now - self._since >= QUIET_SECONDS


def activity(session: int) -> "dict[str, str] | None":
    """Counters that move with anything that the session does; None if something runs, or if there is no /proc."""
    found: dict[str, str] = {}
    for pid in _leader_first(session) if PROC.exists() else ():
        try:
            for task in (PROC / str(pid) / "task").iterdir():
                status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                if status["State"][0] in "RD":
                    return None
                if status["State"][0] != "Z":
                    found[task.name] = status["voluntary_ctxt_switches"] + status["nonvoluntary_ctxt_switches"]
        except (OSError, KeyError):
            return None  # it ended while we looked: something happened
    return found or None


def members(session: int) -> "list[int]":
    """The living processes of a session."""
    return [pid for pid, fields in _stats() if fields[3] == str(session) and fields[0] != "Z"]


def _leader_first(session: int) -> Iterator[int]:
    yield session  # while it runs, nobody else has to be looked for
    yield from (pid for pid in members(session) if pid != session)


def cpu_seconds(session: int) -> float:
    """What the session's processes, and those that they have waited for, have used of the CPU."""
    ticks = sum(sum(map(int, fields[11:15])) for _, fields in _stats() if fields[3] == str(session))
    return ticks / os.sysconf("SC_CLK_TCK")


def _stats() -> "list[tuple[int, list[str]]]":
    """Each process with the fields of its `stat` from the third on: 0 is the state, 3 the session, 11 to 14 CPU times."""
    found = []
    for entry in PROC.iterdir() if PROC.exists() else ():
        if entry.name.isdigit():
            try:
                # The command's name stands in parentheses and may have spaces and parentheses in it.
                found.append((int(entry.name), (entry / "stat").read_text().rpartition(")")[2].split()))
            except OSError:
                continue
    return found
