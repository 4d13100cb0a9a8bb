"""Conversation: one task in the callee's loop that runs one step after the other, and so holds what belongs to one task.

portal.stream() and portal.enter() are conversations: every step of an iterator, and both ends of a context manager, run in the
same callee task, where nurseries, cancel scopes and context variables are at home. Each step is a Call like any other; its callee
is the conversation. A cancelled step cancels the task, which ends the conversation after the callee's own cleanup.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from interop.call import RUNNING, Call, Owner, Side, Signal
from interop.errors import CalleeCancelled, PeerGone, PortalClosed
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

    def step(self, fn: Callable[[Any], Coroutine[Any, Any, Any]], last: bool = False) -> Awaitable[Any]:
        """In the caller: run fn(resource) as the next step, and wait for it natively."""
        return self.here.wait(Step(self, fn, must_leave=last, last=last))

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


# Iterators.


async def _next(source: Any) -> Any:
    try:
        return await source.__anext__() if hasattr(source, "__anext__") else next(source)
    except (StopAsyncIteration, StopIteration):
        return END


def _other(name: str, *args: Any) -> Callable[[Any], Coroutine[Any, Any, Any]]:
    """asend, athrow, aclose of an asynchronous source; send, throw, close of a plain one."""

    async def step(source: Any) -> Any:
        try:
            if hasattr(source, f"a{name}"):
                return await getattr(source, f"a{name}")(*args)
            if hasattr(source, name):
                return getattr(source, name)(*args)
        except (StopAsyncIteration, StopIteration):
            return END
        if name == "close":
            return None
        raise TypeError(f"{type(source).__name__} has no {name}(): only a generator has")

    return step


_close = _other("close")


async def _closed(source: Any, error: BaseException | None) -> None:
    await _close(source)


class Stream(Generic[T]):
    """The neutral half of a stream: every step is a coroutine that awaits only wait()."""

    def __init__(self, here: Runtime, there: Runtime, owner: Owner, make: Callable[[], Any]) -> None:
        self._begun = self._ended = False

        async def source() -> Any:
            made = make()
            return made.__aiter__() if hasattr(made, "__aiter__") else iter(made)

        self._talk = Conversation(here, there, owner, source, _closed)

    async def _step(self, fn: Callable[..., Any], last: bool = False) -> Any:
        if self._ended or (last and not self._begun):
            self._ended = True
            return END
        if not self._begun:
            self._talk.begin()
            self._begun = True
        self._ended = True  # Unless this step gives an item: an error or a cancel ends a stream.
        try:
            item = await self._talk.step(fn, last)
        except PeerGone:
            if not last:  # Who closes a stream does not mind that it is closed.
                raise
            return END
        self._ended = last or item is END
        return item

    def __del__(self) -> None:
        if self._begun and not self._ended:
            self._talk.drop()


class AsyncStream(Stream[T], AsyncIterator[T]):
    """Items of a callee's iterator, in order, each asked for when the last one was taken.

    `async with` closes the source before the code after it goes on; a bare `async for` that is left early cannot wait for that.
    """

    async def __anext__(self) -> T:
        item = await self._step(_next)
        if item is END:
            raise StopAsyncIteration
        return cast(T, item)

    async def asend(self, value: Any) -> T:
        """Give the source's yield a value; the next item."""
        item = await self._step(_other("send", value))
        if item is END:
            raise StopAsyncIteration
        return cast(T, item)

    async def athrow(self, error: BaseException) -> T:
        """Raise in the source; the next item."""
        item = await self._step(_other("throw", error))
        if item is END:
            raise StopAsyncIteration
        return cast(T, item)

    async def aclose(self) -> None:
        """Run the source's finalization in the source's own task."""
        await self._step(_close, True)

    async def __aenter__(self) -> AsyncStream[T]:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()


def blocking_stream(stream: Stream[T], drive: Callable[[Any], Any]) -> Generator[T, Any, None]:
    """The stream as a plain generator, which Python closes when it is left."""
    try:
        item = drive(stream._step(_next))
        while item is not END:
            try:
                sent = yield item
            except GeneratorExit:
                raise
            except BaseException as error:
                item = drive(stream._step(_other("throw", error)))
            else:
                item = drive(stream._step(_next if sent is None else _other("send", sent)))
    finally:
        drive(stream._step(_close, True))


# Context managers.


class Entered(Generic[T]):
    """The neutral half of an entered context manager; in the callee, the resource is the manager and its value."""

    def __init__(self, here: Runtime, there: Runtime, owner: Owner, make: Callable[[], Any]) -> None:
        self._make = make
        self._talk = Conversation(here, there, owner, self._enter, self._exit)

    async def _enter(self) -> tuple[Any, Any]:
        manager = self._make()
        if hasattr(manager, "__aenter__"):
            return manager, await manager.__aenter__()
        return manager, manager.__enter__()

    @staticmethod
    async def _exit(resource: tuple[Any, Any], error: BaseException | None) -> Any:
        manager = resource[0]
        how = (type(error), error, error.__traceback__) if error else (None, None, None)
        return await manager.__aexit__(*how) if hasattr(manager, "__aexit__") else manager.__exit__(*how)

    async def enter(self) -> T:
        """In the caller."""

        async def value(resource: tuple[Any, Any]) -> Any:
            return resource[1]

        self._talk.begin()
        return cast(T, await self._talk.step(value))

    async def exit(self, error: BaseException | None) -> bool:
        """In the caller: the callee's manager sees the error; if that is the caller's cancel, the callee's own cancel."""
        if not isinstance(error, self._talk.here.cancel_types):
            return bool(await self._talk.step(lambda resource: self._exit(resource, error), True))
        with contextlib.suppress(CalleeCancelled, PortalClosed):
            await self._talk.dropped()
        return False


class AsyncEntered(Entered[T]):
    """A callee's context manager, in `async with`."""

    async def __aenter__(self) -> T:
        return await self.enter()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        return await self.exit(error)


class BlockingEntered(Entered[T]):
    """A callee's context manager, in `with`.

    Args:
        drive: runs a coroutine that awaits only wait().
    """

    def __init__(self, drive: Callable[[Any], Any], *args: Any) -> None:
        super().__init__(*args)
        self._drive = drive

    def __enter__(self) -> T:
        return cast(T, self._drive(self.enter()))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        return bool(self._drive(self.exit(error)))
