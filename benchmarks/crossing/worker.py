"""One contender in a process of its own: python -m benchmarks.crossing.worker CALLER CALLEE TOPOLOGY NAME.

Reads orders from standard input, a JSON line each, and answers each with the CPU seconds that it took. Between orders the
contender's loop is blocked in reading, so that it costs nothing while the others have their turn.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TextIO

from benchmarks.crossing import callees, callers
from benchmarks.crossing.crossings import Crossing


@dataclass(frozen=True)
class Order:
    """Call fn, flight calls at once, and that so many times."""

    fn: Callable[[], Any]
    flight: int
    times: int


class Orders:
    """What to do next; going on to the next one says that the last one is done."""

    def __init__(self, functions: callees.Functions, source: TextIO, sink: TextIO) -> None:
        self.functions, self.source, self.sink = functions, source, sink

    def __iter__(self) -> Iterator[Order]:
        self.tell(0.0)
        while line := self.source.readline():
            kind, flight, times = json.loads(line)
            order = Order(self.functions[kind], flight, times)
            gc.collect()
            begin = time.process_time()
            yield order
            self.tell(time.process_time() - begin)

    def tell(self, seconds: float) -> None:
        """Answer."""
        self.sink.write(f"{seconds!r}\n")
        self.sink.flush()


class Bench:
    """What a contender needs: its crossing, its orders, and the caller's program.

    Attributes:
        reactor: the callee's, to be set by a contender whose callee is Twisted.
    """

    def __init__(self, crossing: Crossing, source: TextIO, sink: TextIO) -> None:
        self.crossing = crossing
        self.reactor: Any = None
        self.orders = Orders(callees.functions(crossing.callee, lambda: self.reactor), source, sink)

    async def serve(self, cross: callers.Cross) -> None:
        """Carry out orders, in a program of the caller's loop."""
        await callers.serve(self.crossing.caller)(self.orders, cross)

    def live(self, cross: callers.Cross) -> None:
        """Run the caller's loop, and carry out orders in it."""
        if self.crossing.caller in callers.BLOCKING:
            callers.BLOCKING[self.crossing.caller](self.orders, cross)
        else:
            callers.run(self.crossing.caller, lambda: self.serve(cross))


Setup = Callable[[Bench], AbstractContextManager[callers.Cross]]


def simple(setup: Setup) -> Callable[[Bench], None]:
    """A contender that is set up before the caller's loop runs."""

    def live(bench: Bench) -> None:
        callers.prepare(bench.crossing.caller)
        with setup(bench) as cross:
            bench.live(cross)

    return live


def main(caller: str, callee: str, topology: str, name: str) -> None:
    """Be this contender until standard input ends, and leave without a word: loops left in threads are not worth one."""
    from benchmarks.crossing.bridges import contenders

    sink = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What is printed by accident must not look like an answer.
    source = os.fdopen(os.dup(0))
    crossing = Crossing(caller, callee, topology)
    contender = next(found for found in contenders(crossing) if found.name == name)
    try:
        contender.live(Bench(crossing, source, sink))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
