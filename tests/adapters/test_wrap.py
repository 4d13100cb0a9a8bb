"""Hybrid futures: any flavour into mine; every state in every framework, across threads (wraps.py), and some in one thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

import pytest

import interop.adapters.asyncio
import interop.adapters.threads
from interop.errors import CalleeCancelled, CannotWrap
from interop.portal import FRAMEWORKS as NAMES
from tests.adapters import ROOT

State = tuple[str, Any]
FRAMEWORKS = ["asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio[asyncio]", "anyio[trio]", "threads"]
HOMES = {
    "coroutine": "asyncio",
    "Task": "asyncio",
    "Future": "asyncio",
    "@gen.coroutine": "tornado",
    "concurrent Future": "",
    "Deferred": "twisted",
    "@inlineCallbacks": "twisted",
    "Greenlet": "gevent",
    "AsyncResult": "gevent",
    "GreenThread": "eventlet",
    "Event": "eventlet",
}
CASES = [
    *("done", "pending", "failed", "fails later", "cancelled", "cancelled later", "wrapper cancelled at once"),
    *("wrapper cancelled while it waits", "refused", "there and back", "cancelled there and back", "dropped"),
]


def installed(framework: str) -> bool:
    package = NAMES[framework][2] if framework else ""
    return not package or importlib.util.find_spec(package) is not None


@functools.cache
def findings(framework: str) -> tuple[dict[tuple[str, str], dict[str, str]], str]:
    """Of each flavour and case, and what was printed beside them."""
    flavours = [flavour for flavour, home in HOMES.items() if installed(home)]
    program = [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.adapters.wraps", framework, *flavours]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {(line["flavour"], line["case"]): line for line in lines if "case" in line}
    return found, done.stderr + "".join(line["end"] for line in lines if "end" in line)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("flavour", HOMES)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_wrap(framework: str, flavour: str, case: str) -> None:
    if not (installed(framework) and installed(HOMES[flavour])):
        pytest.skip("it is not installed")
    found, said = findings(framework)
    finding = found.get((flavour, case), {"verdict": "not run", "text": said})
    if finding["verdict"] == "not-applicable":
        pytest.skip(finding["text"])
    assert finding["verdict"] == "kept", finding["text"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_wrapping_says_nothing_beside(framework: str) -> None:
    if not installed(framework):
        pytest.skip("it is not installed")
    assert findings(framework)[1] == ""


async def _outcome(awaitable: Any) -> State:
    try:
        return "value", await awaitable
    except BaseException as error:
        return "error", error


def test_a_deferred_becomes_a_future_in_every_state() -> None:
    pytest.importorskip("twisted")
    from twisted.internet.defer import CancelledError, Deferred, fail, succeed

    error = ValueError("of the Deferred")

    async def main() -> None:
        async with interop.adapters.asyncio.open_portal("twisted[asyncio]", topology="loop"):
            wrap = interop.adapters.asyncio.wrap
            assert await _outcome(wrap(succeed(7))) == ("value", 7)
            assert await _outcome(wrap(fail(error))) == ("error", error)
            pending: Deferred[str] = Deferred()
            future = wrap(pending)
            asyncio.get_running_loop().call_soon(pending.callback, "later")
            assert await _outcome(future) == ("value", "later")
            cancelled: Deferred[str] = Deferred()
            future = wrap(cancelled)
            asyncio.get_running_loop().call_soon(cancelled.cancel)
            _, got = await _outcome(future)
            assert type(got) is CalleeCancelled
            assert type(got.__cause__) is CancelledError
            mine: Deferred[str] = Deferred()
            future = wrap(mine)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            future.cancel()
            _, got = await _outcome(future)
            assert type(got) is asyncio.CancelledError
            assert await _outcome(mine) == ("value", None) or mine.called

    interop.adapters.asyncio.run(main)


def test_a_future_goes_to_twisted_and_back() -> None:
    pytest.importorskip("twisted")
    import interop.adapters.twisted

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with interop.adapters.asyncio.open_portal("twisted[asyncio]", topology="loop"):
            there_and_back = interop.adapters.asyncio.wrap(interop.adapters.twisted.wrap(future := loop.create_future()))
            loop.call_soon(future.set_result, value := object())
            assert await there_and_back is value

    interop.adapters.asyncio.run(main)


def test_a_greenlet_becomes_a_future_in_every_state() -> None:
    gevent = pytest.importorskip("gevent")
    from gevent.event import AsyncResult
    from greenlet import GreenletExit

    import interop.adapters.gevent

    def fails() -> None:
        raise error

    error = ValueError("of the greenlet")

    def hosting() -> None:
        with interop.adapters.gevent.open_portal("asyncio", topology="guest") as portal:
            portal.call(main)

    async def main() -> None:
        wrap = interop.adapters.asyncio.wrap
        assert await _outcome(wrap(gevent.spawn(lambda: 7))) == ("value", 7)
        result = AsyncResult()
        gevent.spawn(result.set, "later")
        assert await _outcome(wrap(result)) == ("value", "later")
        failing = AsyncResult()
        gevent.spawn(failing.set_exception, error)
        assert await _outcome(wrap(failing)) == ("error", error)
        victim = gevent.spawn(gevent.sleep, 1000)
        future = wrap(victim)
        gevent.spawn(victim.kill)
        _, got = await _outcome(future)
        assert type(got) is CalleeCancelled
        assert isinstance(got.__cause__, GreenletExit)
        victim = gevent.spawn(gevent.sleep, 1000)
        future = wrap(victim)
        for _ in range(5):
            await asyncio.sleep(0)
        future.cancel()
        _, got = await _outcome(future)
        assert type(got) is asyncio.CancelledError
        assert victim.dead

    interop.adapters.gevent.run(hosting)


def test_a_concurrent_future_becomes_mine_and_mine_a_concurrent_one() -> None:
    async def main() -> None:
        source: concurrent.futures.Future[str] = concurrent.futures.Future()
        future = interop.adapters.asyncio.wrap(source)
        source.set_result("done")
        assert await future == "done"
        never: concurrent.futures.Future[str] = concurrent.futures.Future()
        future = interop.adapters.asyncio.wrap(never)
        await asyncio.sleep(0)
        future.cancel()
        _, got = await _outcome(future)
        assert type(got) is asyncio.CancelledError
        assert never.cancelled()

    interop.adapters.asyncio.run(main)

    async def make() -> asyncio.Future[str]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, "from the loop")
        return future

    with interop.adapters.threads.open_portal("asyncio") as portal:

        async def boxed() -> list[Any]:
            return [await make()]

        box = portal.call(boxed)
        assert interop.adapters.threads.wrap(box[0]).result(30) == "from the loop"
    interop.adapters.threads.current().pool.close()


def test_trio_waits_for_a_task_in_another_thread() -> None:
    trio = pytest.importorskip("trio")
    import interop.adapters.trio

    async def later() -> str:
        await asyncio.sleep(0)
        return "from the task"

    async def start() -> list[Any]:
        return [asyncio.ensure_future(later())]

    async def main() -> None:
        async with interop.adapters.trio.open_portal("asyncio") as portal:
            (task,) = await portal.call(start)
            assert await interop.adapters.trio.wrap(task) == "from the task"
            # A coroutine does not say whose it is.
            coroutine = later()
            with pytest.raises(CannotWrap):
                await interop.adapters.trio.wrap(coroutine)
            assert await interop.adapters.trio.wrap(coroutine, of=portal.runtime) == "from the task"

    trio.run(main)


def test_five_frameworks_run_in_one_thread() -> None:
    """gevent hosts; asyncio, Tornado and an asyncioreactor are its guests on one loop, and Trio is another."""
    gevent = pytest.importorskip("gevent")
    trio = pytest.importorskip("trio")
    pytest.importorskip("twisted")
    pytest.importorskip("tornado")
    import threading

    from tornado import gen
    from twisted.internet.task import deferLater

    import interop.adapters.gevent
    import interop.adapters.twisted

    seen: list[tuple[str, int]] = []

    def here(name: str) -> None:
        seen.append((name, threading.get_ident()))

    async def in_trio() -> None:
        await trio.sleep(0)
        here("trio")

    async def in_tornado() -> None:
        await gen.sleep(0)
        here("tornado")

    async def in_twisted() -> None:
        await deferLater(interop.adapters.twisted.current().reactor, 0)
        here("twisted")

    def in_gevent() -> None:
        gevent.sleep(0)
        here("gevent")

    async def in_asyncio(hub: Any, trio_run: Any) -> None:
        open_portal = interop.adapters.asyncio.open_portal
        async with (
            open_portal("tornado", topology="loop") as tornado,
            open_portal("twisted[asyncio]", topology="loop") as twisted,
            open_portal(hub) as back,
            open_portal(trio_run) as aside,
        ):
            await asyncio.gather(tornado.call(in_tornado), twisted.call(in_twisted), back.call(in_gevent), aside.call(in_trio))
            here("asyncio")

    def main() -> None:
        open_portal = interop.adapters.gevent.open_portal
        with open_portal("trio", topology="guest") as trio_portal, open_portal("asyncio", topology="guest") as portal:
            portal.call(in_asyncio, interop.adapters.gevent.current(), trio_portal.runtime)

    interop.adapters.gevent.run(main)
    assert {name for name, _ in seen} == {"asyncio", "trio", "tornado", "twisted", "gevent"}
    assert len({ident for _, ident in seen}) == 1
