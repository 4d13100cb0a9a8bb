"""Streams: portal.stream() is a conversation with an iterator of the callee's, asynchronous or plain.

Each item is asked for when the last one was taken, so there is one on the way at most. What a generator can do more than an
iterator is passed on to it: asend, athrow, aclose, or send, throw, close where the caller's generators are plain.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar, cast

from interop.call import BACK, Owner
from interop.conversation import END, Conversation
from interop.errors import PeerGone
from interop.runtime import Runtime

T = TypeVar("T")


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

    _ended = False

    def __init__(self, here: Runtime, there: Runtime, owner: Owner, make: Callable[[], Any]) -> None:
        async def source() -> Any:
            made = make()
            return made.__aiter__() if hasattr(made, "__aiter__") else iter(made)

        self._talk = Conversation(here, there, owner, source, _closed)

    async def _step(self, fn: Callable[..., Any], last: bool = False) -> Any:
        if self._ended or (last and not self._talk.begun):
            self._ended = True
            return END
        step = self._talk.step(fn, last)
        try:
            item = await self._talk.here.wait(step)
        except PeerGone:
            self._ended = last or step.state == BACK  # A portal that is being closed refuses a step, and gives the source up.
            if not last:  # Who closes a stream does not mind that it is closed.
                raise
            return END
        except BaseException:
            # An error or a cancel ends a stream, unless the caller was cancelled before it had asked.
            self._ended = step.state == BACK
            raise
        self._ended = last or item is END
        if last:
            await self._talk.here.raise_due()
        return item

    def __del__(self) -> None:
        if not self._ended and (talk := getattr(self, "_talk", None)) is not None and talk.begun:
            talk.drop()


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
