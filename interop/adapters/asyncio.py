"""asyncio (and uvloop): the native awaitable is a coroutine that a Task drives; a cancel is thrown in once.

Cancelling: a task cancels what it waits for, so the waiter of a call takes the cancel, forwards it, and stays pending until
            the callee is done. A cancel that the callee did not answer with its own stays pending for the caller's next await,
            as long as nobody has taken it back with uncancel().
Threads:    loop.call_soon_threadsafe(), an error once the loop is closed.
The end:    asyncio.run() closes async generators before the loop: one that we leave there tells us.
Source:     https://docs.python.org/3/library/asyncio-task.html, "Task cancellation".
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from inspect import isawaitable
from typing import Any, TypeVar

from interop import bell
from interop.adapters.asyncio_futures import Future, Waiter, due_cancels
from interop.bell import Bell
from interop.call import BACK, Call
from interop.errors import CannotStart, CannotWrap, NotRunning
from interop.portal import AwaitablePortal
from interop.runtime import Runtime
from interop.unpatched import patched_by, running_loop, selector
from interop.wrapping import wrapped

T = TypeVar("T")
EAGER = hasattr(asyncio, "eager_task_factory")  # Python 3.12 and later.


class Loop(Runtime):
    """A running asyncio loop."""

    name = "asyncio"
    cancel_types = (asyncio.CancelledError,)
    sentinel: AsyncGenerator[None, None]

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self.due = due_cancels(loop)
        self.holds = 0
        self.bell: Bell | None = None

    def hold(self) -> None:
        """Have a cheap way in while others may want one."""
        self.holds += 1
        if self.holds == 1 and bell.POSSIBLE:
            self.bell = Bell()
            self.loop.add_reader(self.bell.fd, self._rung)

    def release(self) -> None:
        """One reason less for it."""
        self.holds -= 1
        if self.holds == 0 and self.bell is not None:
            bell, self.bell = self.bell, None
            if not self.loop.is_closed():
                self.loop.remove_reader(bell.fd)
                self.loop.call_soon(self._heard)  # It may have been rung just now.

    def _rung(self) -> None:
        if self.bell is not None:  # Nothing on the stack holds the bell: an error that somebody keeps would keep it open.
            self.bell.hear()
        if asyncio._get_running_loop() is self.loop:
            self.drain()
        else:  # trio-asyncio calls its readers in a Trio task that has no running loop.
            self.loop.call_soon(self._heard)

    def _heard(self) -> None:
        self.drain()  # One frame more, as there: what goes on has the same stack under it, whoever woke the loop.

    def raw_wake(self) -> None:
        """Have drain() run soon in the loop's thread; from inside the loop, which cannot be asleep then, without a wake-up."""
        bell = self.bell
        if running_loop() is self.loop:
            self.loop.call_soon(self._heard)
        elif bell is None or self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._heard)
        else:
            bell.ring()

    def asyncio_loop(self) -> asyncio.AbstractEventLoop:
        """This one."""
        return self.loop

    def hosts(self) -> frozenset[str]:
        """Trio's guest mode needs nothing but wake()."""
        return frozenset({"trio"})

    def start(self, call: Call, /) -> None:
        """Run the function as a task, and its first step now where Python can do that."""
        if EAGER and self.loop.get_task_factory() is None:
            task: Any = asyncio.Task
            task(self._run(call), loop=self.loop, context=call.context, eager_start=True)
        else:
            call.context.run(self.loop.create_task, self._run(call))

    async def _run(self, call: Call) -> None:
        if not call.enter():
            return
        call.task = asyncio.current_task()
        try:
            value = call.fn(*call.args, **call.kwargs)
            if isawaitable(value):
                value = await value
        except BaseException as error:
            self.report(call, error)
        else:
            call.settle(value)

    def report(self, call: Call, error: BaseException) -> None:
        """A closed loop's tasks end with GeneratorExit, which is not their function's doing."""
        if isinstance(error, GeneratorExit) and self.loop.is_closed():
            error = self.peer_gone("it was closed with tasks pending", error)
        super().report(call, error)

    def lost(self, error: BaseException) -> None:
        """Tell the loop's exception handler."""
        self.loop.call_exception_handler({"message": "a call that nobody waits for any more failed", "exception": error})

    def cancel(self, call: Call, /) -> None:
        """Cancel the task, once."""
        if call.task is not None:
            call.task.cancel()

    async def wait(self, call: Call, /) -> Any:
        """Wait for the outcome; see the module's docstring for what a cancel does."""
        task = asyncio.current_task()
        if not call.must_leave:
            self.due.check(task)
            if getattr(task, "_must_cancel", False):
                await asyncio.sleep(0)  # Cancelled before the call: it never leaves.
        before = self.due.count_before(task)
        waiter = call.parked = Waiter(call, self.loop)
        try:
            call.send()
            while call.state != BACK:
                try:
                    await waiter
                except asyncio.CancelledError as error:  # It came between the outcome and this step.
                    if waiter.interrupted is None:
                        waiter.interrupted = error
        except BaseException:  # This coroutine is being closed, or Ctrl-C ends the loop, or the portal is closed.
            if call.routed:
                call.abandon()
            raise
        interrupted, waiter.interrupted = waiter.interrupted, None
        try:
            if interrupted is not None:
                if call.cancelled and call.unwanted is True:
                    raise interrupted
                self.due.add(task, before, interrupted.args)
            return self.deliver(call)
        finally:
            call.parked = None  # It holds the call, and only the garbage collector would part them.
            del interrupted, waiter

    async def raise_due(self) -> None:
        """Raise what DueCancels keeps."""
        self.due.check(asyncio.current_task())

    def resume(self, call: Call, /) -> None:
        """Let the task go on."""
        call.parked.go_on()


def current() -> Loop:
    """The runtime of the loop that runs in this thread.

    Raises:
        NotRunning: none does.
    """
    loop = running_loop()
    if loop is None:
        raise NotRunning("asyncio", "in a coroutine")
    return attach(loop, Loop)


L = TypeVar("L", bound=Loop)


def attach(loop: asyncio.AbstractEventLoop, kind: Callable[[asyncio.AbstractEventLoop], L]) -> L:
    """The loop's runtime of this kind, made once, and told when asyncio.run() ends the loop."""
    runtimes: dict[Any, Any] = vars(loop).setdefault("_interop", {})
    runtime: L | None = runtimes.get(kind)
    if runtime is None:
        runtime = runtimes[kind] = kind(loop)
        runtime.sentinel = _sentinel(runtime)
        with contextlib.suppress(StopIteration):
            runtime.sentinel.asend(None).send(None)
    return runtime


async def _sentinel(runtime: Loop) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        if running_loop() is runtime.loop:  # Otherwise it was closed, and this is the garbage collector.
            await runtime.end_guests()
        runtime.die("asyncio is shutting it down")


def joins(foreign: Any) -> Callable[[], Any] | None:
    """What waits for a Future or a Task, of asyncio or Tornado."""
    return (lambda: foreign) if isinstance(foreign, asyncio.Future) else None


def home(foreign: asyncio.Future[Any]) -> Runtime:
    """The runtime of a Future's loop: one that is known, or the one that runs here."""
    loop = foreign.get_loop()
    known: Runtime | None = next(iter(vars(loop).get("_interop", {}).values()), None)
    if known is None and running_loop() is not loop:
        raise CannotWrap(
            foreign, "nothing is known of its loop: call interop.adapters.asyncio.current() there first, or give of="
        )
    return known or attach(loop, Loop)


def wrap(foreign: Any, *, of: Runtime | None = None) -> asyncio.Future[Any]:
    """A Future for any foreign awaitable, at home in the loop that it says, or in `of`."""
    return future(current(), foreign, of)


def future(here: Loop, foreign: Any, of: Runtime | None) -> asyncio.Future[Any]:
    """What wrap() gives."""
    call, given = wrapped(here, foreign, of), Future(loop=here.loop)
    given.begin(here, call)
    return given


def on_loop(loop: Any, flavour: str, refused: Callable[[str], Exception]) -> tuple[Runtime, Callable[[], object]]:
    """A runtime on an asyncio loop that runs already, and what undoes it."""
    if flavour == "uvloop" and type(loop).__module__.partition(".")[0] != "uvloop":
        raise refused("the loop that runs here is not uvloop's")
    return attach(loop, Loop), lambda: None


def startable(name: str) -> None:
    """uvloop cannot be parked, so greenlets of its thread would never run.

    Raises:
        CannotStart: what run_in_executor() starts is one of those: gevent or eventlet has patched threads.
    """
    if name == "asyncio[uvloop]" and (who := patched_by("thread")):
        why = f"{who} has patched threads, and beside uvloop they would never run"
        raise CannotStart(name, why, "open the portal to 'asyncio'")


def run(main: Callable[[], Coroutine[Any, Any, T]], flavour: str = "", parking: Any = None) -> T:
    """asyncio.run() for any thread: no signal handler, no policy, a plain loop whatever the process has patched in."""
    loop = asyncio.SelectorEventLoop(parking) if parking else _new_loop(flavour)
    try:
        return loop.run_until_complete(main())
    finally:
        try:
            for runtime in vars(loop).get("_interop", {}).values():
                if runtime.guests:
                    loop.run_until_complete(runtime.end_guests())
                runtime.die("it is shutting down")
            _cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()


def _new_loop(flavour: str) -> asyncio.AbstractEventLoop:
    if flavour == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop()
    return asyncio.SelectorEventLoop(selector())


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


class Portal(AwaitablePortal):
    """A portal that asyncio code holds."""


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this loop to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        async with open_portal("trio") as trio:
            await trio.call(fetch, url)
    """
    return Portal(current, callee, topology)
