"""What cannot start, be wrapped or be found says of whom it speaks, why, and what to do, in each adapter."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import interop.adapters.asyncio
import interop.adapters.threads
from interop import errors
from tests.adapters import ROOT
from tests.adapters.sides import needs


def printed(program: str, *arguments: str) -> str:
    """What a program prints that runs in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def in_a_thread(fn: Callable[[], Any]) -> Any:
    """What fn gives or raises in a thread of its own, which has no hub and no loop yet."""
    found: list[tuple[Any, BaseException | None]] = []

    def target() -> None:
        try:
            found.append((fn(), None))
        except BaseException as error:
            found.append((None, error))

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    value, error = found[0]
    if error is not None:
        raise error
    return value


PATCHED = """
import importlib, sys
who, what, name = sys.argv[1:]
if what == "gevent":
    import eventlet; eventlet.monkey_patch()
elif who == "gevent":
    import gevent.monkey; gevent.monkey.patch_all()
else:
    import eventlet; eventlet.monkey_patch()
adapter = importlib.import_module(f"interop.adapters.{what}")
try:
    adapter.startable(name)
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("who", "what", "name", "says"),
    [
        (
            *("gevent", "trio", "trio"),
            "cannot start 'trio': gevent has patched select in this process, and Trio needs select.epoll or select.kqueue. "
            "Instead: start Trio in a process of its own",
        ),
        (
            *("gevent", "anyio", "anyio[trio]"),
            "cannot start 'anyio[trio]': gevent has patched select in this process, and Trio needs select.epoll or "
            "select.kqueue. Instead: start Trio in a process of its own",
        ),
        (
            *("gevent", "asyncio", "asyncio[uvloop]"),
            "cannot start 'asyncio[uvloop]': gevent has patched threads, and beside uvloop they would never run. "
            "Instead: open the portal to 'asyncio'",
        ),
        (
            *("eventlet", "gevent", "gevent"),
            "cannot start 'gevent': eventlet had patched threads before gevent was imported, so each greenlet would get a hub of "
            "its own. Instead: import gevent before eventlet.monkey_patch(), or start it in a process of its own",
        ),
        ("gevent", "asyncio", "asyncio", ""),
        ("gevent", "anyio", "anyio[asyncio]", ""),
    ],
)
def test_in_a_patched_process_what_cannot_start_says_why(who: str, what: str, name: str, says: str) -> None:
    for package in {who, what} - {"asyncio"}:
        needs(package)
    assert printed(PATCHED, who, what, name) == (f"{says}\n" if says else "")


def test_a_second_trio_in_one_thread_says_why() -> None:
    pytest.importorskip("trio")

    async def main() -> None:
        async with interop.adapters.asyncio.open_portal("trio", topology="guest"):
            await interop.adapters.asyncio.open_portal("trio", topology="guest").__aenter__()

    with pytest.raises(errors.CannotStart) as caught:
        asyncio.run(main())
    assert str(caught.value).startswith("cannot start 'trio': this thread has a Trio run already (")
    assert str(caught.value).endswith("). Instead: use one portal for both, or the topology 'thread'")
    assert isinstance(caught.value.__cause__, RuntimeError)


def obstacles() -> list[tuple[dict[str, Any], str]]:
    """What a reactor may have, and what is said of it then."""
    in_it = "call interop.adapters.twisted.current() in it, and open the portal to that Runtime"
    private = "open the portal to 'twisted[private]', a reactor of its own"
    runs = f"cannot start 'twisted': it already runs in this process. Instead: {in_it}"
    return [
        ({}, ""),
        ({"_started": True}, runs),
        ({"_interop_claimed": object()}, runs),
        (
            {"_startedBefore": True},
            "cannot start 'twisted': the process's reactor was stopped, and cannot be started again. Instead: " + private,
        ),
        (
            {"_interop": object()},
            "cannot start 'twisted': the process's reactor is about to run in another thread, where a portal uses it. Instead: "
            + in_it,
        ),
    ]


@pytest.mark.parametrize("number", range(5))
def test_a_reactor_that_cannot_start_says_why(number: int) -> None:
    pytest.importorskip("twisted")
    from interop.adapters import twisted_reactor

    has, says = obstacles()[number]
    reactor = twisted_reactor._private()
    try:
        vars(reactor).update(has)
        found = twisted_reactor.obstacle(reactor)
        assert (str(found) if found else "") == says
    finally:
        for name in has:
            vars(reactor).pop(name)
        twisted_reactor.tidy(reactor, private=True)


def test_a_reactor_on_a_loop_that_runs_already_says_why_unless_it_may_get_another() -> None:
    pytest.importorskip("twisted")
    from twisted.internet.asyncioreactor import AsyncioSelectorReactor

    from interop.adapters import twisted_reactor

    async def main() -> list[str]:
        reactor = AsyncioSelectorReactor(asyncio.get_running_loop())
        first = str(twisted_reactor.obstacle(reactor))
        setattr(reactor, twisted_reactor.OURS, True)
        second = str(twisted_reactor.obstacle(reactor))
        twisted_reactor.tidy(reactor, private=True, shared=True)
        return [first, second]

    assert asyncio.run(main()) == [
        "cannot start 'twisted': the process's reactor is installed on an asyncio loop that runs already. Instead: open the "
        "portal to 'twisted[asyncio]' with the topology 'loop' in that loop, or to 'twisted[private]'",
        "None",
    ]


def test_two_threads_cannot_both_start_a_reactor() -> None:
    pytest.importorskip("twisted")
    from interop.adapters import twisted_reactor

    reactor = twisted_reactor._private()
    twisted_reactor._claim(reactor)
    try:
        with pytest.raises(errors.AlreadyRunning, match="open one portal, and use its runtime in both threads"):
            twisted_reactor._claim(reactor)
    finally:
        twisted_reactor.tidy(reactor, private=True)


@pytest.mark.parametrize("closed", [False, True])
def test_a_reactor_that_gets_another_loop_is_woken_there(closed: bool) -> None:
    pytest.importorskip("twisted")
    from twisted.internet.asyncioreactor import AsyncioSelectorReactor

    from interop.adapters import twisted_reactor

    old, new = asyncio.SelectorEventLoop(), asyncio.SelectorEventLoop()
    reactor: Any = AsyncioSelectorReactor(old)
    files = [reader.fileno() for reader in reactor._internalReaders]
    assert files
    if closed:
        old.close()
    assert twisted_reactor.movable(reactor) is closed
    twisted_reactor.move(reactor, new)
    try:
        assert reactor._asyncioEventloop is new
        assert twisted_reactor.movable(reactor)
        if not closed:
            assert not any(old.remove_reader(file) for file in files)
        reactor.callWhenRunning(reactor.callFromThread, reactor.crash)
        reactor.run(installSignalHandlers=False)
    finally:
        twisted_reactor.tidy(reactor, private=True)
        old.close()


def test_a_future_of_a_loop_that_nobody_knows_says_so() -> None:
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(errors.CannotWrap, match=r"nothing is known of its loop: call .*asyncio\.current\(\) there first"):
            interop.adapters.threads.wrap(loop.create_future())
    finally:
        loop.close()


def test_a_future_of_the_loop_that_runs_here_needs_no_portal() -> None:
    async def main() -> Any:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        found = interop.adapters.threads.wrap(future)
        future.set_result("here")
        return await asyncio.wrap_future(found)

    assert asyncio.run(main()) == "here"


@pytest.mark.parametrize("what", ["Greenlet", "AsyncResult"])
def test_what_a_hub_that_nobody_knows_will_answer_says_so(what: str) -> None:
    gevent = pytest.importorskip("gevent")
    over, made = threading.Event(), threading.Event()
    foreign: list[Any] = []

    def make() -> None:
        foreign.append(gevent.spawn(int) if what == "Greenlet" else gevent.event.AsyncResult())
        made.set()
        over.wait()

    thread = threading.Thread(target=make)
    thread.start()
    made.wait()
    try:
        with pytest.raises(errors.CannotWrap) as caught:
            in_a_thread(lambda: interop.adapters.threads.wrap(foreign[0]))
    finally:
        over.set()
        thread.join()
    unknown = "its hub is in another thread, and not known: call interop.adapters.gevent.current() there first"
    assert str(caught.value) == f"cannot wrap a {what}: {unknown}"


@pytest.mark.parametrize("what", ["Greenlet", "AsyncResult"])
def test_what_the_hub_of_this_thread_will_answer_needs_no_portal(what: str) -> None:
    gevent = pytest.importorskip("gevent")

    def wraps() -> Any:
        gevent.get_hub()
        foreign = gevent.spawn(lambda: "mine") if what == "Greenlet" else gevent.event.AsyncResult()
        found = interop.adapters.threads.wrap(foreign)
        if what == "AsyncResult":
            foreign.set("mine")
        while not found.done():
            gevent.sleep(0)
        return found.result()

    assert in_a_thread(wraps) == "mine"


def test_a_hub_that_is_destroyed_has_no_runtime() -> None:
    gevent = pytest.importorskip("gevent")
    from interop.adapters import gevent as adapter

    def ends() -> Any:
        hub = gevent.get_hub()
        hub.destroy(destroy_loop=True)
        gevent._hub_local.set_hub(hub)  # As in what its destruction runs.
        try:
            return adapter.current()
        finally:
            gevent._hub_local.set_hub(None)

    with pytest.raises(errors.NotRunning, match="gevent") as caught:
        in_a_thread(ends)
    assert "in a greenlet" in str(caught.value)
