"""Blocking: what the frameworks share in which waiting blocks; gevent, eventlet and threads."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from interop.call import BACK, Call
from interop.errors import OwnLoop
from interop.runtime import Done, Runtime, drive
from interop.unpatched import running_loop

T = TypeVar("T")


class Blocking(Runtime):
    """A runtime whose functions are plain functions."""

    coroutines = False

    def native(self, coroutine: Coroutine[Any, Any, T]) -> Any:
        """Blocking code runs a neutral coroutine to its end."""
        return drive(coroutine)

    def _run(self, call: Call) -> None:
        if not call.enter():
            return
        try:
            value = call.fn(*call.args, **call.kwargs)
        except BaseException as error:
            self.report(call, error)
        else:
            call.settle(value)


class Greenlets(Blocking):
    """A hub: drain() runs in it, and each call in a greenlet of its own.

    A greenlet that waits takes what is thrown into it, and raises it when the callee is done. What the callee did not answer with
    its own cancel is due: the greenlet's next call raises it, or the hub throws it again, whichever comes first. A timeout whose
    block was left by then is dropped.
    """

    timeout_type: type[BaseException]

    def __init__(self) -> None:
        super().__init__()
        self.due: dict[Any, BaseException] = {}

    @abstractmethod
    def getcurrent(self) -> Any:
        """The greenlet that runs."""

    @abstractmethod
    def hub_greenlet(self) -> Any:
        """The hub's own."""

    @abstractmethod
    def switch(self) -> object:
        """Let the hub run until somebody switches back."""

    @abstractmethod
    def run_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Run a callback in the hub's next turn."""

    @abstractmethod
    def was_left(self, timeout: BaseException) -> bool:
        """Whether the block that a timeout was for has been left."""

    def wait(self, call: Call, /) -> Done[Any]:
        """Block this greenlet until the outcome is here."""
        current = self.getcurrent()
        if current is self.hub_greenlet():
            raise OwnLoop(f"{self.name}->{call.callee.name}", "spawn a greenlet: the hub itself must not wait")
        if (loop := call.there.asyncio_loop()) is not None and loop is running_loop():  # A guest's function.
            raise OwnLoop(f"{self.name}->{call.callee.name}", "await a portal of that framework, or call from another greenlet")
        if not call.must_leave and (due := self._take_due(current)) is not None:
            raise due
        interrupt: BaseException | None = None
        sent = False
        call.parked = current
        while call.state != BACK:
            try:
                if sent:
                    self.switch()
                else:  # A Ctrl-C may come in the middle of this; then it is sent again, as a call that nobody wants.
                    call.send()
                    sent = True
            except BaseException as error:
                if not call.routed:
                    raise
                if interrupt is None:
                    interrupt = error
                call.ask_to_stop()
        call.parked = None
        try:
            if interrupt is not None:
                if call.cancelled and call.unwanted is True:
                    raise interrupt
                self._throw_soon(current, interrupt)
            return Done(self.deliver(call))
        finally:
            del interrupt, current

    async def raise_due(self) -> None:
        """Raise what the hub would throw."""
        if (due := self._take_due(self.getcurrent())) is not None:
            raise due

    def _take_due(self, greenlet: Any) -> BaseException | None:
        error = self.due.pop(greenlet, None)
        return None if error is None or (isinstance(error, self.timeout_type) and self.was_left(error)) else error

    def _throw_soon(self, greenlet: Any, error: BaseException) -> None:
        self.due[greenlet] = error
        self.run_soon(self._throw_due, greenlet)

    def _throw_due(self, greenlet: Any) -> None:
        if (due := self._take_due(greenlet)) is not None:
            throw(greenlet, due)

    def resume(self, call: Call, /) -> None:
        """Switch to the waiting greenlet: drain() runs in the hub, where that is the way to go on."""
        call.parked.switch()

    def cancel(self, call: Call, /) -> None:
        """Throw the framework's kill into the function."""
        if call.task is not None:
            self._throw_soon(call.task, self.cancel_types[0]())


class Ending:
    """Kept in a thread's local storage, and nowhere else: it goes when the thread ends, and nobody waits there any more."""

    runtime: Runtime | None = None  # Until it is made: a Ctrl-C may come first.

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def __del__(self, finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if self.runtime is not None and not finalizing():  # Bound here: at the interpreter's end this module's names may be gone.
            self.runtime.bury("its thread has ended")
            for guest in list(self.runtime.guests):  # Its portals were not closed, and nobody is here to wait for that.
                guest.end_soon()


def throw(greenlet: Any, error: BaseException) -> None:
    """In the hub: throw, unless it is over."""
    if not greenlet.dead:
        greenlet.throw(error)
