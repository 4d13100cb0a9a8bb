"""Portal: what a caller holds to reach a callee's running loop.

The neutral code here is coroutines that await nothing but the caller's own wait(): in asyncio, Trio, Tornado and anyio they
are native as they are, Twisted wraps them in a Deferred, and where waiting blocks, drive() runs them to their end.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import AbstractAsyncContextManager as AsyncManager
from contextlib import AbstractContextManager as Manager
from functools import partial
from types import TracebackType
from typing import Any, NoReturn, ParamSpec, TypeVar, cast, overload

from interop.call import Call, Signal
from interop.errors import CannotStart, FrameworkMissing, NoSuchTopology, PortalClosed, UnknownFramework, WrongThread
from interop.managers import AsyncEntered, BlockingEntered
from interop.runtime import Done, Runtime, drive
from interop.streams import AsyncStream, blocking_stream
from interop.topologies import guest, loop, thread
from interop.topologies.hosted import Adapter, Hosted
from interop.unpatched import patched_by

P = ParamSpec("P")
T = TypeVar("T")
Self_ = TypeVar("Self_", bound="Portal")

# name: (adapter, flavour, what has to be installed)
FRAMEWORKS = {
    "asyncio": ("asyncio", "", ""),
    "asyncio[uvloop]": ("asyncio", "uvloop", "uvloop"),
    "tornado": ("tornado", "", "tornado"),
    "twisted": ("twisted", "", "twisted"),
    "twisted[asyncio]": ("twisted", "asyncio", "twisted"),
    "twisted[private]": ("twisted", "private", "twisted"),
    "gevent": ("gevent", "", "gevent"),
    "eventlet": ("eventlet", "", "eventlet"),
    "trio": ("trio", "", "trio"),
    "anyio[asyncio]": ("anyio", "asyncio", "anyio"),
    "anyio[trio]": ("anyio", "trio", "trio"),
    "threads": ("threads", "", ""),
}


def find(name: str) -> tuple[Adapter, str]:
    """The adapter of a framework's name, and the flavour.

    Raises:
        UnknownFramework, FrameworkMissing; CannotStart: its import fails.
    """
    if name not in FRAMEWORKS:
        raise UnknownFramework(name, list(FRAMEWORKS))
    adapter, flavour, package = FRAMEWORKS[name]
    for needed in (package, adapter):
        if needed not in ("", "asyncio", "threads") and importlib.util.find_spec(needed) is None:
            raise FrameworkMissing(name, needed.capitalize(), needed)
    try:
        return cast(Adapter, importlib.import_module(f"interop.adapters.{adapter}")), flavour
    except (AttributeError, ImportError, RuntimeError) as error:  # A patched module lacks what it needs, say.
        who = patched_by("socket")
        where = f"in this process, which {who} has patched" if who else "here"
        why = f"its import fails {where} ({type(error).__name__}: {error})".replace("\n", " ")
        raise CannotStart(name, why, "start it in a process of its own") from error


class Portal:
    """The part that is the same for every caller.

    Args:
        here: gives the caller's runtime.
        callee: the name of a framework to start, or a Runtime to reach.
        topology: "thread" (the default), "loop" or "guest"; a Runtime is where it is.
    """

    shared = False  # Among loops; only threads can.
    _closed = True  # Until it is made: a Ctrl-C may come first.

    def __init__(self, here: Callable[[], Runtime], callee: str | Runtime, topology: str | None = None) -> None:
        self._here, self._wanted, self._topology = here, callee, topology
        self._there: Runtime | None = None
        self._hosted: Hosted | None = None
        self._home: Runtime | None = None
        self._calls: set[Call] = set()
        self._waiting: list[Signal] = []  # For the last call to be back.
        self._closed = self._home_held = self._there_held = False

    @property
    def runtime(self) -> Runtime:
        """The callee's running loop."""
        if self._there is None:
            raise PortalClosed(self._crossing)
        return self._there

    @property
    def _crossing(self) -> str:
        wanted = self._wanted if isinstance(self._wanted, str) else self._wanted.name
        return f"{self._home.name if self._home else '?'}->{wanted}"

    def remember(self, call: Call, /) -> None:
        """A call leaves. A portal that is being closed lets those pass that give something up."""
        if self._there is None or (self._closed and not call.must_leave):
            raise PortalClosed(self._crossing)
        if self._there.forked:
            raise self._there.peer_gone()
        if call.caller is not self._home and not self.shared:
            raise WrongThread(self._crossing)
        self._calls.add(call)

    def forget(self, call: Call, /) -> None:
        """A call is back."""
        self._calls.discard(call)
        if not self._calls:
            for signal in list(self._waiting):
                signal.settle()

    def _send(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Awaitable[Any]:
        here, there = self._sides()
        return here.wait(Call(here, there, fn, args, kwargs, self))  # remember() refuses what is not open.

    def _sides(self) -> tuple[Runtime, Runtime]:
        here = self._here()
        return here, self._there or here

    async def _open(self) -> None:
        here = self._home = self._here()
        here.hold()
        self._home_held = True
        there = await self._reach(here)
        self._tell(here, there, there.hold_if_alive)
        self._there, self._there_held = there, True

    def _tell(self, here: Runtime, there: Runtime, callback: Callable[[], object]) -> None:
        """In the callee's loop: now, if that is the caller's."""
        if there is here or _where(here, there) == "loop":
            callback()
        else:
            there.wake(callback)

    async def _reach(self, here: Runtime) -> Runtime:
        wanted, topology = self._wanted, self._topology
        if isinstance(wanted, Runtime):
            if wanted.gone is not None:
                raise wanted.peer_gone()
            if topology not in (None, is_at := _where(here, wanted)):
                raise NoSuchTopology(here.name, wanted.name, str(topology), f"for a loop that runs already it is {is_at!r}")
            return wanted
        adapter, flavour = find(wanted)
        if topology in (None, "thread"):
            self._hosted = await thread.start(here, wanted, adapter, flavour, find("asyncio")[0])
        elif topology == "loop":
            self._hosted = await loop.start(here, wanted, adapter, flavour)
        elif topology == "guest":
            self._hosted = await guest.start(here, wanted, adapter, flavour, find("asyncio")[0])
        else:
            raise NoSuchTopology(here.name, wanted, topology, "there are thread, loop and guest")
        assert self._hosted.runtime is not None
        return self._hosted.runtime

    async def _close(self) -> None:
        """Cancel what is in flight, and wait for it; then end what was started. Called again after a Ctrl-C, it goes on."""
        home, there = self._home, self._there
        self._closed = True
        if home is None or home.forked or (there is not None and there.forked):
            return
        here = self._here() if self.shared else home
        cancelled = False
        if there is not None:
            for call in list(self._calls):
                call.ask_to_stop(PortalClosed(self._crossing))
            cancelled = await self._all_back(here)
            if self._there_held:
                self._there_held = False
                self._tell(home, there, there.release)
        if self._hosted is not None:
            cancelled |= await self._hosted.stop()
        if self._home_held:
            self._home_held = False
            home.release()
        if there is not None:
            if cancelled and not here.keeps_cancels:
                raise here.cancel_types[0]
            await here.raise_due()

    async def _all_back(self, here: Runtime) -> bool:
        """Wait for the calls; whether a cancel came meanwhile."""
        if self._calls:
            signal = Signal(here)
            self._waiting.append(signal)
            if not self._calls:  # Other threads may share this portal: the last call may have come back just now.
                signal.settle()
            await here.wait(signal)
            self._waiting.remove(signal)
            return signal.unwanted is True
        return False

    def __reduce__(self) -> NoReturn:
        raise TypeError("a portal belongs to the process that has opened it: open another one in the other process")

    def __del__(self) -> None:
        """Nobody can close it any more: end what it started, and say so, unless that has ended by itself."""
        home, there, hosted = self._home, self._there, self._hosted
        if self._closed or home is None or there is None or home.forked or there.forked:
            return
        if there.gone is not None and (hosted is None or not hosted.told_to_end):
            return
        warnings.warn(f"the portal {self._crossing} was not closed", ResourceWarning, source=self, stacklevel=2)
        if not sys.is_finalizing():
            there.wake(there.release)
            home.wake(home.release)
            if hosted is not None:
                hosted.end_soon()


def _where(here: Runtime, there: Runtime) -> str:
    """The topology of two loops that run already; "guest", whichever of them is the host."""
    if there.ident != here.ident:
        return "thread"
    loop = here.asyncio_loop()
    return "loop" if loop is not None and loop is there.asyncio_loop() else "guest"


def _maker(manager: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], Any]:
    if not isinstance(manager, type) and (hasattr(manager, "__aexit__") or hasattr(manager, "__exit__")):
        return lambda: manager
    return partial(manager, *args, **kwargs)


class AsyncPortal(Portal):
    """A portal where there is `async with`."""

    async def __aenter__(self: Self_) -> Self_:
        try:
            await self._open()
            return self
        except BaseException:
            await self._close()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            await self._close()
        except BaseException:  # Ctrl-C: there may be something left to do.
            await self._close()
            raise

    @overload
    def stream(self, fn: Callable[P, AsyncIterable[T]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[T]: ...
    @overload
    def stream(self, fn: Callable[P, Iterable[T]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[T]: ...
    def stream(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> AsyncStream[Any]:
        """Iterate over fn(*args, **kwargs), an iterator in the callee's loop: `async with` it, then `async for`."""
        return AsyncStream(*self._sides(), self, partial(fn, *args, **kwargs))

    @overload
    def enter(self, manager: Callable[P, AsyncManager[T]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncEntered[T]: ...
    @overload
    def enter(self, manager: Callable[P, Manager[T]], /, *args: P.args, **kwargs: P.kwargs) -> AsyncEntered[T]: ...
    @overload
    def enter(self, manager: AsyncManager[T], /) -> AsyncEntered[T]: ...
    @overload
    def enter(self, manager: Manager[T], /) -> AsyncEntered[T]: ...
    def enter(self, manager: Any, /, *args: Any, **kwargs: Any) -> AsyncEntered[Any]:
        """`async with` a context manager of the callee's; given a function, it makes the manager in the callee's loop."""
        return AsyncEntered(*self._sides(), self, _maker(manager, args, kwargs))


class AwaitablePortal(AsyncPortal):
    """A portal in asyncio, Tornado, Trio and anyio: everything is awaited."""

    @overload
    def call(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]: ...
    @overload
    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]: ...
    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        """Run fn(*args, **kwargs) natively in the callee's loop; await the outcome."""
        return cast("Coroutine[Any, Any, Any]", self._send(fn, args, kwargs))


class BlockingPortal(Portal):
    """A portal in gevent, eventlet and threads: everything blocks the greenlet or the thread."""

    @overload
    def call(self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...
    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run fn(*args, **kwargs) natively in the callee's loop; block until the outcome is here."""
        return cast("Done[Any]", self._send(fn, args, kwargs)).value

    @overload
    def stream(self, fn: Callable[P, AsyncIterable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Generator[T, Any, None]: ...
    @overload
    def stream(self, fn: Callable[P, Iterable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Generator[T, Any, None]: ...
    def stream(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Generator[Any, Any, None]:
        """Iterate over fn(*args, **kwargs), an iterator in the callee's loop."""
        return blocking_stream(AsyncStream(*self._sides(), self, partial(fn, *args, **kwargs)), drive)

    @overload
    def enter(self, manager: Callable[P, AsyncManager[T]], /, *args: P.args, **kwargs: P.kwargs) -> BlockingEntered[T]: ...
    @overload
    def enter(self, manager: Callable[P, Manager[T]], /, *args: P.args, **kwargs: P.kwargs) -> BlockingEntered[T]: ...
    @overload
    def enter(self, manager: AsyncManager[T], /) -> BlockingEntered[T]: ...
    @overload
    def enter(self, manager: Manager[T], /) -> BlockingEntered[T]: ...
    def enter(self, manager: Any, /, *args: Any, **kwargs: Any) -> BlockingEntered[Any]:
        """`with` a context manager of the callee's; given a function, it makes the manager in the callee's loop."""
        return BlockingEntered(drive, *self._sides(), self, _maker(manager, args, kwargs))

    def __enter__(self: Self_) -> Self_:
        try:
            drive(self._open())
            return self
        except BaseException:
            drive(self._close())
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            drive(self._close())
        except BaseException:  # Ctrl-C: there may be something left to do.
            drive(self._close())
            raise
