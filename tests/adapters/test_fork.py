"""A forked process has the portals of the process that forked, but none of their threads: each says so at once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

import interop.adapters.asyncio
from interop.adapters.asyncio import Loop
from tests.adapters import ROOT

CHILD = """
import asyncio, importlib, multiprocessing, os, sys, threading
from interop.errors import PeerGone

async def answer(): return os.getpid()

def in_the_child(portal):
    try:
        portal.call(answer)
    except PeerGone as error:
        said = "forked" in str(error)
    portal.__exit__(None, None, None)  # It must not end the parent's.
    with adapter.open_portal(callee) as another:
        assert another.call(answer) == os.getpid()
    sys.exit(0 if said else 3)

adapter, callee, how = importlib.import_module("interop.adapters." + sys.argv[1]), sys.argv[2], sys.argv[3]
with adapter.open_portal(callee) as portal:
    assert portal.call(answer) == os.getpid()
    for _ in range(3):
        if how == "fork":
            child = os.fork()
            if child == 0:
                try:
                    in_the_child(portal)
                except SystemExit as end:
                    os._exit(end.code)
                finally:
                    os._exit(4)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        else:
            process = multiprocessing.get_context("fork").Process(target=in_the_child, args=(portal,))
            process.start()
            process.join()
            code = process.exitcode
        assert code == 0, code
        assert portal.call(answer) == os.getpid()
print("the parent's portal still works")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("how", ["fork", "multiprocessing"])
@pytest.mark.parametrize("callee", ["asyncio", "trio"])
@pytest.mark.parametrize("caller", ["threads", "gevent"])
def test_a_forked_portal_fails_at_once_and_the_parents_goes_on(caller: str, callee: str, how: str) -> None:
    for package in {caller, callee} - {"threads", "asyncio"}:
        pytest.importorskip(package)
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        CHILD,
        caller,
        callee,
        how,
    ]  # Python warns of threads that a fork leaves out.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stdout) == (0, "the parent's portal still works\n"), done.stderr


HUB = """
import os, re, gevent

def wake_up_files():
    found = set()
    for number in os.listdir("/proc/self/fdinfo"):
        try:
            with open("/proc/self/fdinfo/" + number) as file:
                found |= set(re.findall("eventfd-id: *([0-9]+)", file.read()))
        except OSError:
            pass  # That of the list itself.
    return found

gevent.sleep(0.001)
hubs = wake_up_files()
from interop.adapters import gevent as adapter

with adapter.open_portal("asyncio") as portal:
    child = os.fork()
    if child == 0:
        try:
            gevent.sleep(0.001)  # libev makes its files anew when its loop next goes round
            print(len(hubs), len(hubs & wake_up_files()), flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)  # While the parent has its files, their numbers are not given again.
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/fdinfo"), reason="tells one eventfd from another through /proc")
def test_a_forked_hub_is_woken_through_a_file_of_its_own() -> None:
    """Through its parent's, either process takes the other's wake-ups: a portal that the child opens hangs, now and then."""
    pytest.importorskip("gevent")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", HUB], cwd=ROOT, capture_output=True, text=True, timeout=200)
    if done.stdout.startswith("0 "):
        pytest.skip("this hub is not woken through an eventfd, or this kernel gives them no numbers")
    assert (done.returncode, done.stdout) == (0, "1 0\n"), done.stderr


OWNER = """
import asyncio, gc, threading, warnings
from interop.adapters import asyncio as adapter
kept, trace = [], []

async def work(started):
    started.set()
    try:
        await asyncio.sleep(3600)
    finally:
        trace.append("callee cleaned up")

async def main():
    portal = await adapter.open_portal("asyncio").__aenter__()
    started = threading.Event()
    kept.extend([portal, asyncio.ensure_future(portal.call(work, started))])
    while not started.is_set():
        await asyncio.sleep(0)

asyncio.run(main())
print(trace, [thread.name for thread in threading.enumerate() if thread.name.startswith("interop")])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    kept.clear()
    gc.collect()
print([str(warning.message) for warning in caught if warning.category is ResourceWarning])
"""


def test_a_loop_that_ends_ends_what_its_portals_started_and_an_unclosed_portal_warns() -> None:
    done = subprocess.run([sys.executable, "-c", OWNER], cwd=ROOT, capture_output=True, text=True, timeout=200)
    expected = "['callee cleaned up'] []\n['the portal asyncio->asyncio was not closed']\n"
    assert (done.returncode, done.stdout) == (0, expected), done.stderr


STARTS = """
import importlib, multiprocessing, os, pickle, sys, threading

def answer(): return os.getpid()

def in_the_child(caller, callee):
    with importlib.import_module("interop.adapters." + caller).open_portal(callee) as portal:
        assert portal.call(answer) == os.getpid()

if __name__ == "__main__":
    caller, callee, how = sys.argv[1:]
    with importlib.import_module("interop.adapters." + caller).open_portal(callee) as portal:
        context = multiprocessing.get_context(how)
        processes = [context.Process(target=in_the_child, args=(caller, callee)) for _ in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0, 0]
        try:
            pickle.dumps(portal)
        except TypeError as error:
            print(error)
        assert portal.call(answer) == os.getpid()
    print([thread.name for thread in threading.enumerate() if thread.name.startswith("interop")])
"""

REFUSED = "a portal belongs to the process that has opened it: open another one in the other process"


@pytest.mark.parametrize("how", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("callee", ["asyncio", "trio", "gevent"])
@pytest.mark.parametrize("caller", ["threads", "gevent"])
def test_a_process_of_each_start_method_opens_portals_of_its_own(caller: str, callee: str, how: str, tmp_path: Path) -> None:
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"there is no {how} here")
    for package in {caller, callee} - {"threads", "asyncio"}:
        pytest.importorskip(package)
    file = tmp_path / "starts.py"
    file.write_text(STARTS, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(file), caller, callee, how]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stdout) == (0, f"{REFUSED}\n[]\n"), done.stderr


def test_what_a_portal_asks_of_a_loop_that_has_ended_meanwhile_is_nothing() -> None:
    """As its opening does: it tells the callee's loop to stay, and a loop that is ended just then has no files to watch."""

    async def here() -> Loop:
        return interop.adapters.asyncio.current()

    ended = interop.adapters.asyncio.run(here)
    ended.bury("its loop has ended")
    ended.wake(ended.hold_if_alive)
    assert not ended._inbox
