"""What a generator can do more than an iterator goes through a stream, in every framework; and what is left early has an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from interop.conversation import Step
from interop.errors import PortalClosed
from interop.harness.drivers.driver import Driver
from tests.adapters.sides import open_portal, run, side

CALLERS = ["asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio[asyncio]", "anyio[trio]", "threads"]
CALLEES = ["asyncio", "threads"]  # with asynchronous and with plain generators


class Generators:
    """The same generator in both forms; it says what reaches it."""

    def __init__(self) -> None:
        self.trace: list[object] = []

    async def asynchronous(self) -> AsyncGenerator[Any, Any]:
        got: object = "begun"
        try:
            while True:
                try:
                    await asyncio.sleep(0)
                    got = yield got
                    self.trace.append(got)
                except KeyError as error:
                    self.trace.append(error)
                    got = "caught"
        finally:
            await asyncio.sleep(0)
            self.trace.append("closed")

    def plain(self) -> Generator[Any, Any, None]:
        got: object = "begun"
        try:
            while True:
                try:
                    got = yield got
                    self.trace.append(got)
                except KeyError as error:
                    self.trace.append(error)
                    got = "caught"
        finally:
            self.trace.append("closed")


class Steps:
    """A stream's steps under one name for each, whether the caller awaits or blocks."""

    def __init__(self, caller: Driver, stream: Any) -> None:
        self.blocks, self.stream = caller.blocking, stream

    async def step(self, name: str, *args: Any) -> Any:
        if self.blocks:
            return getattr(self.stream, name)(*args)
        return await getattr(self.stream, f"a{name}")(*args)

    async def next(self) -> Any:
        if self.blocks:
            return next(self.stream, "ended")
        try:
            return await self.stream.__anext__()
        except StopAsyncIteration:
            return "ended"


def stream(name: str, callee: str, make: Any) -> None:
    """Run make(begin) in the caller's loop; begin(source) gives the steps of a stream."""
    caller = side(name)

    async def program() -> None:
        portal = await open_portal(caller, callee)
        try:
            await make(lambda source: Steps(caller, portal.stream(source)))
        finally:
            await caller.close(portal)

    run(caller, program)


@pytest.mark.parametrize("callee", CALLEES)
@pytest.mark.parametrize("caller", CALLERS)
def test_send_throw_and_close_reach_the_generator(caller: str, callee: str) -> None:
    generators, error = Generators(), KeyError("thrown")

    async def program(begin: Any) -> None:
        steps = begin(generators.asynchronous if callee == "asyncio" else generators.plain)
        assert await steps.next() == "begun"
        sent = object()
        assert await steps.step("send", sent) is sent
        assert await steps.step("throw", error) == "caught"
        await steps.step("close")
        assert generators.trace == [sent, error, "closed"]
        assert await steps.next() == "ended"

    stream(caller, callee, program)


@pytest.mark.parametrize("callee", CALLEES)
@pytest.mark.parametrize("caller", CALLERS)
def test_a_generator_that_exists_already_is_streamed_as_it_is(caller: str, callee: str) -> None:
    generators = Generators()
    existing = generators.asynchronous() if callee == "asyncio" else generators.plain()

    async def program(begin: Any) -> None:
        steps = begin(lambda: existing)
        assert await steps.next() == "begun"
        await steps.step("close")
        assert generators.trace == ["closed"]

    stream(caller, callee, program)


class Numbers:
    """An iterator and no generator, of either kind."""

    def __init__(self) -> None:
        self.number = 0

    def __iter__(self) -> Numbers:
        return self

    def __next__(self) -> int:
        self.number += 1
        return self.number


class AsyncNumbers(Numbers):
    def __aiter__(self) -> AsyncNumbers:
        return self

    async def __anext__(self) -> int:
        return next(self)


@pytest.mark.parametrize("callee", CALLEES)
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", ["send", "throw"])
def test_what_an_iterator_cannot_do_is_refused_loudly(caller: str, callee: str, name: str) -> None:
    async def program(begin: Any) -> None:
        steps = begin(AsyncNumbers if callee == "asyncio" else Numbers)
        assert await steps.next() == 1
        with pytest.raises(TypeError, match=rf"Numbers has no {name}\(\)"):
            await steps.step(name, KeyError("value or error"))

    stream(caller, callee, program)


@pytest.mark.parametrize("callee", CALLEES)
@pytest.mark.parametrize("name", [name for name in CALLERS if not name.startswith(("twisted", "gevent", "eventlet"))])
def test_a_step_that_a_cancelled_caller_never_sent_leaves_the_stream_to_be_closed(name: str, callee: str) -> None:
    """In asyncio a task that is cancelled before it waits, in Trio a step in a cancelled scope, in threads a flag that is up."""
    caller, generators = side(name), Generators()
    source = generators.asynchronous if callee == "asyncio" else generators.plain
    outcome: list[Any] = []

    async def program() -> None:
        portal = await open_portal(caller, callee)
        go = caller.event()

        async def body() -> None:
            steps = Steps(caller, portal.stream(source))
            assert await steps.next() == "begun"
            ready.set()
            try:
                await go.wait()
            finally:
                try:
                    await caller.cancel(task[0])  # once more: the next step is cancelled before it leaves
                    await steps.next()
                finally:
                    try:
                        await steps.step("close")
                    finally:  # In a scope that is cancelled, closing closes, and raises the cancel.
                        generators.trace.append("went on")

        ready, task = caller.event(), []
        task.append(await caller.spawn(body))
        await ready.wait()
        await caller.cancel(task[0])
        outcome.append(await caller.join(task[0]))
        await caller.close(portal)

    run(caller, program)
    assert outcome[0][0] == "cancelled", outcome
    assert generators.trace == ["closed", "went on"]


@pytest.mark.parametrize("name", ["asyncio", "trio", "anyio[asyncio]", "threads"])
def test_a_manager_whose_caller_is_cancelled_on_the_way_in_is_left(name: str) -> None:
    caller = side(name)
    trace: list[str] = []

    class Manager:
        async def __aenter__(self) -> None:
            trace.append("entered")

        async def __aexit__(self, *exc: object) -> None:
            trace.append("left")

    async def program() -> None:
        portal = await open_portal(caller, "asyncio")
        never = caller.event()

        async def body() -> None:
            ready.set()
            try:
                await never.wait()
            finally:
                try:
                    await caller.cancel(task[0])
                    async with caller.enter(portal, Manager()):
                        trace.append("in it")
                finally:
                    trace.append("went on")

        ready, task = caller.event(), []
        task.append(await caller.spawn(body))
        await ready.wait()
        await caller.cancel(task[0])
        await caller.join(task[0])
        await caller.close(portal)

    run(caller, program)
    assert trace in (["went on"], ["entered", "left", "went on"]), trace


@pytest.mark.parametrize("name", CALLERS)
def test_an_entry_that_its_closing_portal_stops_first_gets_portal_closed(name: str) -> None:
    """A portal that closes asks the step to stop, and what the step is a part of, in any order, while the callee answers."""
    caller, entered, outcome = side(name), threading.Event(), list[Any]()

    class Manager:
        async def __aenter__(self) -> None:
            entered.set()
            await asyncio.Event().wait()

        async def __aexit__(self, *exc: object) -> None: ...

    async def program() -> None:
        portal = await open_portal(caller, "asyncio")

        async def body() -> None:
            async with caller.enter(portal, Manager()):
                raise AssertionError("it cannot be entered")

        task = await caller.spawn(body)
        while not (steps := [call for call in list(portal._calls) if isinstance(call, Step)]):
            await caller.turn()
        assert entered.wait(60)
        steps[0].ask_to_stop(PortalClosed("this crossing"))
        outcome.extend(await caller.join(task))
        await caller.close(portal)

    run(caller, program)
    assert outcome[0] == "error"
    assert isinstance(outcome[1], PortalClosed)


def test_a_stream_may_be_made_in_one_thread_and_read_in_others() -> None:
    from interop.adapters.threads import open_portal

    with open_portal("asyncio") as portal:
        items, got = portal.stream(range, 3), list[int]()
        for _ in range(2):
            reader = threading.Thread(target=lambda: got.append(next(items)))
            reader.start()
            reader.join()
        assert [*got, *items] == [0, 1, 2]
