"""A guest that ends leaves its host alone, and a host that ends first lets its guests clean up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import interop.adapters.asyncio
from interop.bridges.crossing import Crossing, every
from interop.errors import InteropError, PeerGone
from interop.harness.drivers.driver import Driver
from tests.adapters import ROOT
from tests.adapters.sides import open_portal, run, side

GUESTS = [crossing for crossing in every() if crossing.topology == "guest"]


def sides(crossing: Crossing) -> tuple[Driver, Driver]:
    if crossing.missing:
        pytest.skip(crossing.missing)
    pytest.importorskip("greenlet")
    return side(crossing.caller), side(crossing.callee)


@pytest.mark.parametrize("crossing", GUESTS, ids=str)
def test_a_guest_that_dies_leaves_its_host_running(crossing: Crossing) -> None:
    host, guest = sides(crossing)
    seen: list[Any] = []

    async def die() -> None:
        guest.kill_loop()
        await guest.sleep_forever()

    async def fine() -> str:
        await guest.turn()
        return "fine"

    async def program() -> None:
        portal = await open_portal(host, crossing.callee, "guest")
        try:
            await host.call(portal, guest.native(die))
        except PeerGone as error:
            seen.append(type(error))
        await host.close(portal)
        await host.turn()
        again = await open_portal(host, crossing.callee, "guest")
        seen.append(await host.call(again, guest.native(fine)))
        await host.close(again)

    run(host, program)
    assert seen == [PeerGone, "fine"]


@pytest.mark.parametrize("crossing", GUESTS, ids=str)
def test_a_host_that_ends_first_runs_its_guests_cleanup(crossing: Crossing) -> None:
    """The portal is forgotten: the host's main function returns with a call in flight."""
    host, guest = sides(crossing)
    trace: list[str] = []
    kept: list[Any] = []

    async def callee(started: Callable[[], object]) -> None:
        started()
        try:
            await guest.sleep_forever()
        finally:
            trace.append("cleaned")

    async def program() -> None:
        started, wake = host.event(), host.waker()
        portal = await open_portal(host, crossing.callee, "guest")

        async def call() -> None:
            with contextlib.suppress(PeerGone):
                await host.call(portal, guest.native(callee), lambda: wake(started.set))

        kept.extend([portal, await host.spawn(call)])
        await started.wait()
        trace.append("main ends")

    run(host, program)
    assert trace == ["main ends", "cleaned"]
    kept[0]._closed = True  # Else it would warn, in whichever test it is collected.


def test_a_reactor_that_is_stopped_waits_for_its_guests() -> None:
    """In a process of its own: reactor.stop() is for good."""
    pytest.importorskip("twisted")
    pytest.importorskip("trio")
    pytest.importorskip("greenlet")
    program = """
import asyncio, trio
from interop.adapters.twisted import current, open_portal
from twisted.internet import reactor
from twisted.internet.defer import Deferred

async def in_asyncio(started):
    started()
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0)
        print("asyncio cleaned")

async def in_trio(started):
    started()
    try:
        await trio.sleep(3600)
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(0)
        print("trio cleaned")

async def main():
    for name, function in (("asyncio", in_asyncio), ("trio", in_trio)):
        here, started = current(), Deferred()
        portal = open_portal(name, topology="guest")
        await portal.open()
        call = portal.call(function, lambda: here.wake(lambda: started.callback(None)))
        kept.append((portal, call.addErrback(lambda failure: None)))
        await started
    reactor.stop()

kept = []
reactor.callWhenRunning(lambda: Deferred.fromCoroutine(main()))
reactor.run()
print("ended")
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    *cleaned, last = done.stdout.splitlines()
    assert (done.returncode, sorted(cleaned), last) == (0, ["asyncio cleaned", "trio cleaned"], "ended"), done.stderr


def test_reactor_stop_on_a_shared_loop_ends_the_reactor_and_not_the_loop() -> None:
    pytest.importorskip("twisted")
    program = """
import asyncio
import contextlib
from interop.adapters.asyncio import open_portal
from interop.errors import PeerGone

def stop():
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred
    reactor.stop()
    return Deferred()

async def main():
    async with open_portal("twisted[asyncio]", topology="loop") as twisted:
        try:
            await twisted.call(stop)
        except PeerGone:
            print("gone")
        await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    print("went on")

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "gone\nwent on\n"), done.stdout + done.stderr


def test_the_last_of_the_portals_on_a_loop_ends_its_reactor() -> None:
    pytest.importorskip("twisted")
    program = """
import asyncio
from interop.adapters.asyncio import open_portal

def reactor():
    from twisted.internet import reactor
    return reactor

async def main():
    for _ in range(2):
        async with open_portal("twisted[asyncio]", topology="loop") as first:
            mine = await first.call(reactor)
            async with open_portal("twisted[asyncio]", topology="loop") as second:
                same = await second.call(reactor)
            print(same is mine, mine.running, (await first.call(reactor)) is mine)
        await asyncio.sleep(0)
        print(mine.running)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True True True\nFalse\n" * 2), done.stdout + done.stderr


def test_a_plain_asyncio_run_ends_its_trio_guest_first() -> None:
    """Its sentinel is an asynchronous generator, which asyncio.run() closes while the loop still runs."""
    trio = pytest.importorskip("trio")
    trace: list[str] = []

    async def callee(started: Callable[[], object]) -> None:
        started()
        try:
            await trio.sleep_forever()
        finally:
            trace.append("cleaned")

    async def main() -> None:
        started = asyncio.Event()
        portal = interop.adapters.asyncio.open_portal("trio", topology="guest")
        await portal.__aenter__()

        async def call() -> None:
            try:
                await portal.call(callee, started.set)
            except InteropError:
                trace.append("called back")

        kept.extend([portal, asyncio.ensure_future(call())])
        await started.wait()
        trace.append("main ends")

    kept: list[Any] = []
    asyncio.run(main())
    kept[0]._closed = True
    assert trace[:2] == ["main ends", "cleaned"]


BARE = """
import asyncio, sys
from interop.adapters.gevent import open_portal, run

async def double(number):
    await asyncio.sleep(0)
    return 2 * number

def main():
    with open_portal("asyncio", topology="guest") as portal:
        print(portal.call(double, 21), {"sniffio", "trio"} & set(sys.modules))

run(main)
"""


def test_a_guest_needs_neither_sniffio_nor_trio_in_its_process() -> None:
    pytest.importorskip("gevent")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", BARE], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "42 set()\n"), done.stderr
