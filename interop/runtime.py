"""Runtime: one running loop, as a Call sees it. What all frameworks share stands here once.

adapters/x    raw_wake start cancel wait resume: what only framework x can say
runtime       the inbox, one wake-up for many requests; who is outstanding; how a loop dies; what an outcome means
call          one call
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, ClassVar, TypeVar

from interop.call import Call
from interop.errors import CalleeCancelled, CalleeRaisedStop, PeerGone

T = TypeVar("T")

STOPS = (StopIteration, StopAsyncIteration, GeneratorExit)


class Runtime(ABC):
    """A running loop. Get one with interop.adapters.x.current(); hand it to the other side, which opens a portal to it.

    Attributes:
        name: the framework and its flavour, "twisted[asyncio]".
        ident: the thread it runs in.
        cancel_types: what its native cancel raises.
        coroutines: it can run one.
        guests: loops that run in this thread because this one does.
        gone: why no call may reach it any more; its own waiting callers may still have to be resumed.
        dead: its loop does not run any more.
    """

    name: str
    cancel_types: ClassVar[tuple[type[BaseException], ...]]
    coroutines = True

    def __init__(self) -> None:
        self.ident = threading.get_ident()
        self.gone: BaseException | None = None
        self.dead = False
        self.left: list[Any] = []
        self._why: tuple[str, BaseException | None] = ("it is closed", None)
        self.outstanding: set[Call] = set()
        self.guests: set[Any] = set()
        self._inbox: deque[Callable[[], object]] = deque()
        self._awake = False

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

    def native(self, coroutine: Coroutine[Any, Any, T]) -> Any:
        """The native form of a coroutine that awaits only wait(): a coroutine in most frameworks."""
        return coroutine

    def lane(self) -> Runtime:
        """Where the next call into this runtime runs; a loop has one lane, threads have many."""
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

    def release(self) -> None:  # noqa: B027
        """The portal closed."""

    def wake(self, callback: Callable[[], object], /) -> None:
        """Run callback soon in this loop's thread; callable from any thread. One wake-up serves all that is queued."""
        self._inbox.append(callback)
        if not self._awake:
            self._awake = True
            try:
                self.raw_wake()
            except Exception as error:
                self._awake = False
                self.bury(f"it cannot be woken any more ({type(error).__name__}: {error})")
        if self.dead:
            self.drain()

    def wake_here(self, callback: Callable[[], object], /) -> None:
        """The same from this very thread; a loop that can be told in another loop's step needs no wake-up."""
        self.wake(callback)

    def drain(self) -> None:
        """Answer what is queued, and no more than that: the loop's other work comes next."""
        # Clear the flag first: a request queued from now on wakes again, and an extra wake-up finds nothing to do.
        self._awake = False
        inbox = self._inbox
        for _ in range(len(inbox)):
            try:
                callback = inbox.popleft()
            except IndexError:  # The loop is gone, and another thread answers too.
                return
            try:
                callback()
            except BaseException:  # A task that went on ends the loop, with Ctrl-C perhaps: what is queued is still due.
                self.wake(_nothing)
                raise

    async def end_guests(self) -> None:
        """This loop is about to end while it still can wait: its guests end first, and clean up."""
        for guest in list(self.guests):
            await guest.stop()

    def die(self, why: str, cause: BaseException | None = None) -> None:
        """The loop is ending: fail every outstanding call now, and each later one at once."""
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
        crossing = f"{self.name}->{getattr(call.callee, 'name', '?')}"
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
    coroutine.close()
    raise RuntimeError("a blocking framework was handed a coroutine that suspends")
