"""What breaks the laws of chapter X: context and identity."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from interop.laws.world import variable
from tests.faulty.fault import Fault, Session, adapter, driven, result

LOOP = "asyncio->asyncio/loop"


class StartsInTheLoopsContext(Fault):
    """As call_soon() from a callback of the loop's own, and Twisted's reactor.callFromThread()."""

    breaks = "X1"

    async def calls(self, session: Session, fn: Any) -> Any:
        return await contextvars.Context().run(session.portal.call, fn)


class WritesTheCalleesContextBack(Fault):
    """As asgiref's sync_to_async and async_to_sync, which do it on purpose."""

    breaks = "X2"

    async def calls(self, session: Session, fn: Any) -> Any:
        value, written = await session.portal.call(self.writing, fn)
        variable.set(written)
        return value

    async def writing(self, fn: Any) -> Any:
        return await result(fn), variable.get()

    async def closes(self, session: Session) -> None:
        variable.set("nothing")  # It leaks from call to call, not from law to law.
        await super().closes(session)


class SharesOneContextAmongCallsInFlight(Fault):
    """As one request context in a thread-local: right as long as there is one request."""

    breaks = "X3"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        first = session.kept = session.kept or [contextvars.copy_context(), 0]
        first[1] += 1
        try:
            return await first[0].copy().run(session.portal.call, fn)
        finally:
            first[1] -= 1
            if not first[1]:
                session.kept = None


class SpeaksForTheCallersLibrary(Fault):
    """As anyio.run() in a program that calls a thread: its sniffio variable goes along with the context."""

    breaks = "X4"
    on = "asyncio->trio/thread"

    async def there(self, session: Session, fn: Any) -> Any:
        import sniffio

        if "<locals>" not in fn.func.__qualname__:
            return await result(fn)
        sniffio.current_async_library_cvar.set("asyncio")
        sniffio.thread_local.name, name = None, sniffio.thread_local.name

        def step(how: Any, what: Any) -> Any:
            sniffio.thread_local.name = None
            try:
                return how(what)
            finally:
                sniffio.thread_local.name = name

        return await driven(fn, step)


class StepsTheCalleeAsTheCallersTask(Fault):
    """As nest_asyncio, and greenlets that run a coroutine in the task that happens to be current."""

    breaks = "X5"
    on = LOOP

    def calls(self, session: Session, fn: Any) -> Any:
        if "<locals>" not in fn.func.__qualname__:  # Fetching cancels its own task at a deadline, and is no part of this.
            return session.portal.call(fn)
        return session.portal.call(self.stepping, asyncio.current_task(), fn)

    async def stepping(self, callers: Any, fn: Any) -> Any:
        loop: Any = asyncio.get_running_loop()
        mine: Any = asyncio.current_task()

        def step(how: Any, what: Any) -> Any:
            asyncio.tasks._leave_task(loop, mine)
            asyncio.tasks._enter_task(loop, callers)
            try:
                return how(what)
            finally:
                asyncio.tasks._leave_task(loop, callers)
                asyncio.tasks._enter_task(loop, mine)

        return await driven(fn, step)


class StartsInTheCallersStep(Fault):
    """As Deferred.asFuture(): until it waits for the first time, the function runs inside the task that has called it."""

    breaks = "X5"
    on = "asyncio->twisted[asyncio]/loop"

    def spoil(self) -> None:
        reactor = adapter("twisted").Reactor
        wake_here = reactor.wake_here

        def wakes_here(here: Any, callback: Any) -> None:
            if callback.__name__ == "begin":
                callback()
            else:
                wake_here(here, callback)

        reactor.wake_here = wakes_here


class GoesOnInTheCalleesStep(Fault):
    """As a Deferred that is fired from an asyncio task: what comes after it runs inside that task."""

    breaks = "X6"
    on = "twisted[asyncio]->asyncio/loop"

    def spoil(self) -> None:
        reactor = adapter("twisted").Reactor
        wake_here = reactor.wake_here

        def wakes_here(here: Any, callback: Any) -> None:
            if callback.__name__ == "resume":
                callback()
            else:
                wake_here(here, callback)

        reactor.wake_here = wakes_here


class GoesOnInAWorkerThread(Fault):
    """As a callback that run_in_executor() calls, or a Future whose callbacks run in the thread that completes it."""

    breaks = "X7"

    async def opens(self, session: Session) -> None:
        await super().opens(session)
        session.kept = ThreadPoolExecutor(1)

    async def closes(self, session: Session) -> None:
        await super().closes(session)
        session.kept.shutdown()

    async def there(self, session: Session, fn: Any) -> Any:
        loop, context, begun = asyncio.get_running_loop(), contextvars.copy_context(), list[int]()

        def in_the_worker(how: Any, what: Any) -> Any:
            asyncio._set_running_loop(loop)
            try:
                return context.run(how, what)
            finally:
                asyncio._set_running_loop(None)

        def step(how: Any, what: Any) -> Any:
            if not begun:
                begun.append(1)
                return context.run(how, what)
            future = session.kept.submit(in_the_worker, how, what)
            error = future.exception()  # Not result(): to that, before Python 3.13.4, an error that is false is none (V20).
            try:
                if error is not None:
                    raise error
                return future.result()
            finally:
                del error, future

        return await driven(fn, step)


class LeavesARunningLoop(Fault):
    """As asyncio in a greenlet or under nest_asyncio: the code that runs next finds a running loop that is not its own."""

    breaks = "X8"
    on = "trio->asyncio/thread"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        finally:
            asyncio._set_running_loop(session)  # type: ignore[arg-type]

    async def closes(self, session: Session) -> None:
        asyncio._set_running_loop(None)
        await super().closes(session)


class AddsTwentyFrames(Fault):
    """As layers of decorators, each with a frame of its own."""

    breaks = "X9"

    async def calls(self, session: Session, fn: Any, layers: int = 20) -> Any:
        return await (self.calls(session, fn, layers - 1) if layers else session.portal.call(fn))


class RunsEveryCallInOneWorkersContext(Fault):
    """As one long-lived task that takes calls from a queue: what one leaves in its context, the next finds."""

    breaks = "X10"
    on = LOOP

    async def there(self, session: Session, fn: Any) -> Any:
        if variable not in contextvars.copy_context() and session.kept:
            variable.set(session.kept)
        try:
            return await result(fn)
        finally:
            session.kept = variable.get()


class KeepsTheContextOfItsFirstCall(Fault):
    """As a context that is copied where the bridge is set up."""

    breaks = "X11"
    on = LOOP

    async def calls(self, session: Session, fn: Any) -> Any:
        session.kept = [*(session.kept or ()), contextvars.copy_context()][:2]  # The law's own is the second.
        return await session.kept[-1].copy().run(session.portal.call, fn)


class ThrowsTheCancelInFromElsewhere(Fault):
    """As a generator that is closed by somebody else than runs it: PEP 525's finalizer hook does so."""

    breaks = "X12"

    async def there(self, session: Session, fn: Any) -> Any:
        def step(how: Any, what: Any) -> Any:
            if isinstance(what, asyncio.CancelledError):
                return contextvars.Context().run(how, what)
            return how(what)

        return await driven(fn, step)


class LeavesTheLoopToSiblings(Fault):
    """As asyncio in a process that gevent has patched: the running loop is the thread's, and each greenlet of it sees it."""

    breaks = "X14"
    on = "gevent->asyncio/guest"

    def spoil(self) -> None:
        from interop.topologies import guest_turns

        guest_turns._kind().switch_out = lambda greenlet: None


class CarriesTheCallersLibraryAlong(Fault):
    """As every call that copies the context, where anyio.run() has put the library's name into it."""

    breaks = "X15"
    on = "asyncio->twisted/thread"

    async def calls(self, session: Session, fn: Any) -> Any:
        import sniffio

        return await session.portal.call(self.named, sniffio.current_async_library_cvar.get(), fn)

    async def named(self, library: str | None, fn: Any) -> Any:
        import sniffio

        sniffio.current_async_library_cvar.set(library)
        return await result(fn)
