"""wrap() in one framework, over every flavour and state: python -m tests.adapters.wraps trio

Each flavour lives in a loop of its own in another thread, so every pair can be had. One JSON line a case, as it ends. After each
case everything is dropped and collected, and what was printed meanwhile is part of the finding: an error that somebody has asked
for is not reported, and one that nobody has asked for is, once.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import faulthandler
import gc
import json
import logging
import os
import re
import sys
import tempfile
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import Any

import interop.adapters.threads
from interop.errors import CalleeCancelled
from interop.harness import drivers
from interop.runtime import Runtime

DEADLINE = 60.0  # seconds a case, on a busy machine
LAZY = ("trio", "anyio[asyncio]", "anyio[trio]")  # their wrap() is a coroutine function: nothing begins before it is awaited


class Boom(Exception):
    """What fails; its number tells whose it was."""


class NotApplicable(Exception):
    """With the reason."""


class Flavour(ABC):
    """One awaitable of one framework; all methods run in that framework's thread."""

    home: str | None = None
    says_whose = True  # wrap() needs no of=
    cancellable = True
    cleans_up = False  # it has code that still has to run when it is cancelled
    prints = 0  # how often the framework itself prints a failure, asked for or not

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.foreign: Any = None
        self.last_word: object = None  # what it returns when it refuses to be cancelled

    @abstractmethod
    def make(self) -> None:
        """A pending one."""

    @abstractmethod
    def succeed(self, value: object) -> None: ...

    @abstractmethod
    def fail(self, error: BaseException) -> None: ...

    def cancel(self) -> None:
        self.foreign.cancel()

    def saw_cancel(self) -> bool:
        return "cancelled" in self.trace

    def let_go(self) -> None:  # noqa: B027 - most have ended
        """Nothing of it may go on after a case."""


class Future(Flavour):
    home: str | None = "asyncio"

    def make(self) -> None:
        self.foreign = asyncio.get_running_loop().create_future()

    def succeed(self, value: object) -> None:
        self.foreign.set_result(value)

    def fail(self, error: BaseException) -> None:
        self.foreign.set_exception(error)

    def saw_cancel(self) -> bool:
        return bool(self.foreign.cancelled())


class Coroutine(Flavour):
    home = "asyncio"
    says_whose = False
    cleans_up = True

    def make(self) -> None:
        self.gate: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.foreign = self.body()

    async def body(self) -> object:
        try:
            return await self.gate
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.trace.append("cancelled")
            if self.last_word is not None:
                return self.last_word
            raise

    def succeed(self, value: object) -> None:
        self.gate.set_result(value)

    def fail(self, error: BaseException) -> None:
        self.gate.set_exception(error)

    def cancel(self) -> None:
        self.gate.cancel()


class Task(Coroutine):
    says_whose = True

    def make(self) -> None:
        super().make()
        self.foreign = asyncio.ensure_future(self.foreign)

    def cancel(self) -> None:
        self.foreign.cancel()

    async def body(self) -> object:
        return await super().body()


class GenCoroutine(Future):
    home = "tornado"

    def make(self) -> None:
        from tornado import gen

        self.gate: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        @gen.coroutine
        def body() -> Generator[Any, Any, object]:
            return (yield self.gate)

        self.foreign = body()

    def succeed(self, value: object) -> None:
        self.gate.set_result(value)

    def fail(self, error: BaseException) -> None:
        self.gate.set_exception(error)

    def let_go(self) -> None:
        if not self.gate.done():  # A function of gen.coroutine cannot be cancelled: it still waits.
            self.gate.set_result(None)


class ConcurrentFuture(Future):
    home = None

    def make(self) -> None:
        self.foreign = concurrent.futures.Future()


class Deferred(Flavour):
    home = "twisted[private]"
    says_whose = False

    def make(self) -> None:
        from twisted.internet.defer import Deferred

        self.foreign = Deferred(lambda _: self.trace.append("cancelled"))

    def succeed(self, value: object) -> None:
        self.foreign.callback(value)

    def fail(self, error: BaseException) -> None:
        self.foreign.errback(error)


class InlineCallbacks(Deferred):
    cleans_up = True

    def make(self) -> None:
        from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks
        from twisted.internet.task import deferLater

        import interop.adapters.twisted

        self.gate: Any = Deferred()

        @inlineCallbacks
        def body() -> Generator[Any, Any, object]:
            try:
                return (yield self.gate)
            except CancelledError:
                yield deferLater(interop.adapters.twisted.current().reactor, 0)
                self.trace.append("cancelled")
                if self.last_word is not None:
                    return self.last_word
                raise

        self.foreign = body()

    def succeed(self, value: object) -> None:
        self.gate.callback(value)

    def fail(self, error: BaseException) -> None:
        self.gate.errback(error)


class AsyncResult(Flavour):
    home = "gevent"
    says_whose = False  # one that was made and not yet used has met no hub
    cancellable = False

    def make(self) -> None:
        from gevent.event import AsyncResult

        self.foreign = AsyncResult()

    def succeed(self, value: object) -> None:
        self.foreign.set(value)

    def fail(self, error: BaseException) -> None:
        self.foreign.set_exception(error)


class Greenlet(AsyncResult):
    says_whose = cancellable = cleans_up = True
    prints = 1

    def make(self) -> None:
        import gevent
        from gevent.event import AsyncResult
        from greenlet import GreenletExit

        self.gate = AsyncResult()

        def body() -> object:
            try:
                return self.gate.get()
            except GreenletExit:
                gevent.sleep(0)
                self.trace.append("cancelled")
                if self.last_word is not None:
                    return self.last_word
                raise

        self.foreign = gevent.spawn(body)
        gevent.sleep(0)

    def succeed(self, value: object) -> None:
        self.gate.set(value)

    def fail(self, error: BaseException) -> None:
        self.gate.set_exception(error)

    def cancel(self) -> None:
        self.foreign.kill(block=False)


class Event(Flavour):
    home = "eventlet"
    says_whose = cancellable = False

    def make(self) -> None:
        from eventlet.event import Event

        self.foreign = Event()

    def succeed(self, value: object) -> None:
        self.foreign.send(value)

    def fail(self, error: BaseException) -> None:
        self.foreign.send_exception(error)


class GreenThread(Event):
    says_whose = cancellable = cleans_up = True
    prints = 1

    def make(self) -> None:
        import eventlet
        from eventlet.event import Event
        from greenlet import GreenletExit

        self.gate = Event()

        def body() -> object:
            try:
                return self.gate.wait()
            except GreenletExit:
                eventlet.sleep(0)
                self.trace.append("cancelled")
                if self.last_word is not None:
                    return self.last_word
                raise

        self.foreign = eventlet.spawn(body)
        eventlet.sleep(0)

    def succeed(self, value: object) -> None:
        self.gate.send(value)

    def fail(self, error: BaseException) -> None:
        self.gate.send_exception(error)

    def cancel(self) -> None:
        import eventlet

        eventlet.hubs.get_hub().schedule_call_global(0, eventlet.kill, self.foreign)


FLAVOURS: dict[str, type[Flavour]] = {
    "coroutine": Coroutine,
    "Task": Task,
    "Future": Future,
    "@gen.coroutine": GenCoroutine,
    "concurrent Future": ConcurrentFuture,
    "Deferred": Deferred,
    "@inlineCallbacks": InlineCallbacks,
    "Greenlet": Greenlet,
    "AsyncResult": AsyncResult,
    "GreenThread": GreenThread,
    "Event": Event,
}


class Mine:
    """The framework that wraps, as its users would handle what wrap() gives."""

    def __init__(self, name: str) -> None:
        self.name, self.driver = name, drivers.find(name)
        self.lazy = name in LAZY

    async def wrap(self, foreign: Any, of: Runtime | None) -> Any:
        if self.lazy:
            return await self.driver.spawn(lambda: self.driver.adapter.wrap(foreign, of=of))
        return self.driver.adapter.wrap(foreign, of=of)

    async def cancel(self, wrapper: Any) -> None:
        if self.lazy:
            await self.driver.cancel(wrapper)
        else:
            wrapper.kill() if self.name == "eventlet" else wrapper.cancel()

    async def outcome(self, wrapper: Any) -> tuple[str, Any]:
        if self.lazy:
            return await self.driver.join(wrapper)
        asked = {"gevent": "get", "eventlet": "wait", "threads": "result"}.get(self.name)

        async def ask() -> Any:
            return getattr(wrapper, asked)() if asked else await wrapper

        kind, what = await self.driver.join(await self.driver.spawn(ask))
        return ("cancelled", what) if isinstance(what, concurrent.futures.CancelledError) else (kind, what)


class Case:
    """One flavour and the framework that wraps it."""

    def __init__(self, mine: Mine, kind: type[Flavour], home: Any, number: int) -> None:
        self.mine, self.home, self.flavour, self.number = mine, home, kind(), number
        self.value, self.error = object(), Boom(number)
        self.printed = kind.prints
        self.there: Runtime | None = home.runtime if home is not None else None
        self.in_home(self.flavour.make)

    def in_home(self, fn: Callable[..., Any], *args: Any) -> Any:
        return fn(*args) if self.home is None else self.home.call(fn, *args)

    async def wrapper(self) -> Any:
        of = None if self.flavour.says_whose else self.there
        return await self.mine.wrap(self.flavour.foreign, of)

    async def waiting(self, wrapper: Any) -> None:
        """Let it come to wait."""
        for _ in range(5):
            await self.mine.driver.turn()
            self.in_home(lambda: None)

    def needs_cancel(self) -> None:
        if not self.flavour.cancellable:
            raise NotApplicable("it cannot be cancelled")

    async def expect_value(self, wrapper: Any) -> None:
        kind, what = await self.mine.outcome(wrapper)
        expect((kind, what) == ("value", self.value), (kind, what))

    async def expect_error(self, wrapper: Any) -> None:
        kind, what = await self.mine.outcome(wrapper)
        expect(kind == "error" and what is self.error, (kind, what))

    async def expect_callee_cancelled(self, wrapper: Any) -> None:
        kind, what = await self.mine.outcome(wrapper)
        expect(kind == "error" and type(what) is CalleeCancelled, (kind, what))
        names = ("CancelledError", "GreenletExit")
        expect(type(what.__cause__).__name__ in names, what.__cause__)

    async def expect_cancelled_after_the_original(self, wrapper: Any) -> None:
        kind, what = await self.mine.outcome(wrapper)
        expect(kind == "cancelled", (kind, what))
        if self.flavour.cancellable:
            never_began = isinstance(self.flavour, Coroutine) and not isinstance(self.flavour, Task) and not self.flavour.trace
            if never_began:
                self.flavour.foreign.close()  # A coroutine that has not begun never does, as in a Task of its own.
            else:
                expect(self.flavour.saw_cancel(), "the original goes on")

    async def there_and_back(self) -> Any:
        """My wrapper, wrapped at home, wrapped by me again."""
        here = self.mine.driver.adapter.current()
        of = None if self.flavour.says_whose else self.there
        first = self.mine.driver.adapter.wrap(self.flavour.foreign, of=of)
        home = interop.adapters.threads if self.home is None else drivers.find(self.home.runtime.name).adapter
        second = self.in_home(lambda: [home.wrap(first, of=here)])[0]  # in a list, or the call would wait for it
        return await self.mine.wrap(second, self.there)


async def done(case: Case) -> None:
    case.in_home(case.flavour.succeed, case.value)
    await case.expect_value(await case.wrapper())


async def pending(case: Case) -> None:
    wrapper = await case.wrapper()
    await case.waiting(wrapper)
    case.in_home(case.flavour.succeed, case.value)
    await case.expect_value(wrapper)


async def failed(case: Case) -> None:
    case.in_home(case.flavour.fail, case.error)
    await case.expect_error(await case.wrapper())


async def fails_later(case: Case) -> None:
    wrapper = await case.wrapper()
    await case.waiting(wrapper)
    case.in_home(case.flavour.fail, case.error)
    await case.expect_error(wrapper)


async def cancelled(case: Case) -> None:
    case.needs_cancel()
    case.in_home(case.flavour.cancel)
    await case.expect_callee_cancelled(await case.wrapper())


async def cancelled_later(case: Case) -> None:
    case.needs_cancel()
    wrapper = await case.wrapper()
    await case.waiting(wrapper)
    case.in_home(case.flavour.cancel)
    await case.expect_callee_cancelled(wrapper)


async def wrapper_cancelled_at_once(case: Case) -> None:
    wrapper = await case.wrapper()
    await case.mine.cancel(wrapper)
    await case.expect_cancelled_after_the_original(wrapper)


async def wrapper_cancelled_while_it_waits(case: Case) -> None:
    wrapper = await case.wrapper()
    await case.waiting(wrapper)
    await case.mine.cancel(wrapper)
    await case.expect_cancelled_after_the_original(wrapper)


async def refused(case: Case) -> None:
    if not case.flavour.cleans_up:
        raise NotApplicable("it has no code that could refuse")
    case.flavour.last_word = case.value
    wrapper = await case.wrapper()
    await case.waiting(wrapper)
    await case.mine.cancel(wrapper)
    await case.expect_value(wrapper)


async def there_and_back(case: Case) -> None:
    wrapper = await case.there_and_back()
    await case.waiting(wrapper)
    case.in_home(case.flavour.succeed, case.value)
    await case.expect_value(wrapper)


async def cancelled_there_and_back(case: Case) -> None:
    wrapper = await case.there_and_back()
    await case.waiting(wrapper)
    await case.mine.cancel(wrapper)
    await case.expect_cancelled_after_the_original(wrapper)


async def dropped(case: Case) -> None:
    if case.mine.lazy:
        raise NotApplicable("wrap() is a coroutine function there: what is dropped never began")
    case.printed += 1
    wrapper = await case.wrapper()
    await case.waiting(wrapper)
    case.in_home(case.flavour.fail, case.error)
    await case.waiting(wrapper)


CASES = [
    *(done, pending, failed, fails_later, cancelled, cancelled_later),
    *(wrapper_cancelled_at_once, wrapper_cancelled_while_it_waits, refused, there_and_back, cancelled_there_and_back, dropped),
]


def expect(condition: object, saw: object) -> None:
    if not condition:
        raise AssertionError(f"saw {saw!r}")


def printed(number: int) -> tuple[int, str]:
    """How often the error with this number was printed since the last look, and everything that was."""
    size = os.lseek(2, 0, os.SEEK_END)
    text = os.pread(2, size, 0).decode()
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)
    return len(re.findall(rf"Boom: {number}$", text, re.MULTILINE)), text


async def judge(case: Case, run: Callable[[Case], Any]) -> dict[str, str]:
    verdict, text = "kept", ""
    try:
        await run(case)
    except NotApplicable as error:
        verdict, text = "not-applicable", str(error)
        case.printed = 0
    except BaseException:
        verdict, text = "broken", traceback.format_exc()
    case.in_home(case.flavour.let_go)
    if isinstance(case.flavour, Coroutine) and verdict != "kept":
        case.flavour.foreign.close() if asyncio.iscoroutine(case.flavour.foreign) else case.in_home(case.flavour.cancel)
    return {"verdict": verdict, "text": text}


async def one(mine: Mine, kind: type[Flavour], home: Any, number: int, run: Callable[[Case], Any]) -> dict[str, str]:
    case = Case(mine, kind, home, number)
    finding = await judge(case, run)
    fails, expected = run in (failed, fails_later, dropped), case.printed
    case.error.__traceback__ = None
    del case
    for _ in range(3):
        gc.collect()
        await mine.driver.turn()
        if home is not None:
            home.call(gc.collect)
    count, text = printed(number)
    if finding["verdict"] == "kept" and (count != expected * fails or (text and not count)):
        finding = {"verdict": "broken", "text": f"the failure was printed {count} times, not {expected * fails}:\n{text}"}
    return finding


def main(name: str, *only: str) -> None:
    """Wrap the flavours given, or all, in this framework."""
    out = os.fdopen(os.dup(1), "w")
    told = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
    os.dup2(2, 1)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # debug mode says what was slow; here all is
    mine = Mine(name)

    async def program() -> None:
        number = 0
        for flavour, kind in FLAVOURS.items():
            if only and flavour not in only:
                continue
            with contextlib.ExitStack() as stack:
                home = None
                if kind.home is not None:
                    drivers.find(kind.home)  # it knows how to import a framework that warns of itself
                    home = stack.enter_context(interop.adapters.threads.open_portal(kind.home))
                gc.collect()
                gc.freeze()  # what a case leaves is young
                for run in CASES:
                    number += 1
                    title = run.__name__.replace("_", " ")
                    faulthandler.dump_traceback_later(DEADLINE, exit=True, file=told)
                    finding = await one(mine, kind, home, number, run)
                    faulthandler.cancel_dump_traceback_later()
                    out.write(json.dumps({"flavour": flavour, "case": title, **finding}) + "\n")
                    out.flush()

    try:
        mine.driver.adapter.run(program, mine.driver.flavour)
    finally:
        _, text = printed(0)
        out.write(json.dumps({"end": text}) + "\n")
        out.close()
        os.dup2(told, 2)


if __name__ == "__main__":
    main(*sys.argv[1:])
