"""What the drivers of all frameworks share; interop/laws/world.py says what each operation is.

A law is a coroutine that awaits only these operations. Where waiting blocks, they are coroutines that never suspend.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar

from interop.laws.world import Afn, Event, Outcome
from interop.runtime import drive

NOTHING: Mapping[str, str] = {}


class Driver(ABC):
    """One framework whose functions are coroutines."""

    name: str
    flavour = ""
    blocking = False
    has_loop = True
    level = False
    library: str | None = None
    says_why = below = lets_go = False
    keeps = ""
    no_pool = keeps_timers = ""
    ends_by: type[BaseException] | None = None
    adapter: Any
    cancel_type: type[BaseException]
    timeout_type: type[BaseException] | None = None
    flavours: Mapping[str, Mapping[str, str]] = {"coroutine": NOTHING}
    awaitables: Mapping[str, Mapping[str, str]] = {}
    reports_to: ClassVar[str] = ""
    words: Mapping[str, str] = NOTHING

    def native(self, fn: Afn, flavour: str = "") -> Callable[..., Any]:
        """A function as this framework's users write it."""
        return fn

    def listen(self, heard: list[str]) -> None:  # noqa: B027 - most report through logging, hooks or standard error
        """Put what this framework reports as lost, in a way of its own, into the list."""

    def loop(self) -> object:
        """The loop that runs here."""
        return self.adapter.current()

    def waker(self) -> Callable[[Callable[[], object]], object]:
        """What runs a callback soon in this loop."""
        return self.adapter.current().wake  # type: ignore[no-any-return]

    def from_threads(self) -> Callable[[Callable[[], object]], object] | None:
        """The framework's own way into this loop from other threads."""
        return None

    async def open(self, session: Any) -> Any:
        """Enter what a bridge's open() gives."""
        return await session.__aenter__()

    async def close(self, session: Any) -> None:
        """Leave it."""
        await session.__aexit__(None, None, None)

    async def call(self, session: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call, and wait natively."""
        return await session.call(fn, *args, **kwargs)

    def stream(self, session: Any, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """An asynchronous iterator."""
        return session.stream(fn, *args, **kwargs)

    def enter(self, session: Any, manager: Any, *args: Any, **kwargs: Any) -> Any:
        """An asynchronous context manager."""
        return session.enter(manager, *args, **kwargs)

    @abstractmethod
    def event(self) -> Event:
        """One of this framework's own."""

    @abstractmethod
    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""

    @abstractmethod
    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask; do not wait."""

    async def cancel_below(self, task: Any) -> None:
        """Ask for the cancel of what a task is in the framework below."""
        raise NotImplementedError(self.name)

    async def shielded(self, fn: Afn) -> Any:
        """Clean-up that waits; a cancel that strikes once is over by then."""
        return await fn()

    @abstractmethod
    async def join(self, task: Any) -> Outcome:
        """Wait for its end."""

    @abstractmethod
    async def turn(self) -> None:
        """Let everything else that is ready run once."""

    @abstractmethod
    async def within(self, seconds: float, fn: Afn) -> Any:
        """The framework's own timeout around fn()."""

    async def sleep_forever(self) -> None:
        """Until cancelled."""
        await self.event().wait()

    def task(self) -> object:
        """The current task; None if there is no such thing."""
        return None

    def knows_its_thread(self) -> bool | None:
        """Whether the framework says rightly whether this is its loop's thread; None if it does not say."""
        return None

    def busy(self) -> object:
        """What must be as before after a call."""
        return None

    def asyncio_loop(self) -> object:
        """The asyncio loop that it runs on here."""
        return None

    def alive(self) -> int:
        """Tasks or greenlets of this thread's loop."""
        return 0

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """Have this loop call it so many seconds later."""
        raise NotImplementedError(self.name)

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object] | None:
        """Have this loop call it whenever fd can be read; what stops it. None: threads have no loop that watches anything."""
        return None

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run a plain function in the framework's pool of threads."""
        raise NotImplementedError(self.name)

    def end_loop(self) -> None:
        """End the loop as its users do, called in one of its tasks."""
        self.kill_loop()

    def let_go(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Drive main() in a new loop, and close that without any clean-up."""
        raise NotImplementedError(self.name)

    @abstractmethod
    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks."""

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """One of its own awaitables that will do fn()."""
        raise NotImplementedError(kind)

    async def waited(self, mine: Any) -> Any:
        """Wait natively for what wrap() gave."""
        try:
            return await mine
        finally:
            del mine  # It may hold an error whose traceback holds this frame.

    async def in_time(self, mine: Any, seconds: float) -> bool | None:
        """Wait for it with a limit, and cancel nothing; whether it came; None if there is no such wait."""
        return None

    async def among(self, mine: Any) -> None:
        """Wait natively until what wrap() gave is done, as for one of several; how it ended is not asked."""
        raise NotImplementedError(self.name)

    def drop(self, mine: Any) -> None:
        """Cancel what wrap() gave, as this framework does it."""
        mine.cancel()


class BlockingDriver(Driver):
    """gevent, eventlet and threads."""

    blocking = True
    flavours: Mapping[str, Mapping[str, str]] = {"function": NOTHING}

    def native(self, fn: Afn, flavour: str = "") -> Callable[..., Any]:
        """A plain function that blocks."""

        @functools.wraps(fn)
        def plain(*args: Any, **kwargs: Any) -> Any:
            return drive(fn(*args, **kwargs))

        return plain

    async def open(self, session: Any) -> Any:
        """Enter it, blocking."""
        return session.__enter__()

    async def close(self, session: Any) -> None:
        """Leave it, blocking."""
        session.__exit__(None, None, None)

    async def call(self, session: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call, and block."""
        return session.call(fn, *args, **kwargs)

    def stream(self, session: Any, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """A plain generator with the face of an asynchronous one."""
        return Awaited(session.stream(fn, *args, **kwargs))

    def enter(self, session: Any, manager: Any, *args: Any, **kwargs: Any) -> Any:
        """A plain context manager with the face of an asynchronous one."""
        return EnteredBlocking(session.enter(manager, *args, **kwargs))


class Awaited:
    """A plain generator, for `async for` in a coroutine that never suspends."""

    def __init__(self, items: Any) -> None:
        self.items = items

    def __aiter__(self) -> Awaited:
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self.items)
        except StopIteration:
            raise StopAsyncIteration from None

    async def asend(self, value: Any) -> Any:
        """As send()."""
        try:
            return self.items.send(value)
        except StopIteration:
            raise StopAsyncIteration from None

    async def athrow(self, error: BaseException) -> Any:
        """As throw()."""
        try:
            return self.items.throw(error)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """As close(); a plain iterator that is no generator has none."""
        if hasattr(self.items, "close"):
            self.items.close()


class EnteredBlocking:
    """A plain context manager, for `async with` in a coroutine that never suspends."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager

    async def __aenter__(self) -> Any:
        return self.manager.__enter__()

    async def __aexit__(self, *exc: Any) -> Any:
        return self.manager.__exit__(*exc)
