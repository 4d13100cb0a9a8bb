"""Processes that gevent.monkey.patch_all() or eventlet.monkey_patch() has patched, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from interop.bridges.crossing import NAMES, Crossing, every
from tests.adapters import ROOT

PATCH = {
    "gevent": "from gevent import monkey; monkey.patch_all()\nimport gevent\n",
    "eventlet": "import eventlet; eventlet.monkey_patch()\n",
}


def child(*arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def patched(who: str, program: str, *arguments: str) -> list[str]:
    if importlib.util.find_spec(who) is None:
        pytest.skip(f"{who} is not installed")
    start = f"from interop.adapters.{who} import open_portal\nimport asyncio, sys, threading\n"
    return child("-c", PATCH[who] + start + program, *arguments).splitlines()


CANNOT = {
    "gevent": {"trio", "anyio[trio]", "asyncio[uvloop]"},
    "eventlet": {"trio", "anyio[trio]", "asyncio[uvloop]", "gevent"},
}


@pytest.mark.parametrize(
    ("who", "order", "caller"),
    [
        *(("gevent", "first", "gevent"), ("gevent", "late", "gevent"), ("gevent", "first", "threads")),
        *(("eventlet", "first", "eventlet"), ("eventlet", "first", "threads")),
    ],
)
def test_in_a_patched_process_each_portal_works_or_says_why_it_cannot(who: str, order: str, caller: str) -> None:
    if missing := [name for name in NAMES if Crossing(name, name, "thread").missing]:
        pytest.skip(f"not installed: {missing}")
    found = json.loads(child("-m", "tests.adapters.patched", who, order, caller).splitlines()[-1])
    table = {(one.caller, one.callee, one.topology) for one in every()} | {(caller, "twisted[private]", "thread")}
    for calls, callee, topology, answer in found:
        there = (calls, callee, topology) in table and (topology != "hosted" or callee == caller)
        unable = CANNOT[who] if order == "first" else CANNOT[who] - {"gevent"}
        if there and callee in unable:
            assert answer == "cannot start", (callee, topology)
        elif callee not in unable:
            assert answer == ("accepted" if there else "refused"), (callee, topology)
        else:  # Its import may fail before its topology is looked at.
            assert answer in ("refused", "cannot start"), (callee, topology)


SIBLINGS = """
import time
seen, done = [], []
def sibling():
    while not done:
        seen.append(asyncio._get_running_loop())
        time.sleep(0)
async def blocks():
    loop = asyncio.get_running_loop()
    for _ in range(5):
        time.sleep(0.005)
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)
        assert await asyncio.to_thread(asyncio._get_running_loop) is None
    assert asyncio.get_running_loop() is loop
    return len(seen)
thread = threading.Thread(target=sibling)
thread.start()
with open_portal("asyncio", topology=sys.argv[1]) as portal, open_portal("asyncio", topology=sys.argv[1]) as other:
    while not seen:
        time.sleep(0)
    before = len(seen)
    assert portal.call(blocks) > before, "the sibling did not run"
    other.call(blocks)
done.append(True)
thread.join()
print(set(seen))
"""


@pytest.mark.parametrize("topology", ["guest", "thread"])
@pytest.mark.parametrize("who", PATCH)
def test_siblings_run_while_asyncio_code_blocks_and_see_no_running_loop(who: str, topology: str) -> None:
    assert patched(who, SIBLINGS, topology) == ["{None}"]


WHOLE = """
import os
async def serve(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()
async def whole(number):
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, int, number) == await asyncio.to_thread(int, number)
    assert await loop.getaddrinfo("127.0.0.1", 80)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(b"line\\n")
        assert await reader.readline() == b"line\\n"
        writer.close()
    return int(number)
def session(number):
    with open_portal("asyncio", topology=TOPOLOGY) as portal:
        answers.append(portal.call(whole, str(number)))
def count():  # not the threads: gevent looks names up in a pool of the hub's own
    return len(os.listdir("/proc/self/fd"))
TOPOLOGY, answers = sys.argv[1], []
session(0)
before = count()
for turn in range(3):
    threads = [threading.Thread(target=session, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
session(0)
print(sorted(answers) == sorted([0, *range(10), *range(10), *range(10), 0]), count() if count() != before else "as before")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="it counts in /proc")
@pytest.mark.parametrize("topology", ["guest", "thread"])
@pytest.mark.parametrize("who", PATCH)
def test_asyncio_is_whole_in_many_greenlets_of_a_patched_process_and_leaves_nothing(who: str, topology: str) -> None:
    assert patched(who, WHOLE, topology) == ["True as before"]


SHARED = """
async def answer(number):
    await asyncio.sleep(0.001)
    return number
def call(number):
    answers.append(portal.call(answer, number))
answers = []
with open_portal("asyncio", topology=sys.argv[1]) as portal:
    threads = [threading.Thread(target=call, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(sorted(answers) == list(range(50)))
"""


@pytest.mark.parametrize("topology", ["guest", "thread"])
@pytest.mark.parametrize("who", PATCH)
def test_a_portal_is_shared_by_the_greenlets_of_a_patched_process(who: str, topology: str) -> None:
    assert patched(who, SHARED, topology) == ["True"]


REFUSED = """
import os
from interop.errors import CannotStart
before = len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))
for topology in ("thread", "guest"):
    try:
        open_portal("trio", topology=topology).__enter__()
    except CannotStart as error:
        print(error)
print(before == (len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="it counts in /proc")
def test_trio_is_refused_before_anything_starts() -> None:
    pytest.importorskip("trio")
    first, second, same = patched("gevent", "import interop.adapters.gevent as g\ng.current()\n" + REFUSED)
    assert first == second
    assert first.startswith("cannot start 'trio': gevent has patched select in this process")
    assert same == "True"
