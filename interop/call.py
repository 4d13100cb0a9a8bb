"""Call: one call in flight over a crossing; the hybrid future, and the only neutral object.

A Call is an actor, so it needs no lock: until it is settled its state is touched only in the callee's thread, from then
on only in the caller's. Requests travel by wake(): begin and stop to the callee, resume to the caller.
The one exception is `unwanted`, which the caller sets once and the callee only reads: a cancel that overtakes its own
request in the queue keeps the function from starting at all.

Ctrl-C can raise KeyboardInterrupt between any two statements. So each request can be repeated: send(), begin(), stop(), settle()
and resume() do what is left to do, if anything is. A queue keeps a request until it was answered (Runtime.drain()).
"""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from interop.unpatched import get_ident

NEW, BEGUN, RUNNING, SETTLED, BACK = range(5)


class Side(Protocol):
    """What a Call needs to know of the runtimes of its caller and of its callee."""

    @property
    def name(self) -> str:
        """The framework's."""

    @property
    def gone(self) -> BaseException | None:
        """Set once no call may reach it."""

    @property
    def dead(self) -> bool:
        """Whether its loop will not run again."""

    @property
    def outstanding(self) -> set[Call]:
        """The calls that it has begun and not settled."""

    @property
    def ident(self) -> int:
        """The thread it runs in."""

    def wake(self, callback: Callable[[], object], /) -> None:
        """Run callback soon in this runtime's own thread; callable from any thread."""

    def wake_again(self) -> None:
        """Wake its loop even if that was done: a Ctrl-C may have lost it."""

    def wake_here(self, callback: Callable[[], object], /) -> None:
        """The same, called in this runtime's own thread, by another loop perhaps."""

    def peer_gone(self) -> BaseException:
        """What a call gets that this runtime cannot answer any more."""

    def unheard(self, error: BaseException, /) -> None:
        """Callee: its function failed, and no caller hears of it; callable from any thread."""

    def lane(self) -> Side:
        """Callee: where the next call runs."""

    def start(self, call: Call, /) -> None:
        """Callee: run call.fn natively and settle the call exactly once."""

    def cancel(self, call: Call, /) -> None:
        """Callee: deliver the native cancel to what start() started."""

    def resume(self, call: Call, /) -> None:
        """Caller: let what waits for the call go on, from the caller's own scheduler."""


class Owner(Protocol):
    """Who wants to know when a call leaves and when it is back: the portal that sends it."""

    def remember(self, call: Call, /) -> None:
        """The call leaves; raises if it may not."""

    def forget(self, call: Call, /) -> None:
        """The call is back."""


class Call:
    """One start, one outcome, one resume.

    Attributes:
        value, error: the outcome; at most one is set, and only once settled.
        cancelled: the callee ended by its own cancel type; then `error` is that exception, or None if it never began.
        unwanted: a cancel was asked for; True, or the error that the caller shall get instead of its own cancel.
        abandoned: nobody will ask for the outcome any more.
        parked, task: what the caller waits with, what the callee runs; each side's own business.
    """

    __slots__ = (
        "__weakref__", "abandoned", "args", "callee", "caller", "cancelled", "context", "error", "fn", "kwargs", "owner",
        "parked", "routed", "state", "stop_sent", "stopped", "task", "told", "unwanted", "value",
    )  # fmt: skip

    must_leave = False  # Sent and waited for even by a caller that is cancelled already.
    must_begin = False  # Begun even if it is not wanted any more by then, and stopped after.

    def __init__(
        self,
        caller: Side,
        callee: Side,
        fn: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        owner: Owner | None = None,
    ) -> None:
        self.caller, self.callee, self.owner = caller, callee, owner
        self.fn, self.args, self.kwargs = fn, args, kwargs or {}
        self.context = contextvars.copy_context()
        sniffio = sys.modules.get("sniffio")  # anyio.run() says in a context variable who runs: not so in the callee.
        library = getattr(sniffio, "current_async_library_cvar", None)  # Another thread may be importing it just now.
        if library is not None and self.context.get(library) is not None:
            self.context.run(library.set, None)
        self.state = NEW
        self.value: Any = None
        self.error: BaseException | None = None
        self.cancelled = self.stopped = self.abandoned = False
        self.routed = self.stop_sent = self.told = False
        self.unwanted: BaseException | bool = False
        self.parked: Any = None
        self.task: Any = None

    @property
    def there(self) -> Any:
        """The runtime that it goes into; the callee may be a part of that."""
        return self.callee

    # In the caller's thread.

    def send(self) -> None:
        """Ask the callee to begin."""
        try:
            if self.owner is not None:
                self.owner.remember(self)
            if not self.routed:
                self.callee, self.routed = self.callee.lane(), True
        except BaseException:
            if self.owner is not None and not self.routed:  # Nothing has left: it may not, or there is no thread for it.
                self.owner.forget(self)
            raise
        callee = self.callee
        if callee.ident == self.caller.ident:
            callee.wake_here(self.begin)
        else:
            callee.wake(self.begin)
        if callee.gone is not None:  # Then nobody may be there to begin it, and begin() only says so.
            self.begin()

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Ask the callee to stop; only the first request counts, so a second one cannot cut the callee's cleanup."""
        if self.state >= BACK:
            return
        if self.unwanted is False:
            self.unwanted = instead
        if not self.stop_sent:
            self.callee.wake(self.stop)
            self.stop_sent = True
        self.caller.wake_again()

    def abandon(self) -> None:
        """Whoever waited is being closed: ask the callee to stop, and let it say itself what fails there."""
        self.abandoned = True
        self.ask_to_stop()

    def resume(self) -> None:
        """The outcome is here: let the caller go on."""
        if self.owner is not None:
            self.owner.forget(self)
        self.state = BACK
        self.fn, self.args, self.kwargs = _nothing, (), {}  # They may refer to this call, or to much else.
        if self.abandoned or self.caller.dead:
            error, self.error = self.error, None
            if error is not None and not self.cancelled:
                self.callee.unheard(error)
        elif self.parked is not None:  # What waits clears it when it goes on.
            self.caller.resume(self)

    # In the callee's thread.

    def begin(self) -> None:
        """Start the function, unless nobody wants it any more."""
        if self.state != NEW:
            return
        if self.callee.gone is not None:
            self.settle(error=self.callee.peer_gone())
        elif self.unwanted is not False and not self.must_begin:
            self.settle(cancelled=True)
        else:
            self.state = BEGUN
            self.callee.outstanding.add(self)
            try:
                self.callee.start(self)
            except BaseException as error:
                self.settle(error=error)

    def stop(self) -> None:
        """Deliver the cancel to what runs; what has not had its first step never has it."""
        if self.state == RUNNING and not self.stopped:
            self.stopped = True
            self.callee.cancel(self)
        elif self.state in (NEW, BEGUN):  # NEW: the caller was interrupted before begin() was on its way.
            self.settle(cancelled=True)

    def enter(self) -> bool:
        """The first step of what start() started: whether it may go on and call the function."""
        if self.state == BEGUN:
            self.state = RUNNING
            return True
        return False

    def settle(self, value: Any = None, error: BaseException | None = None, *, cancelled: bool = False) -> None:
        """Report the outcome; the first one wins, later ones are nothing."""
        if self.told:
            return
        if self.state < SETTLED:
            self.value, self.error, self.cancelled = value, error, cancelled
            self.state = SETTLED
            self.callee.outstanding.discard(self)
            self.task = None
        if get_ident() == self.caller.ident:  # A signal may be settled anywhere.
            self.caller.wake_here(self.resume)
        else:
            self.caller.wake(self.resume)
        self.told = True


class Signal(Call):
    """A call with nobody on the other side: something waits for it, something settles it by hand.

    Args:
        gives_up: whether a cancelled waiter goes on at once, cancelled; otherwise it goes on waiting until the signal is settled.
    """

    __slots__ = ("gives_up",)
    must_leave = True

    def __init__(self, caller: Side, *, gives_up: bool = False) -> None:
        super().__init__(caller, caller, _nothing)
        self.routed = True
        self.gives_up = gives_up

    def send(self) -> None:
        """Nobody to ask."""

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Give up, if it may. All of this is in one thread."""
        self.caller.wake_again()
        if self.unwanted is False and self.state < BACK:
            self.unwanted = instead
            if self.gives_up:
                self.settle(cancelled=True)
                self.cancelled = True  # Also where it was settled just now, and its waiter has not gone on yet.


def _nothing() -> None:
    raise AssertionError("a signal has no function, and a call that is back has none any more")
