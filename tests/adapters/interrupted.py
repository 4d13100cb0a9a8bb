"""SIGINT at every line of the kit: python -m tests.adapters.interrupted CALLER [CALLEE TOPOLOGY] [WHEN].

WHEN: FIRST STEP, hubs STEP or moments N SEED

The program (interruptible.py) opens a portal, calls, enters a manager, reads a stream and closes. It runs once for each line of
interop/ that its main thread comes to, in a process forked for that, and gets a SIGINT just before that line. Each time it has
to end, with everything that was entered left and every thread of the kit gone. The lines of gevent's and eventlet's hubs count,
too, since Ctrl-C may end a hub; with `hubs` they alone do. Prints JSON: how many lines there were, and what went wrong.

With `moments` it opens and closes portals without end, and gets its SIGINT from outside, N times, each time at another moment.
Python lets no error out of a finalizer or a weak reference's callback, and prints it: "Exception ignored in". The finalizers of
streams and portals run in each round. Where the interrupt fell into one (1 of 5,000 did), the program cannot know of it: it has
to go on as if nothing had come, and returns after one more round.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from tests.adapters.interruptible import BLOCKING, SWALLOWED, awaiting, blocking, cut, frameworks, left, native, over_and_over

HUBS = [f"{os.sep}gevent{os.sep}hub.py", f"{os.sep}eventlet{os.sep}hubs{os.sep}hub.py"]
TRACED = [str(Path(__file__).parents[2] / "interop") + os.sep, *HUBS]  # parts of file names
DEADLINE = float(os.environ.get("INTEROP_DEADLINE", "60"))  # seconds, for one run of a program that takes some milliseconds
# Before these lines a `with` has not begun to leave its portal, so nothing is closed: the program ends, and that is all.
NOT_YET = ("__exit__ 1", "__aexit__ 1")


def interrupt_at(line: int) -> list[str]:
    """Send SIGINT before that line of the kit in this thread, and put its place into the list that is returned."""
    passed = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal passed
        if event == "line":
            passed += 1
            if passed == line:
                sys.settrace(None)
                where.append(
                    f"{Path(frame.f_code.co_filename).name} {frame.f_code.co_name} {frame.f_lineno - frame.f_code.co_firstlineno}"
                )
                signal.raise_signal(signal.SIGINT)
        return trace

    def enter(frame: FrameType, event: str, arg: Any) -> Any:
        return trace if passed < line and any(part in frame.f_code.co_filename for part in TRACED) else None

    where: list[str] = []
    sys.settrace(enter)
    return where


def one(caller: str, callee: str, topology: str, line: int, ready: Callable[[], object]) -> str:
    """Run the program with a SIGINT before that line; "" if all is well, "over" if there was no such line.

    Line 0: a SIGINT comes from outside, some time after ready() was called.
    """
    adapter = importlib.import_module(f"interop.adapters.{caller.partition('[')[0]}")
    open_portal = partial(adapter.open_portal, callee, topology=topology)

    def blocks() -> None:
        blocking(open_portal)

    async def awaits() -> None:
        await awaiting(open_portal)

    once = blocks if caller in BLOCKING else awaits
    swallowed: list[str] = []
    sys.unraisablehook = lambda caught: swallowed.append(repr(caught.exc_value))
    program = once if line else over_and_over(once, ready, swallowed)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    where = interrupt_at(line) if line else ["somewhere"]

    logged: list[str] = []
    logger = logging.Handler(logging.ERROR)
    logger.emit = lambda record: logged.append(logger.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(logger)
    try:
        native(caller, program)
        ended = "" if SWALLOWED in swallowed else "ended well"
    except KeyboardInterrupt:
        ended = ""
    except SystemExit:
        ended = "" if caller == "twisted" else "SystemExit"
    except BaseException:
        ended = traceback.format_exc()
        if "\nKeyboardInterrupt\n" in ended:  # As its context: asyncio.run() that is just ending stumbles over it.
            ended = ""
    sys.settrace(None)
    if not where:
        return "over"
    if where[0].endswith(NOT_YET):
        return ended
    gc.collect()  # The interrupt's traceback kept the portal, perhaps in a cycle.
    deadline = time.monotonic() + DEADLINE / 2
    while threads := running_threads():
        if time.monotonic() > deadline:
            break
        time.sleep(0.001)
    if caller == "twisted":  # Its reactor ends its guests while main() goes on: the loop's end may find a cleanup at work.
        cut.clear()
    reported = [text for text in logged if "\nKeyboardInterrupt" not in text]  # The interrupt itself may fall into a callback.
    wrong = "; ".join(
        filter(
            None,
            [
                ended,
                *reported,
                f"left: {left}" if left else "",
                f"cut: {cut}" if cut else "",
                f"threads: {threads}" if threads else "",
            ],
        )
    )
    return f"{where[0]}: {wrong}" if wrong else ""


def running_threads() -> list[str]:
    """The kit's. Thread.start() leaves one that was interrupted before it ran in the list of all."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("interop") and thread.is_alive()]


def forked(caller: str, callee: str, topology: str, line: int, moment: float = 0.0) -> str:
    """The same in a process of its own; what it says, or that it hangs.

    Args:
        moment: line 0: so many seconds after the program is ready it gets its SIGINT.
    """
    (heard, said), (waits, ready) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            os.write(said, one(caller, callee, topology, line, lambda: os.write(ready, b"!"))[-3000:].encode())
        finally:
            os._exit(0)
    os.close(said)
    os.close(ready)
    try:
        if line == 0:
            os.read(waits, 1)
            time.sleep(moment)
            os.kill(child, signal.SIGINT)
        return answer(child, heard)
    finally:
        os.close(heard)
        os.close(waits)


def answer(child: int, heard: int) -> str:
    deadline = time.monotonic() + DEADLINE
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hangs"
        time.sleep(0.002)
    return os.read(heard, 4000).decode()


def lines(first: int, step: int) -> Iterator[int]:
    while True:
        yield first
        first += step


def moments(caller: str, callee: str, topology: str, times: int, seed: str) -> int:
    dice = random.Random(seed)
    tried = [round(dice.uniform(0, 0.1), 5) for _ in range(times)]  # seconds: some rounds of the program
    wrong = {moment: said for moment in tried if (said := forked(caller, callee, topology, 0, moment))}
    sys.stdout.write(json.dumps({"moments": times, "seed": seed, "wrong": wrong}, indent=1) + "\n")
    return 1 if wrong else 0


def main(
    caller: str, callee: str = "asyncio", topology: str = "thread", first: str = "1", step: str = "1", seed: str = ""
) -> int:
    frameworks(caller)
    if first == "moments":
        return moments(caller, callee, topology, int(step), seed)
    if first == "hubs":
        TRACED[:], first = HUBS, "1"
    wrong: dict[int, str] = {}
    for line in lines(int(first), int(step)):
        said = forked(caller, callee, topology, line)
        if said == "over":
            break
        if said:
            wrong[line] = said
            sys.stderr.write(f"  {line}: {said}\n")
    sys.stdout.write(json.dumps({"lines": line - 1, "wrong": wrong}, indent=1) + "\n")
    return 1 if wrong or line == 1 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
