"""Fault: our own portals with one thing done wrong.

A fault spoils what it needs to spoil: how a session calls, streams, enters, opens or closes, what wrap() gives, or, since every
cell is a process of its own, a method of an adapter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from functools import partial
from inspect import isawaitable, iscoroutine
from typing import Any

from interop.bridges.portals import Portals
from interop.errors import PeerGone, PortalClosed


class Fault(Portals):
    """One thing done wrong, on one crossing.

    Attributes:
        breaks: the law that it is made for; which others it breaks stands in kills.json.
        on: the crossing.
        since: the Python that has what it spoils.
    """

    breaks = ""
    on = "asyncio->asyncio/thread"
    since = (3, 10)
    spoiled = False

    def __init_subclass__(cls) -> None:
        cls.name = cls.__name__

    def run(self, main: Any) -> None:
        if not type(self).spoiled:  # R21 runs another one of them in the same process.
            type(self).spoiled = True
            self.spoil()
        super().run(main)

    def spoil(self) -> None:
        """Before anything runs."""

    def open(self) -> Any:
        return Session(self, super().open())

    async def opens(self, session: Session) -> None:
        await session.portal.__aenter__()

    async def closes(self, session: Session) -> None:
        await session.portal.__aexit__(None, None, None)

    def binds(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Callable[[], Any]:
        return partial(fn, *args, **kwargs)

    def calls(self, session: Session, fn: Callable[[], Any]) -> Any:
        return session.portal.call(self.there, session, fn) if hasattr(self, "there") else session.portal.call(fn)

    def streams(self, session: Session, fn: Callable[..., Any]) -> Any:
        return session.portal.stream(fn)

    def enters(self, session: Session, manager: Any) -> Any:
        return session.portal.enter(manager)


class OwnedFault(Fault):
    """Its sessions keep, as `kept`, the asyncio task that has opened them."""

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        session.kept = asyncio.current_task()


class Session:
    """An opened fault: `portal` is the good one behind it, `kept` is whatever the fault remembers, `closed` says itself."""

    def __init__(self, fault: Fault, portal: Any) -> None:
        self.fault, self.portal, self.closed = fault, portal, False
        self.kept: Any = None

    async def __aenter__(self) -> Session:
        await self.fault.opens(self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.fault.closes(self)
        self.closed = True

    def __enter__(self) -> Session:
        self.portal.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self.portal.__exit__(None, None, None)
        self.closed = True

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return self.fault.calls(self, self.fault.binds(fn, args, kwargs))

    def stream(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.fault.streams(self, partial(fn, *args, **kwargs) if args or kwargs else fn)

    def enter(self, manager: Any, *args: Any, **kwargs: Any) -> Any:
        return self.fault.enters(self, partial(manager, *args, **kwargs) if args or kwargs else manager)

    @property
    def runtime(self) -> Any:
        return self.portal.runtime


class AtItsPeersEnd(Fault):
    """The part that faults share which do something of their own where a call's peer has gone."""

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except PortalClosed:
            raise
        except PeerGone as error:
            return await self.instead(error)

    async def instead(self, error: PeerGone) -> Any:
        """In the caller: in place of that error."""
        raise NotImplementedError


async def result(fn: Callable[[], Any]) -> Any:
    """In the callee: what fn gives, awaited if it is to be."""
    value = fn()
    return await value if isawaitable(value) else value


async def driven(fn: Callable[[], Any], step: Callable[[Callable[[Any], Any], Any], Any]) -> Any:
    """In the callee: the same, but step(how, what) makes each step of a coroutine; how is its send or its throw."""
    value = fn()
    if iscoroutine(value):
        return await Driven(value, step)
    return await value if isawaitable(value) else value


class Driven:
    """A coroutine whose steps somebody else makes."""

    def __init__(self, coroutine: Any, step: Callable[[Callable[[Any], Any], Any], Any]) -> None:
        self.coroutine, self.step = coroutine, step

    def __await__(self) -> Generator[Any, Any, Any]:
        how, what = self.coroutine.send, None
        while True:
            try:
                waits_for = self.step(how, what)
            except StopIteration as stop:
                return stop.value
            try:
                how, what = self.coroutine.send, (yield waits_for)
            except BaseException as error:
                how, what = self.coroutine.throw, error


def later(turns: int, fn: Callable[[], object]) -> None:
    """Call fn after so many turns of the asyncio loop that runs here."""
    asyncio.get_running_loop().call_soon(*((later, turns - 1, fn) if turns else (fn,)))


async def abandoned_when_cancelled(session: Session, fn: Callable[[], Any], then: Callable[[Any], object]) -> Any:
    """A call in a task of its own: who is cancelled goes on at once, and then(task) says what becomes of it."""

    async def outcome() -> tuple[Any, BaseException | None]:
        try:
            return await session.portal.call(fn), None
        except BaseException as error:
            return None, error

    task = asyncio.ensure_future(outcome())
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        then(task)
        raise
    value, error = task.result()
    try:
        if error is not None:
            raise error
        return value
    finally:
        del error, task


def adapter(name: str) -> Any:
    """interop.adapters.NAME, to be spoiled."""
    import importlib

    return importlib.import_module(f"interop.adapters.{name}")
