"""Lanes: a thread that waits is a small loop, which answers its inbox until its call is back; part of the adapter for threads.

Lane        a thread that somebody else started
Worker      a thread of ours that runs one call after the other; Pool has as many as there are calls at the same time
Anywhere    no thread in particular
"""

from __future__ import annotations

import _thread
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from interop.blocking import Blocking
from interop.call import BACK, Call
from interop.errors import OwnLoop
from interop.runtime import Done, Runtime

IDLE = 10.0  # Seconds after which an idle worker leaves.
local = threading.local()


class Cancelled(BaseException):
    """The cancel of plain threads: the caller of this thread's function does not want it any more."""


class Lane(Blocking):
    """One thread, which answers its inbox whenever it waits."""

    name = "threads"
    cancel_types = (Cancelled,)

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.cancelled = False
        self.pool = pool

    def lane(self) -> Runtime:
        """Calls into "threads" run in workers, not in the thread that happens to be known."""
        return self if self.gone is not None else self.pool.take()

    def raw_wake(self) -> None:
        """Have drain() run when this thread waits."""
        self.bell.put(None)

    def drain(self) -> None:
        """Answer all that is queued. A Ctrl-C must not lose a request: it is answered first, and taken out after."""
        if self.dead:  # No Ctrl-C comes here any more, but any thread that has something for this one.
            super().drain()
            return
        self._awake = False
        inbox = self._inbox
        while inbox:
            callback = inbox[0]
            callback()
            if inbox and inbox[0] is callback:  # A wait() inside it may have taken it out already.
                inbox.popleft()

    def start(self, call: Call, /) -> None:
        """Never: calls run in workers."""
        raise AssertionError("a call was started in a thread that has other things to do")

    def cancel(self, call: Call, /) -> None:
        """Raise Cancelled at this thread's next check."""
        self.cancelled = True

    def check(self) -> None:
        """Raise Cancelled if this thread's function was asked to stop, once."""
        self.drain()
        if self.cancelled:
            self.cancelled = False
            raise Cancelled

    def wait(self, call: Call, /) -> Done[Any]:
        """Block until the outcome is here, answering the inbox meanwhile."""
        if not call.must_leave:
            self.check()
        there = call.callee
        if isinstance(there, Runtime) and there.ident == self.ident and not isinstance(there, Lane):
            raise OwnLoop(f"threads->{there.name}", "await a portal of that framework, or call from another thread")
        interrupt: BaseException | None = None
        call.parked = self
        call.send()
        while call.state != BACK:
            try:
                self.bell.get()
                self.drain()
                if self.cancelled and not interrupt:
                    self.cancelled = False
                    raise Cancelled
            except BaseException as error:
                interrupt = interrupt or error
                call.ask_to_stop()
                self.drain()
        if interrupt is not None:
            if call.cancelled and call.unwanted is True:
                raise interrupt
            self._again(interrupt)
        return Done(self.deliver(call))

    def _again(self, interrupt: BaseException) -> None:
        """The callee did not answer the cancel with its own: it is still due."""
        if isinstance(interrupt, Cancelled):
            self.cancelled = True
        elif isinstance(interrupt, KeyboardInterrupt):
            _thread.interrupt_main()

    def resume(self, call: Call, /) -> None:
        """The waiting loop looks at the call's state by itself."""


class Ending:
    """Kept in a thread's local storage, and nowhere else: it goes when the thread ends, and nobody waits in its lane any more."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane

    def __del__(self, finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not finalizing():  # Bound here: when the interpreter ends, this module's own names may be gone.
            self.lane.bury("its thread has ended")


class Anywhere(Lane):
    """No thread in particular waits: whoever settles a call completes its Future."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.ident = 0

    def wake(self, callback: Callable[[], object], /) -> None:
        """Now, here."""
        callback()

    def resume(self, call: Call, /) -> None:
        """Complete the Future."""
        call.parked.go_on()


class Worker(Lane):
    """A thread that runs calls, one after the other, and leaves when it has long been idle."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.thread = threading.Thread(target=self._live, name="interop worker", daemon=True)
        self.thread.start()

    def _live(self) -> None:
        self.ident, local.lane = threading.get_ident(), self
        while self.gone is None:
            try:
                self.bell.get(timeout=IDLE)
            except queue.Empty:
                self.pool.retire(self)
            self.drain()
        self.pool.workers.discard(self)

    def start(self, call: Call, /) -> None:
        """Run the function here and now, and be idle again just before the caller hears of it."""
        while len(self._inbox) > 1:  # A cancel that has arrived already: begin() itself is the first.
            self._inbox[1]()
            del self._inbox[1]
        if not call.enter():
            return self._rest()
        try:
            value = call.context.run(call.fn, *call.args, **call.kwargs)
        except BaseException as error:
            self._rest()
            self.report(call, error)
        else:
            self._rest()
            call.settle(value)

    def _rest(self) -> None:
        self.cancelled = False
        if self.gone is None:
            self.pool.idle.append(self)

    def leave(self) -> None:
        """Be cancelled if at work, and end."""
        for call in self.outstanding:
            call.stop()
        self.gone = self.gone or self.peer_gone("its pool is closed")


class Pool:
    """Workers, as many as there are calls at the same time."""

    def __init__(self) -> None:
        self.idle: deque[Worker] = deque()
        self.workers: set[Worker] = set()

    def take(self) -> Worker:
        """An idle worker, or a new one."""
        try:
            return self.idle.pop()
        except IndexError:
            worker = Worker(self)
            self.workers.add(worker)
            return worker

    def retire(self, worker: Worker) -> None:
        """End a worker, unless somebody has just taken it."""
        try:
            self.idle.remove(worker)
        except ValueError:
            return
        worker.leave()

    def close(self) -> None:
        """End all workers, and wait until their functions have returned: a thread cannot be stopped from outside."""
        for worker in list(self.workers):
            worker.wake(worker.leave)
        for worker in list(self.workers):
            worker.thread.join()
