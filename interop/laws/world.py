"""The world as a law sees it: the two sides of one crossing, the bridge between them, and what happened in which order.

Nothing here knows a framework: the sides are drivers (interop/harness/drivers), the bridge is one of interop/bridges.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Afn = Callable[..., Coroutine[Any, Any, Any]]
Outcome = tuple[str, Any]  # ("value", v), ("error", e), ("cancelled", e or None)
Session = Any  # An opened bridge: it has call(), and perhaps stream(), enter() and wrap().

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")


class Broken(AssertionError):
    """The law does not hold here; what was seen is the message."""


class NotApplicable(Exception):
    """The law says nothing about this crossing; the message is the reason."""


class Odd(BaseException):
    """A BaseException that no framework knows."""


def expect(condition: object, saw: object) -> None:
    """Break the law unless the condition holds."""
    if not condition:
        raise Broken(f"saw {saw!r}")


def running_asyncio_loop() -> object:
    """What asyncio.get_running_loop() says here; None if nothing."""
    asyncio = sys.modules.get("asyncio.events")
    return asyncio._get_running_loop() if asyncio else None


def ident() -> int:
    """This thread's."""
    return threading.get_ident()


class Event(Protocol):
    """Set and waited for in the same loop."""

    def set(self) -> object:
        """Let all who wait go on."""

    def wait(self) -> Awaitable[Any]:
        """Until it is set."""


class Driver(Protocol):
    """One framework on either side of a crossing: a few operations, each in the framework's own terms.

    Where waiting blocks, the coroutines here never suspend.

    Attributes:
        name: "twisted[asyncio]".
        blocking: waiting blocks the greenlet or the thread.
        has_loop: its functions run in one loop; threads have none.
        level: its cancel strikes at every wait until the scope is left, not once.
        library: what sniffio calls it.
        says_why: its native cancel takes a message, and raises it.
        below: its tasks are another framework's, which can cancel them, too.
        no_pool: why its loop has no pool of threads of its own; "" if it has.
        keeps_timers: why the timers of its loop do not end with the loop; "" if they do.
        ends_by: what its loop ends with when kill_loop() ends it; None if with nothing.
        lets_go: its loops can be closed without their clean-up, as let_go() does.
        keeps: what its first loop leaves open in a process, in words; "" if nothing.
        cancel_type: what its native cancel raises.
        timeout_type: what its own timeout raises; None if it has none that ends what it waits for.
        flavours: the native forms of a function, and for each what it cannot do, with the reason.
        awaitables: its objects that can be waited for, and for each what it cannot do.
        words: how its users write "start", "cancel", "join", "turn" and "within", for programs that are printed.
    """

    name: str
    blocking: bool
    has_loop: bool
    level: bool
    library: str | None
    says_why: bool
    below: bool
    lets_go: bool
    keeps: str
    no_pool: str
    keeps_timers: str
    ends_by: type[BaseException] | None
    cancel_type: type[BaseException]
    timeout_type: type[BaseException] | None
    flavours: Mapping[str, Mapping[str, str]]

    words: Mapping[str, str]

    def native(self, fn: Afn, flavour: str = "") -> Callable[..., Any]:
        """A function as this framework's users write it."""

    def loop(self) -> object:
        """One object for as long as this loop runs; asked for in it."""

    def waker(self) -> Callable[[Callable[[], object]], object]:
        """Asked for in this loop: what runs a callback soon in it, callable from any thread."""

    def from_threads(self) -> Callable[[Callable[[], object]], object] | None:
        """Asked for in this loop: what the framework has for other threads that send it a callback; None without such a way."""

    async def open(self, session: Any) -> Session:
        """Enter what a bridge's open() gives."""

    async def close(self, session: Session) -> None:
        """Leave it."""

    async def call(self, session: Session, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call through an opened bridge, and wait natively."""

    def stream(self, session: Session, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """An asynchronous iterator over the callee's."""

    def enter(self, session: Session, manager: Any, *args: Any, **kwargs: Any) -> Any:
        """An asynchronous context manager around the callee's."""

    def event(self) -> Event:
        """Of this framework; it may be made in another thread."""

    async def spawn(self, fn: Afn, *args: Any) -> Any:
        """Start a task."""

    async def cancel(self, task: Any, why: str = "") -> None:
        """Ask for a task's cancel; do not wait."""

    async def cancel_below(self, task: Any) -> None:
        """Ask for the cancel of what a task is in the framework below."""

    async def shielded(self, fn: Afn) -> Any:
        """Run it where a cancel that has struck already does not strike again: clean-up that waits."""

    async def join(self, task: Any) -> Outcome:
        """Wait for a task's end."""

    async def turn(self) -> None:
        """Let everything else that is ready run once."""

    async def within(self, seconds: float, fn: Afn) -> Any:
        """The framework's own timeout around fn()."""

    async def sleep_forever(self) -> None:
        """Until cancelled."""

    def task(self) -> object:
        """The current task, as the framework's own code would ask for it; None if it has no such thing."""

    def drop(self, mine: Any) -> None:
        """Cancel what wrap() gave, as this framework does it."""

    def knows_its_thread(self) -> bool | None:
        """Whether the framework itself, asked here, says rightly whether this is its loop's thread; None if it does not say."""

    def busy(self) -> object:
        """What must be as before after a call: pending cancels and the like."""

    def asyncio_loop(self) -> object:
        """The asyncio loop that is this framework's own here; None if it has none."""

    def alive(self) -> int:
        """How many tasks or greenlets this thread's loop has."""

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """Have this loop call it so many seconds later."""

    def on_readable(self, fd: int, callback: Callable[[], object]) -> Callable[[], object] | None:
        """Have this loop call it whenever fd can be read; what stops it, in this loop. None if it watches no descriptors."""

    async def in_pool(self, fn: Callable[[], object]) -> object:
        """Run a plain function in the framework's pool of threads."""

    def end_loop(self) -> None:
        """End the loop as its users do, called in one of its tasks."""

    def let_go(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Drive main() in a new loop in this thread, and close that without any clean-up."""

    def kill_loop(self) -> None:
        """End the loop under the feet of its tasks, called in one of them."""

    def awaitable(self, kind: str, fn: Afn) -> Any:
        """One of this framework's own awaitables that will do fn(); made in its loop."""

    async def waited(self, mine: Any) -> Any:
        """Wait natively for what wrap() gave."""

    async def in_time(self, mine: Any, seconds: float) -> bool | None:
        """Wait for that no longer than so many seconds, and cancel nothing; whether it came; None if there is no such wait."""

    async def among(self, mine: Any) -> None:
        """Wait natively until what wrap() gave is done, as for one of several; how it ended is not asked."""

    awaitables: Mapping[str, Mapping[str, str]]


class Bridge(Protocol):
    """What is under test; see interop/bridges/bridge.py."""

    name: str
    has: frozenset[str]
    errors: Mapping[str, type[BaseException]]
    words: Mapping[str, str]
    crossing: Any

    @property
    def topology(self) -> str:
        """The crossing's."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start the caller's loop, drive main() in it, and end it."""

    def open(self) -> Any:
        """A context manager, native to the caller, for a Session."""

    def refused(self) -> Iterable[tuple[Any, str]]:
        """Such managers that cannot be opened, and a pattern that the words of each refusal match."""

    def back(self, here: Any) -> Any:
        """Called in the callee: the same in the other direction."""

    def here(self) -> Any:
        """Called in the caller: what back() needs."""

    def inward(self) -> Any:
        """Called in the callee: a session of the caller's kind into the very loop that runs here."""

    def wrap(self, session: Session, foreign: Any) -> Any:
        """Called in the caller: its own awaitable for one of the callee's."""

    def wrap_back(self, here: Any, mine: Any) -> Any:
        """Called in the callee: its own awaitable for one of the caller's."""


@dataclass
class World:
    """One law's: it runs in the caller's loop.

    Attributes:
        flavour: how the callee's functions are written.
        session: the opened bridge, unless the law opens its own.
        scenario: fetch and save; see interop/harness/scenario.py.
        trace: what happened in which order; it goes into the record.
        reports: what either side's framework has reported as lost.
        beside: the same, while other laws of this cell were checked and kept; for the laws that are about reports.
        first: what was left behind by the first session of this process, in words.
        lasts: one loop of the callee's serves all calls; where each call has a loop of its own, nobody can wake it later.
        seeds: of the programs that a law of chapter M runs, instead of its own few.
        program: the one program that it runs, as text, instead of any from a seed.
        says: told what is run now, so that a law that hangs can be explained.
    """

    caller: Driver
    callee: Driver
    bridge: Bridge
    flavour: str = ""
    opens: bool = True
    scenario: Any = None
    session: Session = None
    trace: list[Any] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    first: Sequence[str] = ()
    lasts: bool = True
    managers: dict[int, Any] = field(default_factory=dict)
    seeds: Sequence[int] = ()
    program: str = ""
    says: Callable[[str], object] = lambda text: None
    tell_caller: Callable[[Callable[[], object]], object] = field(init=False)
    tell_callee: Callable[[Callable[[], object]], object] = field(init=False)

    @property
    def topology(self) -> str:
        """The bridge's."""
        return self.bridge.topology

    def native(self, fn: Afn) -> Callable[..., Any]:
        """The callee's function, in the flavour of this run."""
        return self.callee.native(fn, self.flavour)

    async def open(self) -> Session:
        """Another session."""
        manager = self.bridge.open()
        session = await self.caller.open(manager)
        self.managers[id(session)] = manager  # What is entered may be another object than what it gives.
        return session

    async def close(self, session: Session) -> None:
        """Close it."""
        await self.caller.close(self.managers[id(session)])

    async def call(self, fn: Afn, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the callee's, written as a coroutine function, and wait natively."""
        return await self.caller.call(self.session, self.native(fn), *args, **kwargs)

    async def call_on(self, session: Session, fn: Afn, *args: Any) -> Any:
        """The same through a session that the law has opened."""
        return await self.caller.call(session, self.native(fn), *args)

    async def outcome(self, fn: Afn, *args: Any) -> Outcome:
        """How a call ended."""
        try:
            return "value", await self.call(fn, *args)
        except BaseException as error:
            return "error", error

    async def spawned(self, fn: Afn, *args: Any) -> Outcome:
        """How a task of the caller's ended that did fn(*args)."""
        return await self.caller.join(await self.caller.spawn(fn, *args))

    async def cancelled_call(self, fn: Afn, *args: Any) -> Outcome:
        """Call fn in a task of its own, cancel that when fn says that it has started; how the task ended."""
        started = self.caller.event()

        async def callee() -> Any:
            self.tell_caller(started.set)
            return await fn(*args)

        async def call() -> Any:
            try:
                return await self.call(callee)
            finally:
                started.set()  # A call that fails before it starts is no reason to wait for ever.

        task = await self.caller.spawn(call)
        await started.wait()
        await self.caller.cancel(task)
        return await self.caller.join(task)

    def reported_in(self, chapters: str) -> list[str]:
        """Of what is beside, the first three of these chapters' laws."""
        return [line for line in self.beside if line[0] in chapters][:3]

    def ended_by_a_cancel(self, kind: str, got: object) -> bool:
        """Whether a task of the caller's ended as cancelled, in either side's type: which of the two, C27 asks."""
        return kind == "cancelled" or (kind == "error" and isinstance(got, self.callee.cancel_type))

    def wrap(self, foreign: Any) -> Any:
        """The caller's own awaitable for one of the callee's."""
        return self.bridge.wrap(self.session, foreign)

    async def turns(self, count: int) -> None:
        """Let the caller's loop go round."""
        for _ in range(count):
            await self.caller.turn()

    async def learn_the_callee(self, session: Session) -> None:
        """Get the callee's waker, through the bridge."""

        async def waker() -> Any:
            return self.callee.waker()

        self.tell_callee = await self.caller.call(session, self.callee.native(waker))

    async def __aenter__(self) -> World:
        self.tell_caller = self.caller.waker()
        if self.opens:
            self.session = await self.open()
            await self.learn_the_callee(self.session)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.session is not None:
            await self.close(self.session)


class WayBack:
    """A session in the other direction, held in the callee."""

    def __init__(self, world: World) -> None:
        self.world, self.here = world, world.bridge.here()
        self.session: Session = None
        self.manager: Any = None

    async def open(self) -> None:
        """In the caller."""

        async def opening() -> None:
            self.manager = self.world.bridge.back(self.here)
            self.session = await self.world.callee.open(self.manager)

        await self.world.call(opening)

    async def close(self) -> None:
        """In the caller."""

        async def closing() -> None:
            await self.world.callee.close(self.manager)

        await self.world.call(closing)

    async def call(self, fn: Afn, *args: Any) -> Any:
        """In the callee: call a function of the caller's."""
        return await self.world.callee.call(self.session, self.world.caller.native(fn), *args)
