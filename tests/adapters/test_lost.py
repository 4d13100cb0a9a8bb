"""A failure that no caller hears of is reported exactly once: by the callee's own reporter, or by whatever held it last."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
import sys

import pytest

from interop.portal import FRAMEWORKS
from tests.adapters import ROOT

CALLEES = [
    "asyncio",
    "tornado",
    "twisted",
    "twisted[asyncio]",
    "gevent",
    "eventlet",
    "trio",
    "anyio[asyncio]",
    "anyio[trio]",
    "threads",
]

# One process a callee; what fails says where it failed, and the number of times that is printed is counted.
PROGRAM = """
import asyncio, gc, logging, sys
import interop.adapters.asyncio, interop.adapters.threads
from interop.harness.drivers import find

logging.getLogger("asyncio").setLevel(logging.ERROR)
callee = find(sys.argv[1])
open_portal, run = interop.adapters.asyncio.open_portal, interop.adapters.asyncio.run
class Boom(Exception): pass

async def begin(portal, fn):  # a call that waits, as a task would have driven it there
    here, event = interop.adapters.asyncio.current(), asyncio.Event()
    call = portal.call(callee.native(fn), lambda: here.wake(event.set))
    call.send(None)
    await event.wait()
    return call

async def fails(where):
    await callee.turn()
    raise Boom(where)

async def waiter_closed():
    async def fails_when_it_is_cancelled(started):
        started()
        try:
            await callee.sleep_forever()
        finally:
            raise Boom("waiter closed")
    async with open_portal(callee.name) as portal:
        (await begin(portal, fails_when_it_is_cancelled)).close()

async def stream_dropped():
    def source():
        try:
            yield 1
            yield 2
        finally:
            raise Boom("stream dropped")
    async with open_portal(callee.name) as portal:
        async for item in portal.stream(source):
            break

async def task_dropped():
    async with open_portal(callee.name) as portal:
        task = asyncio.ensure_future(portal.call(callee.native(fails), "task dropped"))
        await asyncio.wait([task])
        del task
        gc.collect()

async def heard():
    def source():
        yield 1
        raise Boom("heard")
    async with open_portal(callee.name) as portal:
        try:
            await portal.call(callee.native(fails), "heard")
        except Boom:
            pass
        try:
            async for item in portal.stream(source):
                pass
        except Boom:
            pass
    gc.collect()

async def never_awaited():
    async with open_portal(callee.name) as portal:
        portal.call(callee.native(fails), "never awaited").close()

for main in (waiter_closed, stream_dropped, task_dropped, heard, never_awaited):
    run(main)

def loop_ended():
    go, calls = [], []
    async def fails_later(started):
        go.append(callee.event())
        started()
        await go[0].wait()
        raise Boom("loop ended")
    async def main():
        portal = open_portal(home.runtime)
        await portal.__aenter__()
        calls.append(await begin(portal, fails_later))
    with interop.adapters.threads.open_portal(callee.name) as home:
        loop = asyncio.SelectorEventLoop()
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        home.runtime.wake(go[0].set)
        while home.runtime.outstanding:
            home.call(callee.native(callee.turn))
        calls.pop().close()

if callee.name != "threads":
    loop_ended()
gc.collect()
"""
TIMES = {"waiter closed": 1, "stream dropped": 1, "task dropped": 1, "loop ended": 1, "heard": 0, "never awaited": 0}


@functools.cache
def said(callee: str) -> str:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", PROGRAM, callee]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr


@pytest.mark.parametrize("where", TIMES)
@pytest.mark.parametrize("callee", CALLEES)
def test_a_lost_failure_is_reported_once_and_another_never(callee: str, where: str) -> None:
    package = FRAMEWORKS[callee][2]
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if (callee, where) == ("threads", "loop ended"):
        pytest.skip("a worker thread is never reached by a Runtime of its own")
    times = len(re.findall(rf"^\S*Boom: {where}$", said(callee), re.MULTILINE))
    assert times == TIMES[where], said(callee)


@pytest.mark.parametrize("callee", ["asyncio", "gevent", "twisted"])
def test_the_report_of_a_lost_failure_says_what_it_is(callee: str) -> None:
    package = FRAMEWORKS[callee][2]
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    assert "a call that nobody waits for any more" in said(callee)
