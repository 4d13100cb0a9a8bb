"""Programs that Twisted's own users write, started by task.react(): portals before the reactor runs, and Ctrl-C.

Each runs in a process of its own, since the process's reactor is what they are about.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.adapters import ROOT

pytest.importorskip("twisted")

START = {
    "default": "",
    "asyncioreactor": """
import asyncio
from twisted.internet import asyncioreactor
asyncioreactor.install(asyncio.new_event_loop())
""",
}
PROGRAM = """
from twisted.internet import task
from twisted.internet.defer import Deferred, gatherResults
from twisted.python import threadable
from interop.adapters.twisted import current, open_portal
"""
REACT = """
task.react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
"""


def child(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def printed(program: str, *arguments: str) -> list[str]:
    done = child(program, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


BEFORE = (
    PROGRAM
    + """
import sys
from interop.bridges.crossing import every
async def answer(crossing):
    async with open_portal(crossing.callee, topology=crossing.topology) as portal:
        assert await portal.call(int, "42") == 42
async def main(reactor):
    assert not reactor.running
    # One thread can have one Trio run.
    ours = [one for one in every() if one.caller == sys.argv[1] and one.topology != "hosted" and not one.missing]
    ours = [one for one in ours if (one.callee, one.topology) != ("anyio[trio]", "guest")]
    await gatherResults([Deferred.fromCoroutine(answer(one)) for one in ours])
    print(len(ours), "portals")
"""
    + REACT
)


@pytest.mark.parametrize(("reactor", "caller"), [("default", "twisted"), ("asyncioreactor", "twisted[asyncio]")])
def test_every_portal_can_be_opened_before_the_reactor_runs(reactor: str, caller: str) -> None:
    pytest.importorskip("greenlet")
    (line,) = printed(START[reactor] + BEFORE, caller)
    assert int(line.split()[0]) >= 3


CONSTANT = (
    PROGRAM
    + """
import sys
async def main(reactor):
    if sys.argv[2] == "later":
        await task.deferLater(reactor, 0)
    for _ in range(2):
        async with open_portal(sys.argv[1]) as portal:
            assert threadable.isInIOThread()
            assert await portal.call(lambda: 42) == 42
            async with open_portal(sys.argv[1]) as second:
                assert await second.call(threadable.isInIOThread) is False
        assert threadable.isInIOThread()
    print("fine")
"""
    + REACT
)


@pytest.mark.parametrize("when", ["at once", "later"])
@pytest.mark.parametrize("callee", ["asyncio", "twisted[asyncio]", "twisted[private]", "threads"])
@pytest.mark.parametrize("reactor", START)
def test_the_io_thread_stays_the_one_of_the_process_s_reactor(reactor: str, callee: str, when: str) -> None:
    assert printed(START[reactor] + CONSTANT, callee, when) == ["fine"]


KNOWN = (
    PROGRAM
    + """
import threading
async def main(reactor):
    home = current().ident
    await task.deferLater(reactor, 0)
    print(home == current().ident == threading.get_ident())
"""
    + REACT
)


@pytest.mark.parametrize("reactor", START)
def test_the_runtime_before_the_reactor_runs_is_the_one_after(reactor: str) -> None:
    assert printed(START[reactor] + KNOWN) == ["True"]


ELSEWHERE = """
import asyncio, sys, threading
from twisted.internet import reactor
from interop.adapters.twisted import current
from interop.errors import NotRunning
async def main():
    try:
        current()
    except NotRunning as error:
        print(error)
asyncio.run(main())
"""


def test_a_reactor_that_cannot_run_here_is_not_taken_for_one_that_will() -> None:
    (line,) = printed(ELSEWHERE)
    assert "no twisted loop runs in this thread" in line


CTRL_C = (
    PROGRAM
    + """
import os, sys
if sys.argv[1] == "asyncio":
    import asyncio
    async def work():
        os.write(1, b"started\\n")
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            os.write(1, b"cleaned\\n")
else:
    from interop.adapters.threads import check
    def work():
        os.write(1, b"started\\n")
        try:
            while True:
                check()
        finally:
            os.write(1, b"cleaned\\n")
async def main(reactor):
    async with open_portal(sys.argv[1], topology=sys.argv[2]) as portal:
        await portal.call(work)
try:
    task.react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
finally:
    os.write(1, b"over\\n")
"""
)


def with_signals_as_a_terminal_has_them() -> None:  # a background job inherits SIGINT as ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize(("callee", "topology"), [("asyncio", "thread"), ("asyncio", "guest"), ("threads", "thread")])
def test_ctrl_c_ends_the_callees_before_the_reactor(callee: str, topology: str) -> None:
    if topology == "guest":
        pytest.importorskip("greenlet")
    command = [sys.executable, "-c", CTRL_C, callee, topology]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=with_signals_as_a_terminal_has_them,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert out == "cleaned\nover\n", err


ON_A_LOOP = """
import asyncio, sys, threading
from interop.adapters.asyncio import open_portal
from interop.errors import InteropError
from twisted.internet import asyncioreactor
whose = sys.argv[1]
if whose == "closed":
    loop = asyncio.new_event_loop()
    asyncioreactor.install(loop)
    loop.close()
elif whose == "idle":
    asyncioreactor.install(asyncio.new_event_loop())
elif whose == "stopped":
    asyncioreactor.install(asyncio.new_event_loop())
    from twisted.internet import reactor
    reactor.callWhenRunning(reactor.stop)
    reactor.run()
async def asked(callee, topology):
    try:
        async with open_portal(callee, topology=topology) as portal:
            return await portal.call(int, "1")
    except InteropError as error:
        return type(error).__name__
async def main():
    stopped = []
    if whose == "mine":
        asyncioreactor.install(asyncio.get_running_loop())
    answers = []
    for _ in range(2):
        for callee, topology in CASES:
            answers.append(await asked(callee, topology))
            await asyncio.sleep(0.01)
    print(*answers)
CASES = [("twisted[asyncio]", "loop"), ("twisted", "thread"), ("twisted[asyncio]", "thread"), ("twisted[private]", "thread")]
CASES = CASES[int(sys.argv[2]):] + CASES[:int(sys.argv[2])]
asyncio.run(main())
asyncio.run(main()) if whose != "mine" else None
print("on")
"""


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("whose", ["nobody's", "mine", "closed", "idle", "stopped"])
def test_a_reactor_on_an_asyncio_loop_works_or_is_refused_and_the_loop_goes_on(whose: str, first: int) -> None:
    *lines, last = printed(ON_A_LOOP, whose, str(first))
    # Only where the user has put the process's reactor on this very loop, or has stopped it, "twisted" cannot run elsewhere.
    default = "CannotStart" if whose in ("mine", "stopped") else "1"
    answers = ["1", default, "1", "1"]
    assert lines == [" ".join((answers[first:] + answers[:first]) * 2)] * (1 if whose == "mine" else 2)
    assert last == "on"


TWO = """
import asyncio
from interop.adapters.asyncio import open_portal
def where():
    from twisted.internet import reactor
    return reactor._asyncioEventloop is asyncio.get_running_loop()
async def main():
    first = open_portal("twisted[asyncio]", topology="loop")
    await first.__aenter__()
    async with open_portal("twisted[asyncio]", topology="loop") as second:
        await first.__aexit__(None, None, None)
        print(await second.call(where))
for _ in range(3):
    asyncio.run(main())
"""


def test_the_process_s_reactor_follows_from_loop_to_loop_and_stays_as_long_as_one_portal_is_open() -> None:
    assert printed(TWO) == ["True"] * 3
