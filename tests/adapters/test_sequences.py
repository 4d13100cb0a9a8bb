"""Calls in a row, and what falls between two of them: no cancel is lost, and what was entered is left. Found by hostile use."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from interop.adapters import threads
from interop.adapters.asyncio import current, open_portal, run
from interop.errors import InteropError, PeerGone, PortalClosed, WrongThread


class Gate:
    """A callee that waits, in its thread, until the test lets it go on."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        assert self.opened.wait(60)
        self.entered.clear()
        self.opened.clear()
        return "done"


async def until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110 - it happens in another thread
        await asyncio.sleep(0)


async def cancelled_in_the_first_of(calls: int, use: Callable[[Any, Gate], Any]) -> asyncio.Task[Any]:
    """A task whose cancel comes while its first call runs, and which each call outlasts."""
    gate = Gate()
    async with open_portal("threads") as portal:
        task: asyncio.Task[Any] = asyncio.ensure_future(use(portal, gate))
        await until(gate.entered.is_set)
        task.cancel("why")
        for _ in range(calls):
            gate.opened.set()
            await until(lambda: task.done() or gate.entered.is_set())
        await asyncio.wait([task])
    return task


def test_a_cancel_that_a_call_outlasts_is_raised_by_the_next_call() -> None:
    seen: list[str] = []

    async def use(portal: Any, gate: Gate) -> None:
        seen.append(await portal.call(gate))
        await portal.call(gate)
        seen.append("went on")

    task = run(lambda: cancelled_in_the_first_of(1, use))
    assert (task.cancelled(), seen) == (True, ["done"])


def test_a_cancel_that_several_closing_steps_outlast_is_not_lost() -> None:
    """Steps that give something up leave even a cancelled caller: each in turn finds the same cancel."""
    left: list[int] = []

    @contextlib.contextmanager
    def manager(gate: Gate, number: int) -> Iterator[None]:
        try:
            yield
        finally:
            if number == 2:
                gate()
            left.append(number)

    async def use(portal: Any, gate: Gate) -> str:
        async with portal.enter(manager, gate, 1), portal.enter(manager, gate, 2):
            pass
        await asyncio.sleep(3600)
        return "lost"

    task = run(lambda: cancelled_in_the_first_of(1, use))
    assert (task.cancelled(), left) == (True, [2, 1])


@pytest.mark.skipif(sys.version_info < (3, 11), reason="a cancel cannot be taken back before Python 3.11")
def test_a_cancel_that_is_taken_back_before_the_next_call_is_not_raised() -> None:
    async def use(portal: Any, gate: Gate) -> list[str]:
        first = await portal.call(gate)
        task: Any = asyncio.current_task()
        task.uncancel()
        return [first, await portal.call(str, "second")]

    task = run(lambda: cancelled_in_the_first_of(1, use))
    assert task.result() == ["done", "second"]


def test_the_message_and_the_count_of_a_late_cancel_are_those_that_it_came_with() -> None:
    seen: list[Any] = []

    async def use(portal: Any, gate: Gate) -> None:
        await portal.call(gate)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError as error:
            task: Any = asyncio.current_task()
            seen.append((error.args, task.cancelling() if sys.version_info >= (3, 11) else 1))
            raise

    run(lambda: cancelled_in_the_first_of(1, use))
    assert seen == [(("why",), 1)]


def test_every_closing_of_a_stream_waits_for_the_source_also_while_the_portal_closes() -> None:
    """The portal closes first, while the callee is busy; aclose() came back at once, before the source was closed."""
    trace: list[str] = []

    async def source() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            trace.append("source closed")

    async def main() -> None:
        gate = Gate()
        portal = await open_portal("asyncio").__aenter__()
        stream = portal.stream(source)
        assert await stream.__anext__() == 1
        busy = asyncio.ensure_future(portal.call(gate))
        await until(gate.entered.is_set)
        closing = asyncio.ensure_future(portal.__aexit__(None, None, None))
        await asyncio.sleep(0)
        with pytest.raises(PortalClosed):
            await stream.__anext__()
        ending = asyncio.ensure_future(stream.aclose())
        await asyncio.sleep(0)
        gate.opened.set()
        await ending
        trace.append("aclose() is back")
        await asyncio.wait([closing, busy])
        await closing

    run(main)
    assert trace == ["source closed", "aclose() is back"]


class Problems(Exception):
    """An error whose truth value is false, as that of a collection of errors may be."""

    def __len__(self) -> int:
        return 0


class Riddle(Exception):
    """An error that has no truth value."""

    def __bool__(self) -> bool:
        raise AssertionError("asked whether an error is true")


@pytest.mark.parametrize("kind", [Problems, Riddle])
def test_an_error_is_an_error_whatever_its_truth_value(kind: type[Exception]) -> None:
    seen: list[str] = []

    @contextlib.asynccontextmanager
    async def transaction() -> AsyncIterator[None]:
        try:
            yield
        except kind:
            seen.append("rollback")
            raise
        seen.append("commit")

    async def source() -> AsyncIterator[int]:
        yield 1
        raise kind

    async def main() -> None:
        async with open_portal("asyncio", topology="loop") as portal:
            with pytest.raises(kind):
                async with portal.enter(transaction):
                    raise kind
            with pytest.raises(kind):
                async with portal.stream(source) as numbers:
                    assert [number async for number in numbers] == [1]

    run(main)
    assert seen == ["rollback"]


def test_a_portal_that_is_dropped_ends_what_it_started_and_says_so() -> None:
    async def main() -> None:
        portal = await open_portal("asyncio").__aenter__()
        with pytest.warns(ResourceWarning, match="asyncio->asyncio was not closed"):
            del portal

    before = set(threading.enumerate())
    run(main)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("interop")]


def test_a_new_thread_with_an_old_number_is_not_the_old_thread() -> None:
    with threads.open_portal("asyncio") as portal:
        number = portal.runtime.ident
    kinds: list[tuple[bool, type[BaseException]]] = []

    def call() -> None:
        try:
            portal.call(int)
        except InteropError as error:
            kinds.append((threading.get_ident() == number, type(error)))

    for _ in range(200):
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    if not any(same for same, _ in kinds):
        pytest.skip("no thread number was used again")
    assert {kind for _, kind in kinds} == {PortalClosed}


def test_a_portal_from_another_loop_is_refused_and_the_callee_hears_nothing() -> None:
    async def main() -> None:
        async with open_portal("asyncio") as portal:
            home = current()

            async def elsewhere() -> None:
                with pytest.raises(WrongThread):
                    await portal.call(int)

            await portal.call(elsewhere)
            assert not home.outstanding
            with pytest.raises(PeerGone):
                raise home.peer_gone("for its type")

    run(main)
