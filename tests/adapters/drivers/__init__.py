"""How a promise is driven in each framework: the same few operations, each in the framework's own terms.

A promise is a coroutine that awaits only these operations. Where waiting blocks, they are coroutines that never suspend.
"""

from __future__ import annotations

import functools
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from interop.runtime import Runtime

Afn = Callable[..., Coroutine[Any, Any, Any]]
Outcome = tuple[str, Any]  # ("value", v), ("error", e), ("cancelled", e)


class Event(ABC):
    """Set and waited for in the same loop."""

    @abstractmethod
    def set(self) -> None: ...

    @abstractmethod
    def wait(self) -> Awaitable[Any]: ...


class Driver(ABC):
    """One framework, as promises use it on either side."""

    name: str
    flavour = ""
    blocking = False
    level = False  # Its cancel strikes at every wait until the scope is left, not once.
    library: str | None = None  # what sniffio calls it
    adapter: Any
    cancel_type: type[BaseException]
    timeout_type: type[BaseException] | None = None

    def run(self, main: Afn) -> Any:
        """Run the caller's loop, as a program of that framework would."""
        return self.adapter.run(main, self.flavour)

    def current(self) -> Runtime:
        return self.adapter.current()  # type: ignore[no-any-return]

    def native(self, fn: Afn) -> Callable[..., Any]:
        """A function as this framework's users write it."""
        return fn

    async def open(self, callee: str | Runtime, topology: str | None = None) -> Any:
        portal = self.adapter.open_portal(callee, topology=topology)
        await portal.__aenter__()
        return portal

    async def close(self, portal: Any) -> None:
        await portal.__aexit__(None, None, None)

    async def call(self, portal: Any, fn: Callable[..., Any], *args: Any) -> Any:
        return await portal.call(fn, *args)

    def stream(self, portal: Any, fn: Callable[..., Any]) -> Any:
        return portal.stream(fn)

    def enter(self, portal: Any, manager: Any) -> Any:
        return portal.enter(manager)

    @abstractmethod
    def event(self) -> Event: ...

    @abstractmethod
    async def spawn(self, fn: Afn, *args: Any) -> Any: ...

    @abstractmethod
    async def cancel(self, task: Any) -> None:
        """Ask; do not wait."""

    @abstractmethod
    async def join(self, task: Any) -> Outcome: ...

    @abstractmethod
    async def turn(self) -> None:
        """Let everything else that is ready run once."""

    @abstractmethod
    async def within(self, seconds: float, fn: Afn) -> Any:
        """The framework's own timeout around fn()."""

    async def sleep_forever(self) -> None:
        await self.event().wait()

    def task(self) -> object:
        """The current task, as the framework's own code would ask for it; None if it has no such thing."""
        return None

    def busy(self) -> object:
        """What must be as before after a call: pending cancels and the like."""
        return None

    def refuse(self, error: BaseException) -> bool:
        """Whether swallowing this cancel is allowed."""
        return True

    @abstractmethod
    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks, called in one of them."""


class BlockingDriver(Driver):
    """gevent, eventlet and threads."""

    blocking = True

    def native(self, fn: Afn) -> Callable[..., Any]:
        from interop.runtime import drive

        @functools.wraps(fn)
        def plain(*args: Any) -> Any:
            return drive(fn(*args))

        return plain

    async def open(self, callee: str | Runtime, topology: str | None = None) -> Any:
        portal = self.adapter.open_portal(callee, topology=topology)
        portal.__enter__()
        return portal

    async def close(self, portal: Any) -> None:
        portal.__exit__(None, None, None)

    async def call(self, portal: Any, fn: Callable[..., Any], *args: Any) -> Any:
        return portal.call(fn, *args)

    def stream(self, portal: Any, fn: Callable[..., Any]) -> Any:
        return Awaited(portal.stream(fn))

    def enter(self, portal: Any, manager: Any) -> Any:
        return EnteredBlocking(portal.enter(manager))


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

    async def aclose(self) -> None:
        self.items.close()


class EnteredBlocking:
    """A plain context manager, for `async with` in a coroutine that never suspends."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager

    async def __aenter__(self) -> Any:
        return self.manager.__enter__()

    async def __aexit__(self, *exc: Any) -> Any:
        return self.manager.__exit__(*exc)


def driver(name: str) -> Driver:
    """The driver of a framework's name, "twisted[asyncio]"."""
    import importlib

    base, _, flavour = name.rstrip("]").partition("[")
    module = importlib.import_module(f"tests.adapters.drivers.{base}")
    found: Driver = module.driver(flavour)
    return found


def sniffed() -> str | None:
    """What sniffio says here."""
    import sniffio

    try:
        return sniffio.current_async_library()
    except sniffio.AsyncLibraryNotFoundError:
        return None


def ident() -> int:
    return threading.get_ident()
