"""Managers: portal.enter() is a conversation with a context manager of the callee's, asynchronous or plain."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from interop.call import Owner
from interop.conversation import END, Conversation
from interop.errors import PeerGone
from interop.runtime import Runtime

T = TypeVar("T")


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
        how = (None, None, None) if error is None else (type(error), error, error.__traceback__)
        return await manager.__aexit__(*how) if hasattr(manager, "__aexit__") else manager.__exit__(*how)

    async def enter(self) -> T:
        """In the caller."""

        async def value(resource: tuple[Any, Any]) -> Any:
            return resource[1]

        return cast(T, await self._talk.here.wait(self._talk.step(value)))

    async def exit(self, error: BaseException | None) -> bool:
        """In the caller: the callee's manager sees the error; if that is the caller's cancel, the callee's own cancel."""
        if not isinstance(error, self._talk.here.cancel_types):
            step = self._talk.step(lambda resource: self._exit(resource, error), True)
            handled = await self._talk.here.wait(step)
            await self._talk.here.raise_due()
            return handled is not END and bool(handled)
        await self._dropped()
        return False

    async def _dropped(self) -> None:
        with contextlib.suppress(PeerGone):
            await self._talk.dropped()


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
