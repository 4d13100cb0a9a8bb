"""Trio: the native awaitable is a plain async function; there are no futures.

Cancelling: a cancel scope, level-triggered; wait_task_rescheduled() lets us keep the caller parked until the callee is done,
            and a cancel that the callee did not answer comes back by itself at the next checkpoint.
Threads:    TrioToken.run_sync_soon() is the only way in from another thread, an error once the run is over.
The end:    system tasks are cancelled when the main task is done: one that sleeps tells us.
Source:     Trio reference, "Low-level operations in Trio".
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Coroutine
from inspect import isawaitable
from types import TracebackType
from typing import Any, TypeVar

import trio

from interop import bell
from interop.bell import Bell
from interop.call import BACK, Call
from interop.errors import CannotStart, NotRunning
from interop.portal import AwaitablePortal
from interop.runtime import Runtime
from interop.unpatched import patched_by
from interop.wrapping import wrapped

T = TypeVar("T")


class Run(Runtime):
    """A running trio.run()."""

    name = "trio"
    cancel_types = (trio.Cancelled,)

    def __init__(self) -> None:
        super().__init__()
        self.token = trio.lowlevel.current_trio_token()
        self.holds = 0
        self.bell: Bell | None = None
        self.listening = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._watch)

    def hold(self) -> None:
        """Have a cheap way in while others may want one."""
        self.holds += 1
        if self.holds == 1 and bell.POSSIBLE and self.gone is None:
            self.bell, self.listening = Bell(), trio.CancelScope()
            trio.lowlevel.spawn_system_task(self._listen, self.bell, self.listening)

    def release(self) -> None:
        """One reason less for it."""
        self.holds -= 1
        if self.holds == 0 and not self.dead:
            self.listening.cancel()

    async def _listen(self, bell: Bell, scope: trio.CancelScope) -> None:
        try:
            with scope:
                while True:
                    await trio.lowlevel.wait_readable(bell)
                    bell.hear()
                    self.drain()
        finally:
            if self.bell is bell:
                self.bell = None
            del bell  # The Cancelled that ends this task holds its frame.
            self.drain()  # It may have been rung just now.

    def raw_wake(self) -> None:
        """Have drain() run soon in Trio's thread."""
        bell = self.bell
        if bell is None:
            self.token.run_sync_soon(self.drain)
        else:
            bell.ring()

    def wake_here(self, callback: Callable[[], object], /) -> None:
        """Starting and rescheduling a task only tells Trio's scheduler, in whose step ever."""
        if self.dead:
            self.wake(callback)
        else:
            callback()

    def hosts(self) -> frozenset[str]:
        """An asyncio loop, in a system task."""
        return frozenset({"asyncio"})

    async def readable(self, fd: int, seconds: float | None) -> None:
        """Wait until fd is readable, or for so many seconds; also when the run ends, until _watch() has ended the guest."""
        with trio.CancelScope(shield=True):
            if seconds is not None and seconds <= 0:
                await trio.lowlevel.checkpoint()
            else:
                with trio.move_on_after(math.inf if seconds is None else seconds):
                    await trio.lowlevel.wait_readable(fd)

    async def _watch(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await self.end_guests()
            self._ends()

    def _ends(self) -> None:
        self.die("trio.run() is ending")

    def start(self, call: Call, /) -> None:
        """Run the function as a system task: it belongs to no nursery of the callee's program."""
        trio.lowlevel.spawn_system_task(self._run, call, context=call.context)

    async def _run(self, call: Call) -> None:
        if not call.enter():
            return
        try:
            # The scope filters its own Cancelled out of what the function raises, groups included, as it does everywhere in Trio.
            with trio.CancelScope() as scope:
                call.task = scope
                value = call.fn(*call.args, **call.kwargs)
                if isawaitable(value):
                    value = await value
        except BaseException as error:
            self.report(call, error)
        else:
            if scope.cancelled_caught:
                call.settle(cancelled=True)
            else:
                call.settle(value)

    def report(self, call: Call, error: BaseException) -> None:
        """A Cancelled that left our scope is the end of the run: the order in which its tasks see it is random."""
        if isinstance(error, trio.Cancelled):
            self._ends()
        super().report(call, error)

    def cancel(self, call: Call, /) -> None:
        """Cancel the function's scope."""
        if call.task is not None:
            call.task.cancel()

    @trio.lowlevel.enable_ki_protection
    async def wait(self, call: Call, /) -> Any:
        """Wait for the outcome, parked; a cancel is passed on, and raised when the callee is done."""
        if not call.must_leave:
            await trio.lowlevel.checkpoint_if_cancelled()  # Cancelled before the call: it never leaves.
        interrupted: Callable[[], None] | None = None

        def abort(raise_cancel: Callable[[], None]) -> trio.lowlevel.Abort:
            nonlocal interrupted
            interrupted = raise_cancel
            call.ask_to_stop()
            return trio.lowlevel.Abort.FAILED

        call.send()
        if call.state != BACK:
            call.parked = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(abort)
        if interrupted is not None and call.cancelled and call.unwanted is True:
            interrupted()
        return self.deliver(call)

    async def raise_due(self) -> None:
        """Cancels are level-triggered: one that is due is raised by any checkpoint."""
        await trio.lowlevel.checkpoint_if_cancelled()

    def resume(self, call: Call, /) -> None:
        """Let the task go on with Trio's next tick."""
        task, call.parked = call.parked, None
        trio.lowlevel.reschedule(task)


_here: trio.lowlevel.RunVar[Run | None] = trio.lowlevel.RunVar("interop", None)


def current() -> Run:
    """The runtime of the trio.run() that this thread is in.

    Raises:
        NotRunning: it is in none.
    """
    try:
        runtime = _here.get()
    except RuntimeError:
        raise NotRunning("trio", "in an async function under trio.run()") from None
    if runtime is None:
        runtime = Run()
        _here.set(runtime)
    return runtime


def startable(name: str) -> None:
    """Trio needs the system's own poller; trio.to_thread, name look-ups and guest mode need threads.

    Raises:
        CannotStart: gevent or eventlet has patched one of them.
    """
    for what, needs in (("select", "select.epoll or select.kqueue"), ("thread", "real threads")):
        if (who := patched_by(what)) is not None:
            why = f"{who} has patched {what} in this process, and Trio needs {needs}"
            raise CannotStart(name, why, "start Trio in a process of its own")


def run(main: Callable[[], Coroutine[Any, Any, T]], flavour: str = "") -> T:
    """trio.run()."""
    return trio.run(main)


async def wrap(foreign: Any, *, of: Runtime | None = None) -> Any:
    """Wait for any foreign awaitable, at home in the loop that it says, or in `of`."""
    here = current()
    return await here.wait(wrapped(here, foreign, of))


def guest(main: Callable[[], Coroutine[Any, Any, None]], wake: Callable[..., object], done: Callable[..., object]) -> None:
    """Run main in Trio as a guest of the loop that wake() belongs to; done(outcome) is called in that loop."""
    # Signals stay the host's business: Trio takes SIGINT over where Python's own handler is in place, so for now it is not.
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, lambda number, frame: signal.default_int_handler(number, frame))
    try:
        trio.lowlevel.start_guest_run(
            main, run_sync_soon_threadsafe=wake, done_callback=done, host_uses_signal_set_wakeup_fd=True
        )
    except RuntimeError as error:
        why = f"this thread has a Trio run already ({error})"
        raise CannotStart("trio", why, "use one portal for both, or the topology 'thread'") from error
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class Portal(AwaitablePortal):
    """A portal that Trio code holds. Ctrl-C waits until it is open, and until it is closed."""

    @trio.lowlevel.enable_ki_protection
    async def __aenter__(self) -> Portal:
        return await super().__aenter__()

    @trio.lowlevel.enable_ki_protection
    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await super().__aexit__(kind, error, trace)


def open_portal(callee: str | Runtime, *, topology: str | None = None) -> Portal:
    """A portal from this Trio run to another framework: its name starts one, its Runtime reaches a running one.

    Example:
        async with open_portal("asyncio") as asyncio:
            await asyncio.call(fetch, url)
    """
    return Portal(current, callee, topology)
