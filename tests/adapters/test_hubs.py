"""A hub that ends under its callees: every call that is out gets PeerGone, and so does the next one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.adapters import ROOT

PROGRAM = """
import asyncio, sys, threading
from interop.adapters.asyncio import open_portal
from interop.errors import PeerGone
framework, how, whose = sys.argv[1:]
if framework == "gevent":
    import gevent
    from interop.adapters.gevent import current
    sleep = gevent.sleep
    ends = {
        "destroy": lambda: gevent.get_hub().destroy(destroy_loop=True),
        "break": lambda: gevent.get_hub().loop.break_(),
        "exit": lambda: gevent.spawn(sys.exit, 3),
    }
else:
    import eventlet
    from eventlet import hubs
    from interop.adapters.eventlet import current
    sleep = eventlet.sleep
    ends = {"abort": lambda: hubs.get_hub().abort(), "exit": lambda: eventlet.spawn(sys.exit, 3)}
out = threading.Event()
def waits():
    out.set()
    sleep(3600)
async def gone(awaitable):
    try:
        await awaitable
    except PeerGone:
        return True
async def session(portal):
    async with portal:
        call = asyncio.ensure_future(portal.call(waits))
        while not out.is_set():
            await asyncio.sleep(0.001)
        try:
            await portal.call(ends[how])
        except PeerGone:
            pass
        print(await gone(call), await gone(portal.call(int)))
def native():  # a program of the framework's own, in its own thread
    found.append(current())
    ready.set()
    if how == "thread":
        out.wait()
        return
    try:
        sleep(3600)
    except BaseException:
        pass
    if whose == "a thread's that goes on":
        told.wait()
async def main():
    if whose == "ours":
        await session(open_portal(framework))
    elif how == "thread":
        ends["thread"] = int  # It has ended by itself.
        thread.start()
        ready.wait()
        async with open_portal(found[0]) as portal:
            out.set()
            thread.join()
            print(await gone(portal.call(int)), await gone(portal.call(int)))
    else:
        thread.start()
        ready.wait()
        await session(open_portal(found[0]))
        told.set()
found, ready, told = [], threading.Event(), threading.Event()
thread = threading.Thread(target=native, daemon=True)
asyncio.run(main())
"""


def ended(framework: str, how: str, whose: str) -> str:
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, framework, how, whose]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("framework", "how"),
    [("gevent", "destroy"), ("gevent", "break"), ("gevent", "exit"), ("eventlet", "abort"), ("eventlet", "exit")],
)
def test_a_hub_of_ours_that_ends_leaves_no_call_out(framework: str, how: str) -> None:
    assert ended(framework, how, "ours") == "True True\n"


@pytest.mark.parametrize(
    ("framework", "how"), [("gevent", "destroy"), ("eventlet", "abort"), ("gevent", "thread"), ("eventlet", "thread")]
)
def test_the_hub_of_a_program_that_ends_leaves_no_call_out(framework: str, how: str) -> None:
    assert ended(framework, how, "the program's") == "True True\n"


def test_a_hub_that_ends_in_a_thread_that_goes_on_leaves_no_call_out() -> None:
    assert ended("eventlet", "abort", "a thread's that goes on") == "True True\n"


WAITS = """
import asyncio, threading, time
import eventlet
from interop.adapters.eventlet import current, open_portal
from interop.errors import PeerGone

def sleeps():  # Its hub has nothing to do for a long time, and is ended from outside.
    found.append(current().hub)
    ready.set()
    try:
        eventlet.sleep(50)
    except BaseException:
        pass
found, ready = [], threading.Event()
thread = threading.Thread(target=sleeps, daemon=True)
thread.start()
ready.wait()
while not found[0].running:
    time.sleep(0.01)
found[0].abort()
thread.join(25)
print(thread.is_alive())

async def forever():
    here.wake(lambda: here.hub.abort())
    await asyncio.get_running_loop().create_future()

here = current()
try:
    with open_portal("asyncio") as portal:
        portal.call(forever)
except PeerGone as error:
    print(error)
"""


def test_a_hub_that_is_aborted_hears_it_at_once_and_so_does_who_waits_in_it() -> None:
    if importlib.util.find_spec("eventlet") is None:
        pytest.skip("eventlet is not installed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", WAITS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout == "False\nthe eventlet loop that this call needs is gone: its hub was stopped\n", done.stderr
