"""What most libraries leave to whoever uses them: functions that may or may not be coroutine functions, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import isawaitable, iscoroutine
from typing import Any


def natively(fn: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """A coroutine function that calls fn, and awaits what it gives if that is to be awaited: a coroutine, a Task, nothing."""

    @wraps(fn)
    async def called(*args: Any, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        return await result if isawaitable(result) else result

    return called


def deferring(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The same for Twisted: it gives a Deferred where fn gives a coroutine, and else what fn gives."""

    @wraps(fn)
    def called(*args: Any, **kwargs: Any) -> Any:
        from twisted.internet.defer import Deferred

        result = fn(*args, **kwargs)
        return Deferred.fromCoroutine(result) if iscoroutine(result) else result

    return called


class Way:
    """What open() and back() give: a session with nothing but call(), open as long as the bridge runs."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __enter__(self) -> Way:
        return self

    def __exit__(self, *exc: object) -> None: ...

    async def __aenter__(self) -> Way:
        return self

    async def __aexit__(self, *exc: object) -> None: ...
