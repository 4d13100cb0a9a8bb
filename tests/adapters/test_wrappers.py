"""What wrap() gives is a whole awaitable of the caller's framework: with timeouts, with its questions, and wrapped again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

import interop.adapters.asyncio
import interop.adapters.threads
from interop.errors import CannotWrap
from tests.adapters.sides import needs, open_portal, run, side
from tests.adapters.test_refused import in_a_thread, printed

GEVENT = """
import gevent
from interop.adapters import gevent as adapter
from greenlet import GreenletExit

def main():
    with adapter.open_portal("asyncio") as portal:
        import asyncio
        async def forever():
            await asyncio.get_running_loop().create_future()
        async def fine():
            return "fine"
        slow = adapter.wrap(forever(), of=portal.runtime)
        for ask in (lambda: slow.get(timeout=0.01), lambda: slow.get(block=False)):
            try:
                ask()
            except gevent.Timeout:
                print("not yet")
        again = adapter.wrap(slow)
        print(slow.ready(), slow.cancelled(), slow.exception)
        gevent.sleep(0.01)
        print(again.cancel())
        try:
            again.get(timeout=60)
        except GreenletExit:
            print("cancelled")
        print(slow.ready(), slow.cancelled(), again.cancelled(), slow.cancel())
        done = adapter.wrap(adapter.wrap(fine(), of=portal.runtime))
        print(done.get(timeout=60), done.cancelled(), done.exception)

adapter.run(main)
print(adapter.run(lambda: 7))
"""
SAID = """not yet
not yet
False False None
True
cancelled
True True True False
fine False None
7
"""
EVENTLET = """
import eventlet
from interop.adapters import eventlet as adapter
from greenlet import GreenletExit

def main():
    with adapter.open_portal("asyncio") as portal:
        import asyncio
        async def forever():
            await asyncio.get_running_loop().create_future()
        async def fine():
            return "fine"
        slow = adapter.wrap(forever(), of=portal.runtime)
        print(slow.wait(timeout=0.01), slow.ready())
        again = adapter.wrap(slow)
        eventlet.sleep(0.01)
        again.kill()
        try:
            again.wait(timeout=60)
        except GreenletExit:
            print("cancelled")
        print(slow.ready())
        print(adapter.wrap(adapter.wrap(fine(), of=portal.runtime)).wait(timeout=60))

adapter.run(main)
print(adapter.run(lambda: 7))
"""


def test_what_gevent_gets_is_a_whole_async_result() -> None:
    pytest.importorskip("gevent")
    assert printed(GEVENT) == SAID


def test_what_eventlet_gets_is_a_whole_event() -> None:
    needs("eventlet")
    assert printed(EVENTLET) == "None False\ncancelled\nTrue\nfine\n7\n"


UNKNOWN = """
import eventlet, threading
import interop.adapters.threads
from interop.errors import CannotWrap
made, ready, over = [], threading.Event(), threading.Event()
def make():
    made.append(eventlet.spawn(int))
    ready.set()
    over.wait()
thread = threading.Thread(target=make)
thread.start()
ready.wait()
try:
    interop.adapters.threads.wrap(made[0])
except CannotWrap as error:
    print(error)
over.set()
thread.join()
mine = eventlet.spawn(lambda: "mine")
found = interop.adapters.threads.wrap(mine)
while not found.done():
    eventlet.sleep(0)
print(found.result())
"""


def test_what_a_hub_of_eventlets_that_nobody_knows_will_answer_says_so() -> None:
    needs("eventlet")
    says = "cannot wrap a GreenThread: its hub is in another thread, and not known: give of="
    assert printed(UNKNOWN) == f"{says}\nmine\n"


def test_a_plain_function_can_be_run_in_threads_and_a_run_in_a_run_leaves_the_outer_one() -> None:
    threads = interop.adapters.threads

    def outer() -> list[object]:
        lane = threads.current()
        inner = threads.run(threads.current)
        return [inner is lane, threads.current() is lane]

    assert in_a_thread(lambda: threads.run(outer)) == [False, True]


def test_a_task_that_is_cancelled_already_does_not_call() -> None:
    began: list[str] = []

    async def calls(portal: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await portal.call(began.append, "began")

    async def main() -> None:
        async with interop.adapters.asyncio.open_portal("threads") as portal:
            with pytest.raises(asyncio.CancelledError):
                await asyncio.ensure_future(calls(portal))

    asyncio.run(main())
    assert began == []


def test_a_call_leaves_in_the_first_step_of_its_task() -> None:
    async def main() -> int:
        async with interop.adapters.asyncio.open_portal("threads") as portal:
            task = asyncio.ensure_future(portal.call(int))
            await asyncio.sleep(0)
            there = len(portal._calls)
            await task
            return there

    assert asyncio.run(main()) == 1


def test_a_call_into_a_loop_that_is_closed_under_it_says_so() -> None:
    """Its tasks end with GeneratorExit, when they are collected."""
    loop = asyncio.new_event_loop()

    async def runtime() -> Any:
        return interop.adapters.asyncio.current()

    async def forever() -> None:
        loop.call_soon(loop.stop)
        await loop.create_future()

    there = loop.run_until_complete(runtime())
    found: list[BaseException] = []

    def calls() -> None:
        with interop.adapters.threads.open_portal(there) as portal:
            try:
                portal.call(forever)
            except BaseException as error:
                found.append(error)

    thread = threading.Thread(target=calls)
    thread.start()
    loop.run_forever()
    for task in asyncio.all_tasks(loop):
        coroutine: Any = task.get_coro()
        loop.close()
        coroutine.close()
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    thread.join(60)
    assert [str(error) for error in found] == ["the asyncio loop that this call needs is gone: it was closed with tasks pending"]


def test_a_trio_guest_leaves_the_wakeup_of_signals_to_its_host() -> None:
    pytest.importorskip("trio")
    import signal

    def wakeup() -> int:
        before = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(before)
        return before

    async def main() -> None:
        before = wakeup()
        async with interop.adapters.asyncio.open_portal("trio", topology="guest"):
            assert wakeup() == before

    interop.adapters.asyncio.run(main)


@pytest.mark.parametrize("make", [object, lambda: 7])
def test_what_is_none_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(CannotWrap, match="no loaded framework knows it"):
        interop.adapters.threads.wrap(make())


@pytest.mark.parametrize(
    "framework", ["asyncio", "tornado", "trio", "anyio[asyncio]", "anyio[trio]", "twisted", "gevent", "threads"]
)
def test_a_coroutine_is_wrapped_where_it_is_told_to_be_at_home(framework: str) -> None:
    here = side(framework)

    async def fine() -> str:
        return "fine"

    async def main() -> list[Any]:
        portal = await open_portal(here, "asyncio")
        got = [await here.waited(here.adapter.wrap(fine(), of=portal.runtime))]
        foreign = fine()
        try:
            await here.waited(here.adapter.wrap(foreign))
        except CannotWrap as error:
            got.append(str(error))
            foreign.close()
        await here.close(portal)
        return got

    says = "cannot wrap a coroutine: it does not say whose it is: give of="
    assert run(here, here.native(main)) == ["fine", says]
