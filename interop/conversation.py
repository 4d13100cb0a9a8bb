"""Conversation: one task in the callee's loop that runs one step after the other, and so holds what belongs to one task.

portal.stream() and portal.enter() are conversations (streams.py, managers.py): every step of an iterator, and both ends of a
context manager, run in the same callee task, where nurseries, cancel scopes and context variables are at home. Each step is a
Call like any other; its callee is the conversation. A cancelled step cancels the task, which ends the conversation after the
callee's own cleanup.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

from interop.call import RUNNING, Call, Owner, Side, Signal
from interop.errors import PortalClosed
from interop.runtime import Runtime

T = TypeVar("T")
END = object()


class Step(Call):
    """One step.

    Args:
        must_leave: it leaves even a cancelled caller, and a cancel is not passed on.
        last: it gives the resource up.
    """

    __slots__ = ("last", "must_leave")

    def __init__(self, talk: Conversation, fn: Callable[..., Any], must_leave: bool, last: bool) -> None:
        super().__init__(talk.here, talk, fn, owner=talk.owner)
        self.must_leave, self.last = must_leave, last

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Pass a cancel on, unless this is the step that ends it all."""
        if not self.must_leave:
            super().ask_to_stop(instead)


Resource = Callable[[], Coroutine[Any, Any, Any]]


class Conversation:
    """What runs in the callee.

    Args:
        make: gives the resource; end gives it up if no last step has. Both are coroutine functions, run in the callee's task.
    """

    def __init__(self, here: Runtime, there: Runtime, owner: Owner, make: Resource, end: Callable[..., Any]) -> None:
        self.here, self.owner, self.make, self.end = here, owner, make, end
        self.name = there.name
        self.over = self.done = False
        self.failure: BaseException | None = None
        self.told = False
        self._steps: deque[Step] = deque()
        self._more: Signal | None = None
        self._call = Call(here, there, lambda: self.there.native(self._serve()), owner=owner)

    @property
    def there(self) -> Runtime:
        """The callee's runtime; among threads, the worker that has it."""
        return cast(Runtime, self._call.callee)

    def begin(self) -> None:
        """In the caller: start the callee's task."""
        self._call.send()

    def step(self, fn: Callable[[Any], Coroutine[Any, Any, Any]], last: bool = False) -> Step:
        """In the caller: fn(resource) as the next step; here.wait() for it."""
        return Step(self, fn, must_leave=last, last=last)

    def dropped(self) -> Awaitable[Any]:
        """In the caller: cancel the callee's task, and wait natively until it has given the resource up."""
        self.drop()
        return self.here.wait(Step(self, lambda resource: self._until_cancelled(), must_leave=True, last=False))

    async def _until_cancelled(self) -> None:
        await self.there.wait(Signal(self.there, on_cancel=lambda signal: signal.settle(cancelled=True)))

    def drop(self) -> None:
        """In the caller: cancel the callee's task, whatever it does."""
        self._call.ask_to_stop()

    async def _serve(self) -> None:
        """In the callee's task."""
        made = False
        resource: Any = None
        try:
            resource, made = await self.make(), True
            while not self.over:
                if not self._steps:
                    self._more = Signal(self.there, on_cancel=lambda signal: signal.settle(cancelled=True))
                    await self.there.wait(self._more)
                await self._take(self._steps.popleft(), resource)
        except BaseException as error:
            self.failure = error
            raise
        finally:
            ended, self.over, self._more = self.over, True, None
            try:
                if made and not ended:
                    await self.end(resource, self.failure)
            except BaseException as error:
                self.failure = error
                raise
            finally:
                self.done = True
                while self._steps:
                    self._fail(self._steps.popleft(), self.failure)
                # Without a resource the first step still comes, and hears of it.
                if made and not self.told and self.failure is not None and not isinstance(self.failure, self.there.cancel_types):
                    self.there.unheard(self.failure)

    async def _take(self, step: Step, resource: Any) -> None:
        try:
            value = await step.fn(resource)
        except BaseException as error:
            if isinstance(error, self.there.cancel_types):
                self.over = step.last
                self._steps.appendleft(step)  # It is answered when the resource is given up.
                raise
            self.over = True
            self._fail(step, error)
        else:
            self.over = step.last or value is END
            step.settle(value)

    def _fail(self, step: Step, error: BaseException | None) -> None:
        self.told = True
        cancelled = isinstance(error, self.there.cancel_types)
        if isinstance(self._call.unwanted, BaseException):
            step.unwanted = self._call.unwanted  # The portal was closed: that is why.
        step.settle(error=error or PortalClosed(f"{self.here.name}->{self.name}"), cancelled=cancelled)

    # What a step needs of its callee.

    @property
    def gone(self) -> BaseException | None:
        """As the callee's loop."""
        return self._call.callee.gone

    @property
    def dead(self) -> bool:
        """As the callee's loop."""
        return self._call.callee.dead

    @property
    def outstanding(self) -> set[Call]:
        """Among the callee's loop's."""
        return self._call.callee.outstanding

    def peer_gone(self) -> BaseException:
        """As the callee's loop."""
        return self._call.callee.peer_gone()

    def unheard(self, error: BaseException, /) -> None:
        """As the callee's loop."""
        self.there.unheard(error)

    def wake(self, callback: Callable[[], object], /) -> None:
        """In the callee's loop."""
        self._call.callee.wake(callback)

    @property
    def ident(self) -> int:
        """The callee's thread."""
        return self._call.callee.ident

    def wake_here(self, callback: Callable[[], object], /) -> None:
        """In the callee's loop."""
        self._call.callee.wake_here(callback)

    def lane(self) -> Side:
        """The callee's one task."""
        return self

    def start(self, step: Call, /) -> None:
        """In the callee's loop: let the task take it."""
        step.enter()
        if self.done or self._call.state > RUNNING:
            self._fail(cast(Step, step), self.failure)
            return
        self._steps.append(cast(Step, step))
        if self._more is not None:
            self._more.settle()

    def cancel(self, step: Call, /) -> None:
        """In the callee's loop: cancel the task that is at this step, or has not come to it yet."""
        self._call.stop()
        if self._call.cancelled:  # It had not begun.
            step.settle(cancelled=True)

    def resume(self, call: Call, /) -> None:
        """A conversation waits for nothing."""
