"""Runtime: one running loop, as a Call sees it. What all frameworks share stands here once.

adapters/x    raw_wake start cancel wait resume: what only framework x can say
runtime       the inbox, one wake-up for many requests; who is outstanding; how a loop dies; what an outcome means
call          one call
"""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, ClassVar, TypeVar

from interop.call import Call
from interop.errors import CalleeCancelled, CalleeRaisedStop, PeerGone
from interop.unpatched import get_ident

T = TypeVar("T")

STOPS = (StopIteration, StopAsyncIteration, GeneratorExit)


class Runtime(ABC):
    """A running loop. Get one with interop.adapters.x.current(); hand it to the other side, which opens a portal to it.

    Attributes:
        name: the framework and its flavour, "twisted[asyncio]".
        ident: the thread it runs in.
        cancel_types: what its native cancel raises.
        coroutines: it can run one.
        keeps_cancels: a cancel that a wait outlasts is raised by a later wait of the same task; a Deferred is no task.
        guests: loops that run because this one does, as guests in this thread or in threads of their own.
        gone: why no call may reach it any more; its own waiting callers may still have to be resumed.
        dead: its loop does not run any more.
        ended_by: what its main function was ended with, if that was an error.
        forked: this is the copy of it in a forked process, where its loop does not run.
    """

    name: str
    cancel_types: ClassVar[tuple[type[BaseException], ...]]
    coroutines = keeps_cancels = True

    def __init__(self) -> None:
        self.ident = get_ident()
        self.gone: BaseException | None = None
        self.ended_by: BaseException | None = None
        self.dead = self.forked = False
        self._why: tuple[str, BaseException | None] = ("it is closed", None)  # Until die() says more; a pool of threads has none.
        self.left: list[Any] = []
        self.outstanding: set[Call] = set()
        self.guests: set[Any] = set()
        self.ending = False  # It is about to end, and starts no more of them.
        self._inbox: deque[Callable[[], object]] = deque()
        self._awake = False
        _all.add(self)

    @abstractmethod
    def raw_wake(self) -> None:
        """Have drain() run soon in this loop's thread; raises once the loop has ended."""

    @abstractmethod
    def start(self, call: Call, /) -> None:
        """Run call.fn(*call.args) natively in call.context, and settle the call; in this loop's thread, outside any task."""

    @abstractmethod
    def cancel(self, call: Call, /) -> None:
        """Deliver the native cancel to what start() started."""

    @abstractmethod
    def wait(self, call: Call, /) -> Awaitable[Any]:
        """Send the call; the native awaitable for its outcome. A native cancel is forwarded, and its end awaited."""

    @abstractmethod
    def resume(self, call: Call, /) -> None:
        """The call that wait() parked is back."""

    async def raise_due(self) -> None:  # noqa: B027 - most have nothing to raise
        """Raise the cancel that an earlier call of this task outlasted, if it is still due; callers only.

        Closing is not cut by a cancel. Without this, one that came meanwhile would be lost where the task ends after it.
        """

    def native(self, coroutine: Coroutine[Any, Any, T]) -> Any:
        """The native form of a coroutine that awaits only wait(): a coroutine in most frameworks."""
        return coroutine

    def lane(self) -> Runtime:
        """Where the next call into this runtime runs; a loop has one lane, threads have many."""
        return self

    def of_this_thread(self) -> Runtime:
        """The runtime that waits here for what this one has begun; a loop is alone with that, threads are not."""
        return self

    def asyncio_loop(self) -> Any:
        """The asyncio loop that it runs on, or None."""
        return None

    def hosts(self) -> frozenset[str]:
        """Which loops can be its guests: "trio", "asyncio"."""
        return frozenset()

    async def readable(self, fd: int, seconds: float | None) -> None:
        """Wait, natively, until fd is readable or seconds have passed; only where asyncio can be a guest."""
        raise NotImplementedError

    def hold(self) -> None:  # noqa: B027 - most loops need nothing
        """A portal to or from this runtime opens: keep what wake-ups need."""

    def hold_if_alive(self) -> None:
        """The same, asked for from elsewhere: it may have ended meanwhile, and then it needs nothing."""
        if not self.dead:
            self.hold()

    def release(self) -> None:  # noqa: B027
        """The portal closed."""

    def wake(self, callback: Callable[[], object], /) -> None:
        """Run callback soon in this loop's thread; callable from any thread. One wake-up serves all that is queued."""
        self._inbox.append(callback)
        if not self._awake:
            try:
                self._awake = True
                self.raw_wake()
            except BaseException as error:
                self._awake = False
                if not isinstance(error, Exception):  # Ctrl-C: whoever sends the request sends it again.
                    raise
                self.bury(f"it cannot be woken any more ({type(error).__name__}: {error})")
        if self.dead:
            self.drain()

    def wake_here(self, callback: Callable[[], object], /) -> None:
        """The same from this very thread; a loop that can be told in another loop's step needs no wake-up."""
        self.wake(callback)

    def drain(self) -> None:
        """Answer what is queued, and no more than that: the loop's other work comes next.

        A request is taken out after it was answered: a Ctrl-C in the middle must not lose it. A call's requests can be repeated.
        """
        try:
            # Clear the flag first: a request queued from now on wakes again, and an extra wake-up finds nothing to do.
            self._awake = False
            for _ in range(len(self._inbox)):
                if self.dead:
                    self._drain_dead()
                if self._inbox:
                    self._answer(self._inbox[0])
        except BaseException:  # A task that went on ends the loop, with Ctrl-C perhaps: what is queued is still due.
            self.wake_again()
            raise

    def _answer(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except BaseException:
            if not isinstance(getattr(callback, "__self__", None), Call):
                self._answered(callback)
            raise
        self._answered(callback)

    def wake_again(self) -> None:
        """Wake even if a wake-up was given: a Ctrl-C in this thread may have ended drain() before its first statement."""
        self._awake = False
        self.wake(_nothing)

    def _answered(self, callback: Callable[[], object]) -> None:
        """Take a request out, unless something in it has done so already."""
        if self._inbox and self._inbox[0] is callback:
            self._inbox.popleft()

    def _drain_dead(self) -> None:
        """The loop has ended: whichever thread has something for it answers, and there may be several."""
        while True:
            try:
                callback = self._inbox.popleft()
            except IndexError:
                return
            callback()

    async def end_guests(self) -> None:
        """This loop is about to end while it still can wait: the loops that it started end first, and clean up."""
        self.ending = True
        try:
            while self.guests:
                await next(iter(self.guests)).stop()
        finally:
            self.ending = False

    def die(self, why: str, cause: BaseException | None = None) -> None:
        """The loop is ending: fail every outstanding call now, and each later one at once."""
        cause = cause if cause is not None else self.ended_by
        if self.gone is None:
            self.gone, self._why = self.peer_gone(why, cause), (why, cause)
        # Their callers are told now; they themselves still have to be ended by their loop, and nobody else may hold them.
        self.left += [call.task for call in self.outstanding if call.task is not None]
        for call in list(self.outstanding):
            call.settle(error=self.peer_gone(why, cause))

    def bury(self, why: str, cause: BaseException | None = None) -> None:
        """The loop has ended: what is left in the inbox is answered by whoever puts it there."""
        self.die(why, cause)
        self.dead = True
        self.left.clear()
        self.drain()

    def after_fork(self) -> None:
        """In a forked process: fail what waits for this loop, that is not here; touch nothing that both processes share."""
        self.forked = self.dead = True
        self._inbox.clear()
        self.guests.clear()
        self.die("this process was forked from the one in which it runs; open a portal here")

    def peer_gone(self, why: str = "", cause: BaseException | None = None) -> PeerGone:
        """A PeerGone of its own for each call, since each caller adds its traceback; without a reason, the one of die()."""
        if not why:
            why, cause = self._why
        error = PeerGone(self.name, why)
        error.__cause__ = cause
        return error

    def deliver(self, call: Call) -> Any:
        """Return or raise what the callee said, as this caller may see it."""
        error = call.error
        if error is None and not call.cancelled:
            value, call.value = call.value, None
            return value
        call.error = None
        crossing = f"{self.name}->{call.callee.name}"
        try:
            if call.cancelled and isinstance(call.unwanted, BaseException):
                raise call.unwanted from error
            if call.cancelled or isinstance(error, self.cancel_types):
                raise CalleeCancelled(crossing, error) from error
            if isinstance(error, STOPS):
                raise CalleeRaisedStop(crossing, error) from error
            assert error is not None
            raise error
        finally:
            del error, call  # An exception must not hold the frame that holds it.

    def report(self, call: Call, error: BaseException) -> None:
        """Callee: fn raised error; the callee's cancel types mean that the callee was cancelled."""
        if isinstance(error, self.cancel_types):
            call.settle(error=error, cancelled=True)
        else:
            call.settle(error=error)

    def unheard(self, error: BaseException, /) -> None:
        """A function of this runtime's failed, and no caller hears of it: have that reported here, unless it is our own doing."""
        if not isinstance(error, PeerGone):
            self.wake(lambda: self.lost(error))

    def lost(self, error: BaseException) -> None:
        """Report a failure that no caller hears of, as this framework reports such; in most, as a thread does."""
        how = (type(error), error, error.__traceback__, threading.current_thread())
        threading.excepthook(threading.ExceptHookArgs(how))

    def __repr__(self) -> str:
        state = "gone" if self.gone else "running"
        return f"<{self.name} runtime, {state}, in thread {self.ident}>"


def _nothing() -> None:
    pass


_all: weakref.WeakSet[Runtime] = weakref.WeakSet()


def _after_fork() -> None:
    for runtime in list(_all):
        runtime.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Done(Awaitable[T]):
    """What a blocking framework's wait() gives to neutral code: nothing is left to wait for."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, None, T]:
        return self.value
        yield


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of which every awaited operation blocks instead of suspending."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        coroutine.close()
    raise RuntimeError("a blocking framework was handed a coroutine that suspends")
