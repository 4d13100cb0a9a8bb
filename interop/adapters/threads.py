"""threads: no framework, plain blocking code. A thread that waits is a small loop: it answers its inbox until its call is back.

Cancelling: there is none in the language, so a cancel is cooperative and comes once: Cancelled is raised by the next
            check(), sleep() or portal.call() of the thread that was asked to stop. KeyboardInterrupt in a waiting thread
            is passed on as a cancel and raised when the callee is done.
Threads:    a SimpleQueue for a bell, which may be rung even in a signal handler.
As callee:  an idle worker thread or a new one for each call, so that nested calls cannot starve each other.
"""

from __future__ import annotations

import _thread
import concurrent.futures
import queue
import threading
from collections import deque
from collections.abc import Callable
from inspect import iscoroutine
from typing import Any

from interop.blocking import Blocking
from interop.call import BACK, Call
from interop.errors import OwnLoop
from interop.portal import BlockingPortal
from interop.runtime import Done, Runtime, drive
from interop.wrapping import Hybrid, wrapped


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


class Future(Hybrid, concurrent.futures.Future[Any]):
    """The concurrent Future of a foreign awaitable."""

    def cancel(self) -> bool:
        """Cancel what it stands for; it is cancelled when that has ended. Whether it is not too late."""
        if self.done():
            return False
        self.interrupt()
        return True

    def stopped(self) -> None:
        """As a Future that is cancelled before it runs: the only cancel that there is."""
        super().cancel()
        self.set_running_or_notify_cancel()

    def failed(self, error: BaseException, /) -> None:
        """A concurrent Future would be silent about it."""
        self.unasked = error
        self.set_exception(error)

    def returned(self, value: Any, /) -> None:
        """It is set."""
        self.set_result(value)

    def result(self, timeout: float | None = None) -> Any:
        """The value, or the error."""
        try:
            return super().result(timeout)
        finally:
            if self.done():
                self.unasked = None

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error."""
        try:
            return super().exception(timeout)
        finally:
            if self.done():
                self.unasked = None


class Worker(Lane):
    """A thread that runs calls, one after the other, and leaves when it has long been idle."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.thread = threading.Thread(target=self._live, name="interop worker", daemon=True)
        self.thread.start()

    def _live(self) -> None:
        self.ident, _local.lane = threading.get_ident(), self
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


IDLE = 10.0  # Seconds after which an idle worker leaves.
_local = threading.local()


def current() -> Lane:
    """The runtime of this thread: every thread has one."""
    lane: Lane | None = getattr(_local, "lane", None)
    if lane is None:
        lane = _local.lane = Lane(Pool())
    return lane


def check() -> None:
    """Raise Cancelled if the caller of this thread's function does not want it any more."""
    current().check()


def wrap(foreign: Any, *, of: Runtime | None = None) -> concurrent.futures.Future[Any]:
    """A Future for any foreign awaitable, at home in the loop that it says, or in `of`; cancel() cancels that."""
    here = Anywhere(Pool())
    call, future = wrapped(here, foreign, of), Future()
    future.begin(here, call)
    return future


def run(main: Callable[[], Any], flavour: str = "") -> Any:
    """Run main in this thread, with workers of its own for the calls that come in."""
    before, lane = getattr(_local, "lane", None), Lane(Pool())
    _local.lane = lane
    try:
        result = main()
        return drive(result) if iscoroutine(result) else result
    finally:
        lane.bury("it has ended")
        lane.pool.close()
        _local.lane = before


class Portal(BlockingPortal):
    """A portal that plain threads hold; any number of them may share it."""

    shared = True


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this program's threads to a framework: its name starts one, its Runtime reaches a running one.

    Example:
        with open_portal("asyncio") as asyncio:
            asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
