"""Mutants that change nothing that a user of a bridge can see, and that the documentation promises anything about: why."""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutants.mutant import Mutant


@dataclass(frozen=True)
class Known:
    """One mutant, by what it changes.

    Args:
        reason: why it is equivalent.
    """

    file: str
    place: str
    before: str
    after: str
    reason: str

    def names(self, mutant: Mutant) -> bool:
        """Whether it is this one, whichever operator made it."""
        return (self.file, self.place, self.before, self.after) == (mutant.file, mutant.place, mutant.before, mutant.after)


EQUIVALENT: tuple[Known, ...] = (
    Known(
        "interop/adapters/anyio.py",
        "Loop.wait",
        "if call.cancelled and call.unwanted is True:",
        "if call.cancelled and call.unwanted == True:",
        "unwanted is a bool or an error of ours, PortalClosed, which is never equal to True",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "Loop.__init__",
        "self.holds = 0",
        "self.holds = -1",
        "the first portal wakes the loop by call_soon_threadsafe() instead of the bell: the same, slower",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "Loop.hold",
        "if self.holds == 1 and bell.POSSIBLE:",
        "if self.holds == 0 and bell.POSSIBLE:",
        "the loop is woken by call_soon_threadsafe() instead of the bell: the same, slower",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "Loop.raw_wake",
        "if running_loop() is self.loop:",
        "if running_loop() == self.loop:",
        "event loops do not define equality",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "Loop.wait",
        "if call.cancelled and call.unwanted is True:",
        "if call.cancelled and call.unwanted == True:",
        "unwanted is a bool or an error of ours, PortalClosed, which is never equal to True",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "future",
        "call, given = wrapped(here, foreign, of), Future(loop=here.loop)",
        "call, given = wrapped(here, foreign, of), Future(loop=None)",
        "wrap() is called in the running loop, which Future takes by itself",
    ),
    Known(
        "interop/adapters/asyncio_futures.py",
        "Waiter.__init__",
        "self.callback: Callable[[Any], object] | None = None",
        'self.callback: Callable[[Any], object] | None = ""',
        "a task cancels its waiter only while it waits, and then add_done_callback() has set it",
    ),
    Known(
        "interop/adapters/asyncio_futures.py",
        "Waiter.__init__",
        "self.context: contextvars.Context | None = None",
        'self.context: contextvars.Context | None = ""',
        "add_done_callback() sets it before anything reads it; the empty string is no context either",
    ),
    Known(
        "interop/adapters/asyncio_futures.py",
        "Waiter.go_on",
        "if callback is not None and self.context is not None:",
        "if callback is not None or self.context is not None:",
        "add_done_callback() sets both, and a call resumes its waiter once",
    ),
    Known(
        "interop/adapters/threads_lanes.py",
        "Lane.wait",
        "call.parked = None",
        'call.parked = ""',
        "only `is not None` of a call that is back is asked, and that has been resumed already",
    ),
    Known(
        "interop/adapters/threads_lanes.py",
        "Anywhere.__init__",
        "super().__init__(pool)",
        "super().__init__(None)",
        "no function runs in it, so its pool is never asked",
    ),
    Known(
        "interop/adapters/threads_lanes.py",
        "Worker.start",
        "del self._inbox[1]",
        "del self._inbox[ 0]",
        "each of them has run once, and drain() takes out the one that stays, whichever that is",
    ),
    Known(
        "interop/adapters/trio.py",
        "Run.__init__",
        "self.listening = trio.CancelScope()",
        "self.listening = None",
        "hold() sets it before release() reads it, wherever there is an eventfd",
    ),
    Known(
        "interop/adapters/trio.py",
        "Run.wake_here",
        "if self.dead:",
        "if not self.dead:",
        "wake() does the same, a turn later, or at once where the loop is dead",
    ),
    Known(
        "interop/adapters/trio.py",
        "Portal.__aexit__",
        "await super().__aexit__(kind, error, trace)",
        "await super().__aexit__(None, error, trace)",
        "AsyncPortal.__aexit__ looks at none of its arguments",
    ),
    Known(
        "interop/adapters/twisted.py",
        "Reactor.__init__",
        "self.ear: Ear | None = None",
        'self.ear: Ear | None = ""',
        "it is set with the bell, and read only where there is one",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "",
        'EAGER = hasattr(asyncio, "eager_task_factory") # Python 3.12 and later.',
        'EAGER = hasattr(None, "eager_task_factory") # Python 3.12 and later.',
        "a call's first step comes with the loop's next turn, as before Python 3.12",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "Loop.hold",
        "self.holds += 1",
        "self.holds += 0",
        "the loop is woken by its own way in instead of the bell: the same, slower",
    ),
    Known(
        "interop/adapters/asyncio.py",
        "Loop.wait",
        "await asyncio.sleep(0) # Cancelled before the call: it never leaves.",
        "await asyncio.sleep( -1) # Cancelled before the call: it never leaves.",
        "asyncio.sleep() of less than nothing is one turn of the loop, too",
    ),
    Known(
        "interop/adapters/asyncio_futures.py",
        "Waiter.__init__",
        "self._asyncio_future_blocking = False",
        "self._asyncio_future_blocking = True",
        "__await__() sets it before the task looks at it",
    ),
    Known(
        "interop/adapters/eventlet.py",
        "",
        "DAY = 24 * 3600.0",
        "DAY = 24 * 3601.0",
        "any time will do in which a program does not notice one timer",
    ),
    Known(
        "interop/adapters/eventlet.py",
        "_end",
        'if tpool is not None and getattr(tpool._coro, "parent", None) is runtime.hub.greenlet:',
        'if tpool is not None and getattr(tpool._coro, "parent", None) == runtime.hub.greenlet:',
        "greenlets do not define equality",
    ),
    Known(
        "interop/adapters/threads_lanes.py",
        "Lane.check",
        "self.cancelled = False",
        "self.cancelled = None",
        "the flag is asked for its truth only, and None is as false as False",
    ),
    Known(
        "interop/adapters/threads_lanes.py",
        "Lane.wait",
        "sent = False",
        "sent = None",
        "the flag is asked for its truth only, and None is as false as False",
    ),
    Known(
        "interop/adapters/trio.py",
        "Run.hold",
        "self.holds += 1",
        "self.holds += 0",
        "the loop is woken by its own way in instead of the bell: the same, slower",
    ),
    Known(
        "interop/adapters/trio.py",
        "Run._listen",
        "if self.bell is bell:",
        "if self.bell == bell:",
        "a Bell has no equality of its own",
    ),
    Known(
        "interop/adapters/trio.py",
        "Run.wait",
        "if interrupted is not None and call.cancelled and call.unwanted is True:",
        "if interrupted is not None and call.cancelled and call.unwanted == True:",
        "unwanted is a bool or an error of ours, PortalClosed, which is never equal to True",
    ),
    Known(
        "interop/adapters/twisted.py",
        "Reactor.__init__",
        "self.holds = 0",
        "self.holds = 1",
        "the loop is woken by its own way in instead of the bell: the same, slower",
    ),
    Known(
        "interop/adapters/eventlet.py",
        "Hub.__init__",
        "os.set_blocking(end, False)",
        "os.set_blocking(end, None)",
        "None is as false as False",
    ),
    Known(
        "interop/adapters/twisted.py",
        "Reactor.bury",
        "self.stopping = False",
        "self.stopping = None",
        "the flag is asked for its truth only, and None is as false as False",
    ),
    Known(
        "interop/bell.py",
        "",
        'POSSIBLE = hasattr(os, "eventfd")',
        'POSSIBLE = hasattr(None, "eventfd")',
        "loops are woken by their own way in instead of the bell: the same, slower",
    ),
    Known(
        "interop/bell.py",
        "Bell.ring",
        "os.eventfd_write(self.fd, 1)",
        "os.eventfd_write(self.fd, 2)",
        "the eventfd is only made readable: its one reader takes the whole count, whatever it is",
    ),
    Known(
        "interop/bell.py",
        "Bell.__init__",
        "self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)",
        "self.fd = os.eventfd( 1, os.EFD_NONBLOCK | os.EFD_CLOEXEC)",
        "the bell is heard once when it is hung up: one turn of the loop, in which nothing is queued",
    ),
    Known(
        "interop/topologies/parked.py",
        "Parked._serve",
        'refused = partial(NoSuchTopology, self.here.name, self.name, "guest")',
        "refused = partial(NoSuchTopology, self.here.name, self.name, )",
        "guest.start() has refused before all that on_loop() would refuse",
    ),
    Known(
        "interop/blocking.py",
        "Greenlets.hub_greenlet",
        "@abstractmethod",
        "",
        "both hubs define the method, and nobody makes a Greenlets itself",
    ),
    Known(
        "interop/blocking.py",
        "Greenlets.getcurrent",
        "@abstractmethod",
        "",
        "both hubs define the method, and nobody makes a Greenlets itself",
    ),
    Known(
        "interop/call.py",
        "Call.settle",
        "self.task = None",
        'self.task = ""',
        "a call that is settled is neither outstanding nor cancelled any more: nothing asks for its task",
    ),
    Known(
        "interop/call.py",
        "Call.__init__",
        "self.routed = self.stop_sent = self.told = False",
        "self.routed = self.stop_sent = self.told = None",
        "all three are asked for their truth only, and None is as false as False",
    ),
    Known(
        "interop/conversation.py",
        "Conversation.dropped",
        "return self.here.wait(Step(self, lambda resource: self._until_cancelled(), must_leave=True, last=False))",
        "return self.here.wait(Step(self, lambda resource: self._until_cancelled(), must_leave=True, last=None))",
        "a step is asked for the truth of `last` only, and None is as false as False",
    ),
    Known(
        "interop/conversation.py",
        "Step.ask_to_stop",
        "super().ask_to_stop(instead)",
        "super().ask_to_stop(None)",
        "a step's own reason is not read: Conversation._fail() takes the portal's, or True",
    ),
    Known(
        "interop/conversation.py",
        "Serving.settle",
        "super().settle(value, error, cancelled=cancelled)",
        "super().settle(error, cancelled=cancelled)",
        "nobody waits for this call: its steps tell how it ended",
    ),
    Known(
        "interop/portal.py",
        "Portal._tell",
        'if there is here or _where(here, there) == "loop":',
        'if there == here or _where(here, there) == "loop":',
        "runtimes have no equality of their own",
    ),
    Known(
        "interop/runtime.py",
        "Runtime.wake",
        "self._awake = False",
        "self._awake = None",
        "the flag is asked for its truth only, and None is as false as False",
    ),
    Known(
        "interop/runtime.py",
        "Runtime.deliver",
        "call.error = None",
        'call.error = ""',
        "the outcome is delivered once, and nothing reads the error after that",
    ),
    Known(
        "interop/streams.py",
        "Stream",
        "_ended = False",
        "_ended = None",
        "it is asked for its truth only, and None is as false as False",
    ),
    Known(
        "interop/adapters/twisted_reactor.py",
        "move",
        "for reader in reactor._internalReaders:",
        "for reader in []:",
        "an asyncioreactor is woken by its loop: nothing writes to the waker that moves with it",
    ),
    Known(
        "interop/unpatched.py",
        "_selectors",
        "@lru_cache",
        "",
        "each loop in a patched process gets a copy of selectors of its own: the same, slower",
    ),
    Known(
        "interop/topologies/loop.py",
        "OnLoop.__init__",
        "super().__init__(here, name, adapter.current)",
        "super().__init__(here, None, adapter.current)",
        "nothing of it that runs on the caller's loop reads the name",
    ),
    Known(
        "interop/wrapping.py",
        "Hybrid.failed",
        "@abstractmethod",
        "",
        "all three are defined in each kind of future that there is: nobody makes a Hybrid itself",
    ),
    Known(
        "interop/adapters/twisted_reactor.py",
        "move",
        "vars(reactor)[OURS] = True # From now on.",
        "vars(reactor)[OURS] = False # From now on.",
        "it is asked for by its name alone, whatever its value",
    ),
    Known(
        "interop/wrapping.py",
        "Hybrid",
        "interrupted: tuple[Any, ...] | None = None",
        'interrupted: tuple[Any, ...] | None = ""',
        "it is asked for its truth, and both are false",
    ),
    Known(
        "interop/adapters/threads_lanes.py",
        "Lane.wait",
        "if call.cancelled and call.unwanted is True:",
        "if call.cancelled and call.unwanted == True:",
        "unwanted is a bool or an error of ours, PortalClosed, which is never equal to True",
    ),
)
