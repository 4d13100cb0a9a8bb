"""Lanes: a thread that waits is a small loop, which answers its inbox until its call is back; part of the adapter for threads.

Lane        a thread that somebody else started
Worker      a thread of ours that runs one call after the other; Pool has as many as there are calls at the same time
Anywhere    no thread in particular
"""

from __future__ import annotations

import _thread
from collections import deque
from collections.abc import Callable
from typing import Any

from interop.blocking import Blocking
from interop.call import BACK, Call
from interop.errors import OwnLoop
from interop.runtime import Done, Runtime
from interop.unpatched import Empty, SimpleQueue, Thread, get_ident
from interop.unpatched import local as unpatched_local

IDLE = 10.0  # Seconds after which an idle worker leaves.
local = unpatched_local()


class Cancelled(BaseException):
    """The cancel of plain threads: the caller of this thread's function does not want it any more."""


class Lane(Blocking):
    """One thread, which answers its inbox whenever it waits."""

    name = "threads"
    cancel_types = (Cancelled,)

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.bell = SimpleQueue()
        self.cancelled = False
        self.pool = pool

    def lane(self) -> Runtime:
        """Calls into "threads" run in workers, not in the thread that happens to be known."""
        return self if self.gone is not None else self.pool.take()

    def of_this_thread(self) -> Runtime:
        """The lane of the thread that asks."""
        if self.ident == get_ident():
            return self
        from interop.adapters.threads import current

        return current()

    def raw_wake(self) -> None:
        """Have drain() run when this thread waits."""
        self.bell.put(None)

    def drain(self) -> None:
        """Answer all that is queued."""
        super().drain()
        while self._inbox and not self.dead:
            super().drain()

    def after_fork(self) -> None:
        """The thread that forked goes on in the child, without any worker."""
        if self.ident == get_ident():
            self.pool.forget()
            self.guests.clear()
        else:
            super().after_fork()

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
        there = call.there
        if there.gone is None and there.ident == self.ident and not isinstance(there, Lane):
            raise OwnLoop(f"threads->{there.name}", "await a portal of that framework, or call from another thread")
        interrupt: BaseException | None = None
        sent = False
        call.parked = self
        while call.state != BACK:
            try:
                if sent:
                    self.bell.get()
                    self.drain()
                    if self.cancelled and interrupt is None:
                        self.cancelled = False
                        raise Cancelled
                else:  # A Ctrl-C may come in the middle of this; then it is sent again, as a call that nobody wants.
                    call.send()
                    sent = True
            except BaseException as error:
                if not call.routed:
                    raise
                if interrupt is None:
                    interrupt = error
                call.ask_to_stop()
                self.drain()
        call.parked = None
        if interrupt is not None:
            if call.cancelled and call.unwanted is True:
                raise interrupt
            self._again(interrupt)
        return Done(self.deliver(call))

    async def raise_due(self) -> None:
        """Raise Cancelled."""
        self.check()

    def _again(self, interrupt: BaseException) -> None:
        """The callee did not answer the cancel with its own: it is still due."""
        if isinstance(interrupt, Cancelled):
            self.cancelled = True
        elif isinstance(interrupt, KeyboardInterrupt):
            _thread.interrupt_main()

    def resume(self, call: Call, /) -> None:
        """The waiting loop looks at the call's state by itself."""


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
        self.thread = Thread(self._live, "interop worker", self.end)
        self.thread.start()

    def _live(self) -> None:
        self.ident, local.lane = get_ident(), self
        while self.gone is None:
            try:
                self.bell.get(timeout=IDLE)
            except Empty:
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

    def end(self) -> None:
        """Leave as soon as possible; callable from any thread."""
        self.wake(self.leave)

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

    def forget(self) -> None:
        """In a forked process: the workers' threads are not here."""
        self.idle.clear()
        self.workers.clear()

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
            worker.end()
        for worker in list(self.workers):
            worker.thread.join()
