"""Call: one call in flight over a crossing; the hybrid future, and the only neutral object.

A Call is an actor, so it needs no lock: until it is settled its state is touched only in the callee's thread, from then
on only in the caller's. Requests travel by wake(): begin and stop to the callee, resume to the caller.
The one exception is `unwanted`, which the caller sets once and the callee only reads: a cancel that overtakes its own
request in the queue keeps the function from starting at all.
"""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable, Mapping
from threading import get_ident
from typing import Any, Protocol

NEW, BEGUN, RUNNING, SETTLED, BACK = range(5)


class Side(Protocol):
    """What a Call needs to know of the runtimes of its caller and of its callee."""

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
        "parked", "state", "stopped", "task", "unwanted", "value",
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
        if sniffio is not None and self.context.get(sniffio.current_async_library_cvar) is not None:
            self.context.run(sniffio.current_async_library_cvar.set, None)
        self.state = NEW
        self.value: Any = None
        self.error: BaseException | None = None
        self.cancelled = self.stopped = self.abandoned = False
        self.unwanted: BaseException | bool = False
        self.parked: Any = None
        self.task: Any = None

    # In the caller's thread.

    def send(self) -> None:
        """Ask the callee to begin."""
        if self.owner is not None:
            self.owner.remember(self)
        callee = self.callee = self.callee.lane()
        if callee.ident == self.caller.ident:
            callee.wake_here(self.begin)
        else:
            callee.wake(self.begin)
        if callee.gone is not None:  # Then nobody may be there to begin it, and begin() only says so.
            self.begin()

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Ask the callee to stop; only the first request counts, so a second one cannot cut the callee's cleanup."""
        if not self.unwanted and self.state < BACK:
            self.unwanted = instead
            self.callee.wake(self.stop)

    def abandon(self) -> None:
        """Whoever waited is being closed: ask the callee to stop, and let it say itself what fails there."""
        self.abandoned = True
        self.ask_to_stop()

    def resume(self) -> None:
        """The outcome is here: let the caller go on."""
        if self.state == BACK:
            return
        self.state = BACK
        if self.owner is not None:
            self.owner.forget(self)
        if self.abandoned or self.caller.dead:
            if self.error is not None and not self.cancelled:
                self.callee.unheard(self.error)
        elif self.parked is not None:
            self.caller.resume(self)

    # In the callee's thread.

    def begin(self) -> None:
        """Start the function, unless nobody wants it any more."""
        if self.state != NEW:
            return
        if self.callee.gone is not None:
            self.settle(error=self.callee.peer_gone())
        elif self.unwanted and not self.must_begin:
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
        elif self.state == BEGUN:
            self.settle(cancelled=True)

    def enter(self) -> bool:
        """The first step of what start() started: whether it may go on and call the function."""
        if self.state == BEGUN:
            self.state = RUNNING
            return True
        return False

    def settle(self, value: Any = None, error: BaseException | None = None, *, cancelled: bool = False) -> None:
        """Report the outcome; the first one wins, later ones are nothing."""
        if self.state >= SETTLED:
            return
        self.state = SETTLED
        self.value, self.error, self.cancelled = value, error, cancelled
        self.callee.outstanding.discard(self)
        self.task = None
        if get_ident() == self.caller.ident:  # A signal may be settled anywhere.
            self.caller.wake_here(self.resume)
        else:
            self.caller.wake(self.resume)


class Signal(Call):
    """A call with nobody on the other side: something waits for it, something settles it by hand.

    Args:
        on_cancel: what a cancelled waiter does about it; it goes on waiting until the signal is settled.
    """

    __slots__ = ("on_cancel",)
    must_leave = True

    def __init__(self, caller: Side, on_cancel: Callable[[Signal], object] | None = None) -> None:
        super().__init__(caller, caller, _nothing)
        self.on_cancel = on_cancel

    def send(self) -> None:
        """Nobody to ask."""

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Leave it to on_cancel."""
        if not self.unwanted and self.state < SETTLED:
            self.unwanted = instead
            if self.on_cancel is not None:
                self.on_cancel(self)


def _nothing() -> None:
    raise AssertionError("a signal has no function")
