"""Conversation: one task in the callee's loop that runs one step after the other, and so holds what belongs to one task.

portal.stream() and portal.enter() are conversations (streams.py, managers.py): every step of an iterator, and both ends of a
context manager, run in the same callee task, where nurseries, cancel scopes and context variables are at home. Each step is a
Call like any other; its callee is the conversation. A cancelled step cancels the task, which ends the conversation after the
callee's own cleanup; a step that is cancelled before the callee has come to it does so, too, since nobody will ask for another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

from interop.call import RUNNING, Call, Owner, Side, Signal
from interop.errors import PeerGone
from interop.runtime import Runtime

T = TypeVar("T")
END = object()


class Step(Call):
    """One step.

    Args:
        must_leave: it leaves even a cancelled caller, and a cancel is not passed on.
        last: it gives the resource up.
    """

    __slots__ = ("last", "must_leave", "talk")
    must_begin = True  # Else a cancel that comes before it begins would end the step, and leave the conversation alone.

    def __init__(self, talk: Conversation, fn: Callable[..., Any], must_leave: bool, last: bool) -> None:
        super().__init__(talk.here, talk, fn, owner=talk.owner)
        self.must_leave, self.last, self.talk = must_leave, last, talk

    @property
    def there(self) -> Runtime:
        """That of the conversation."""
        return self.talk.there

    def send(self) -> None:
        """Ask for it, and before the first one for the conversation: a caller that is cancelled before it asks begins none."""
        self.talk.begin()
        super().send()

    def ask_to_stop(self, instead: BaseException | bool = True) -> None:
        """Pass a cancel on, unless this is the step that ends it all."""
        if self.must_leave:
            self.caller.wake_again()
        else:
            super().ask_to_stop(instead)


class Serving(Call):
    """The call that runs the callee's task; when it is over, so is each step that waits."""

    __slots__ = ("talk",)

    def __init__(self, talk: Conversation, here: Runtime, there: Runtime, owner: Owner) -> None:
        super().__init__(here, there, lambda: talk.there.native(talk._serve()), owner=owner)
        self.talk = talk

    def settle(self, value: Any = None, error: BaseException | None = None, *, cancelled: bool = False) -> None:
        """It may have been cancelled before its first step."""
        super().settle(value, error, cancelled=cancelled)
        self.talk.answer_the_rest()


Resource = Callable[[], Coroutine[Any, Any, Any]]


class Conversation:
    """What runs in the callee.

    Args:
        make: gives the resource; end gives it up if no last step has. Both are coroutine functions, run in the callee's task.
    """

    def __init__(self, here: Runtime, there: Runtime, owner: Owner, make: Resource, end: Callable[..., Any]) -> None:
        self._here, self.owner, self.make, self.end = here, owner, make, end
        self.name = there.name
        self.over = self.done = False
        self.failure: BaseException | None = None
        self.told = self.end_was_asked_for = False
        self._steps: deque[Step] = deque()
        self._more: Signal | None = None
        self.begun = False
        self._call = Serving(self, here, there, owner)

    @property
    def here(self) -> Runtime:
        """The caller's runtime; among threads, that of the thread that asks: a stream may be made in one and read in another."""
        return self._here.of_this_thread()

    @property
    def there(self) -> Runtime:
        """The callee's runtime; among threads, the worker that has it."""
        return cast(Runtime, self._call.callee)

    def begin(self) -> None:
        """In the caller: start the callee's task, once."""
        if not self.begun:
            self._call.send()
            self.begun = True

    def step(self, fn: Callable[[Any], Coroutine[Any, Any, Any]], last: bool = False) -> Step:
        """In the caller: fn(resource) as the next step; here.wait() for it."""
        return Step(self, fn, must_leave=last, last=last)

    def dropped(self) -> Awaitable[Any]:
        """In the caller: cancel the callee's task, and wait natively until it has given the resource up."""
        self.drop()
        return self.here.wait(Step(self, lambda resource: self._until_cancelled(), must_leave=True, last=False))

    async def _until_cancelled(self) -> None:
        await self.there.wait(Signal(self.there, gives_up=True))

    def drop(self) -> None:
        """In the caller: cancel the callee's task, whatever it does."""
        self.end_was_asked_for = True
        self._call.ask_to_stop()

    async def _serve(self) -> None:
        """In the callee's task."""
        made = False
        resource: Any = None
        try:
            resource, made = await self.make(), True
            while not self.over:
                if not self._steps:
                    self._more = Signal(self.there, gives_up=True)
                    await self.there.wait(self._more)
                await self._take(self._steps.popleft(), resource)
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self._more = None
            try:
                if made and not self.over:
                    await self.end(resource, self.failure)
            except BaseException as error:
                self.failure = error
                raise
            finally:
                self.done = True
                # Without a resource the first step still comes, and hears of it. GeneratorExit: a dead loop's task was collected.
                quiet = (*self.there.cancel_types, GeneratorExit)
                heard = self.told or self._steps or not made  # Serving answers those that wait, once it has its own outcome.
                if self.failure is not None and not heard and not isinstance(self.failure, quiet):
                    self.there.unheard(self.failure)

    def answer_the_rest(self) -> None:
        """In the callee's loop: nobody will take the steps that wait."""
        while self._steps:
            self._fail(self._steps.popleft())

    async def _take(self, step: Step, resource: Any) -> None:
        try:
            if step.stopped:  # Its cancel came first, and is still due here, unless the resource has taken it.
                await self.there.raise_due()
            value = await step.fn(resource)
        except BaseException as error:
            if isinstance(error, self.there.cancel_types):
                self.over = step.last
                self._steps.appendleft(step)  # It is answered when the resource is given up.
                raise
            self.over = True
            self.failure = error
            self._fail(step)
        else:
            self.over = step.last or value is END
            self._call.stopped = False  # The callee has survived this step's cancel: the next one gets its own.
            step.settle(value)

    def _fail(self, step: Step) -> None:
        """Answer a step that the callee's task did not take, or did not survive."""
        self.told = True
        error = self.failure
        # The caller may have told this step why, and not yet the conversation: it goes on in another thread.
        reason = next((it.unwanted for it in (self._call, step) if isinstance(it.unwanted, BaseException)), None)
        cancelled = self._call.cancelled if error is None else isinstance(error, self.there.cancel_types)
        if (error is None or cancelled) and isinstance(self._call.error, PeerGone):  # A loop may end by cancelling its tasks.
            error, cancelled = self.peer_gone(), False
        if reason is not None and step.unwanted is not True:  # The portal was closed: that is why.
            step.unwanted = reason
            step.settle(error=error if error is not None else reason, cancelled=cancelled)
        elif step.unwanted is False and (self.end_was_asked_for and step.must_leave if cancelled else error is None):
            step.settle(END)  # It is over, as the caller wanted when it cancelled an earlier step.
        else:
            if cancelled and self.end_was_asked_for:  # By an earlier step, perhaps, which came back with an item all the same.
                step.unwanted = True
            step.settle(error=error, cancelled=cancelled)

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

    def wake_again(self) -> None:
        """In the callee's loop."""
        self._call.callee.wake_again()

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
            self._fail(cast(Step, step))
            return
        self._steps.append(cast(Step, step))
        if self._more is not None:
            self._more.settle()

    def cancel(self, step: Call, /) -> None:
        """In the callee's loop: cancel the task that is at this step, or has not come to it yet."""
        self.end_was_asked_for = True
        self._call.stop()  # If it had not begun, it answers the steps that wait.

    def resume(self, call: Call, /) -> None:
        """A conversation waits for nothing."""
