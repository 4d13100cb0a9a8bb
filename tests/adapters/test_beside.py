"""Beside what changes a whole process: another bridge that replaces functions of asyncio, and a subinterpreter."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.adapters import ROOT
from tests.adapters.sides import needs


def child(program: str, *arguments: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


TRIO_ASYNCIO = """
import asyncio, sys
import trio, trio_asyncio
from interop.adapters import asyncio as asyncio_adapter, trio as trio_adapter
async def answer():
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    assert asyncio.get_running_loop() is loop
    assert asyncio.current_task() in asyncio.all_tasks()
    async with asyncio_adapter.open_portal(host) as back:
        await back.call(trio.sleep, 0)
    return 1
async def main():
    global host
    host = trio_adapter.current()
    async with trio_adapter.open_portal(sys.argv[1], topology=sys.argv[2]) as portal:
        print(await portal.call(answer))
        print(trio.lowlevel.current_task() is not None, asyncio._get_running_loop())
        async with trio_asyncio.open_loop():  # Its own loop goes on beside that.
            await trio_asyncio.aio_as_trio(asyncio.sleep)(0)
            print(await portal.call(answer))
trio.run(main)
"""


@pytest.mark.campaign  # Only there is trio_asyncio installed.
@pytest.mark.parametrize("topology", ["guest", "thread"])
@pytest.mark.parametrize("callee", ["asyncio", "tornado", "anyio[asyncio]", "twisted[asyncio]"])
def test_portals_work_beside_trio_asyncio(callee: str, topology: str) -> None:
    for package in ("trio_asyncio", "greenlet", callee.partition("[")[0]):
        needs(package)
    if callee == "twisted[asyncio]":  # There a Deferred waits: no asyncio task.
        program = TRIO_ASYNCIO.replace("async def answer():", "def answer():\n    return 1\nasync def unused():")
    else:
        program = TRIO_ASYNCIO
    assert child(program, callee, topology) == ["1", "True None", "1"]


IN_ASYNCIO = """
import asyncio, sys
import trio, trio_asyncio
from interop.adapters.asyncio import open_portal
from interop.errors import CannotStart
async def answer():
    await trio.sleep(0)
    return 1
async def main():
    try:
        async with open_portal("trio", topology=sys.argv[1]) as portal:
            print(await portal.call(answer))
    except CannotStart as error:
        print(error)
if sys.argv[2] == "plain":
    asyncio.SelectorEventLoop().run_until_complete(main())
else:
    asyncio.run(main())
"""


@pytest.mark.campaign
@pytest.mark.parametrize("loop", ["plain", "of asyncio.run()"])
@pytest.mark.parametrize("topology", ["guest", "thread"])
def test_portals_to_trio_work_beside_trio_asyncio_or_say_that_trio_runs(topology: str, loop: str) -> None:
    needs("trio_asyncio")
    (line,) = child(IN_ASYNCIO, topology, loop)
    if (topology, loop) == ("guest", "of asyncio.run()"):  # trio_asyncio runs that loop in Trio.
        assert line.startswith("cannot start 'trio': this thread has a Trio run already")
    else:
        assert line == "1"


SUBINTERPRETER = """
import sys
try:
    import _interpreters
    interpreter = _interpreters.create()
    run = lambda program: _interpreters.exec(interpreter, program)
    destroy = _interpreters.destroy
except ImportError:
    import _xxsubinterpreters
    interpreter = _xxsubinterpreters.create()
    run = lambda program: _xxsubinterpreters.run_string(interpreter, program)
    destroy = _xxsubinterpreters.destroy
failed = run(sys.argv[1])
assert failed is None, failed
destroy(interpreter)
"""
THREAD = """
from interop.adapters.threads import open_portal
from interop.errors import CannotStart
try:
    portal = open_portal("asyncio").__enter__()
    assert portal.call(int, "1") == 1
    {close}
    print("works", flush=True)
except CannotStart as error:
    print(error, flush=True)
"""


@pytest.mark.skipif(sys.version_info[:2] in ((3, 11), (3, 12)), reason="asyncio itself corrupts a subinterpreter there")
@pytest.mark.parametrize("close", ["portal.__exit__(None, None, None)", "pass  # A forgotten portal ends with its interpreter."])
def test_a_subinterpreter_has_portals_or_says_which_topology_to_use(close: str) -> None:
    (line,) = child(SUBINTERPRETER, THREAD.format(close=close))
    assert line == "works" if sys.version_info >= (3, 13) else "Instead: use the topology 'loop' or 'guest'" in line


LOOP = """
import asyncio
from interop.adapters.asyncio import open_portal
async def main():
    async with open_portal("asyncio", topology="loop") as portal:
        assert await portal.call(int, "1") == 1
    print("works", flush=True)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.version_info[:2] in ((3, 11), (3, 12)), reason="asyncio itself corrupts a subinterpreter there")
def test_a_subinterpreter_has_the_topology_loop() -> None:
    assert child(SUBINTERPRETER, LOOP) == ["works"]
