"""Blocking: what the frameworks share in which waiting blocks; gevent, eventlet and threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Coroutine
from typing import Any, TypeVar

from interop.call import BACK, Call
from interop.errors import OwnLoop
from interop.runtime import Done, Runtime, drive

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
    its own cancel is thrown again: a kill must not be lost. A timeout is not: its call was finished, if late.
    """

    timeout_type: type[BaseException]

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
    def throw_soon(self, greenlet: Any, error: BaseException) -> None:
        """Throw into a greenlet from the hub, if it is still alive then."""

    def wait(self, call: Call, /) -> Done[Any]:
        """Block this greenlet until the outcome is here."""
        current = self.getcurrent()
        if current is self.hub_greenlet():
            raise OwnLoop(f"{self.name}->{getattr(call.callee, 'name', '?')}", "spawn a greenlet: the hub itself must not wait")
        interrupt: BaseException | None = None
        call.parked = current
        call.send()
        while call.state != BACK:
            try:
                self.switch()
            except BaseException as error:
                interrupt = interrupt or error
                call.ask_to_stop()
        try:
            if interrupt is not None:
                if call.cancelled and call.unwanted is True:
                    raise interrupt
                if not isinstance(interrupt, self.timeout_type):
                    self.throw_soon(current, interrupt)
            return Done(self.deliver(call))
        finally:
            del interrupt, current

    def resume(self, call: Call, /) -> None:
        """Switch to the waiting greenlet: drain() runs in the hub, where that is the way to go on."""
        call.parked.switch()

    def cancel(self, call: Call, /) -> None:
        """Throw the framework's kill into the function."""
        if call.task is not None:
            self.throw_soon(call.task, self.cancel_types[0]())


def throw(greenlet: Any, error: BaseException) -> None:
    """In the hub: throw, unless it is over."""
    if not greenlet.dead:
        greenlet.throw(error)
