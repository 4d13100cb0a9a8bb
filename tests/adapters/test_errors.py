"""Every error of interop.errors, met as a user would meet it; each says in one line what to do."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import interop.adapters.asyncio
import interop.adapters.threads
from interop import errors
from interop.portal import FRAMEWORKS, find
from tests.adapters import ROOT

open_portal = interop.adapters.asyncio.open_portal
MET: dict[type[BaseException], Callable[[pytest.MonkeyPatch], object]] = {}


def meets(kind: type[BaseException]) -> Callable[[Callable[[pytest.MonkeyPatch], object]], object]:
    """What a user does who meets it."""

    def add(act: Callable[[pytest.MonkeyPatch], object]) -> object:
        MET[kind] = act
        return act

    return add


def in_asyncio(main: Callable[[], Any]) -> object:
    return interop.adapters.asyncio.run(main)


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


@meets(errors.FrameworkMissing)
def a_framework_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FRAMEWORKS, "curio", ("curio", "", "curio_is_not_here"))
    find("curio")


@meets(errors.UnknownFramework)
def a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> object:
    async def main() -> None:
        async with open_portal("asynco"):
            pass

    return in_asyncio(main)


@meets(errors.NotRunning)
def current_outside_of_a_coroutine(monkeypatch: pytest.MonkeyPatch) -> object:
    return interop.adapters.asyncio.current()


@meets(errors.AlreadyRunning)
def a_second_default_reactor(monkeypatch: pytest.MonkeyPatch) -> object:
    internet = pytest.importorskip("twisted.internet")
    # Another test may have installed one, on a loop that is closed by now: this one has a process's first reactor.
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)
    monkeypatch.delattr(internet, "reactor", raising=False)

    async def main() -> None:
        async with open_portal("twisted"), open_portal("twisted"):
            pass

    return in_asyncio(main)


@meets(errors.NoSuchTopology)
def a_loop_that_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> object:
    async def main() -> None:
        async with open_portal("threads", topology="loop"):
            pass

    return in_asyncio(main)


@meets(errors.PeerGone)
def a_loop_that_is_stopped_under_a_call(monkeypatch: pytest.MonkeyPatch) -> object:
    async def stop() -> None:
        asyncio.get_running_loop().stop()
        await forever()

    with interop.adapters.threads.open_portal("asyncio") as portal:
        return portal.call(stop)


@meets(errors.PortalClosed)
def a_call_through_a_closed_portal(monkeypatch: pytest.MonkeyPatch) -> object:
    with interop.adapters.threads.open_portal("asyncio") as portal:
        pass
    return portal.call(forever)


@meets(errors.CalleeCancelled)
def a_callee_that_cancels_itself(monkeypatch: pytest.MonkeyPatch) -> object:
    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await forever()

    with interop.adapters.threads.open_portal("asyncio") as portal:
        return portal.call(cancels_itself)


@meets(errors.CalleeRaisedStop)
def a_callee_that_raises_stop_iteration(monkeypatch: pytest.MonkeyPatch) -> object:
    with interop.adapters.threads.open_portal("asyncio") as portal:
        return portal.call(next, iter(()))


@meets(errors.CannotCarry)
def a_deferred_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> object:
    pytest.importorskip("twisted")
    from twisted.python import failure as untyped

    import interop.adapters.twisted

    failure: Any = untyped.Failure

    async def main() -> None:
        async with interop.adapters.twisted.open_portal("threads") as threads:
            await threads.call(failure, ValueError("as a value"))

    return interop.adapters.twisted.run(main, "private")


@meets(errors.OwnLoop)
def a_blocking_call_into_the_loop_below(monkeypatch: pytest.MonkeyPatch) -> object:
    async def main() -> None:
        with interop.adapters.threads.open_portal(interop.adapters.asyncio.current()) as portal:
            portal.call(forever)

    return in_asyncio(main)


@meets(errors.WrongThread)
def a_portal_that_another_loop_opened(monkeypatch: pytest.MonkeyPatch) -> object:
    found: list[BaseException] = []

    async def main() -> None:
        async with open_portal("threads") as portal:

            async def elsewhere() -> None:
                await portal.call(threading.get_ident)

            def in_another_loop() -> None:
                try:
                    interop.adapters.asyncio.run(elsewhere)
                except errors.InteropError as error:
                    found.append(error)

            thread = threading.Thread(target=in_another_loop)
            thread.start()
            thread.join()

    in_asyncio(main)
    raise found[0]


@meets(errors.CannotWrap)
def something_that_cannot_be_awaited(monkeypatch: pytest.MonkeyPatch) -> object:
    return interop.adapters.threads.wrap(7)


@contextmanager
def nothing_left() -> Iterator[None]:
    yield
    interop.adapters.threads.current().pool.close()


@pytest.mark.parametrize("kind", MET, ids=lambda kind: kind.__name__)
def test_a_user_meets(kind: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_left(), pytest.raises(kind) as caught:
        MET[kind](monkeypatch)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > 30


def test_every_error_is_met() -> None:
    every = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.InteropError)}
    assert every - {errors.InteropError} == set(MET)


def test_not_running_tells_the_user_of_task_react_what_to_wait_for() -> None:
    pytest.importorskip("twisted")
    from twisted.internet.defer import Deferred

    import interop.adapters.twisted

    with pytest.raises(errors.NotRunning, match=r"react\(\).*await deferLater\(reactor, 0\)"):
        interop.adapters.twisted.current()
    with pytest.raises(errors.CannotWrap, match="give of="):
        interop.adapters.threads.wrap(Deferred())


OLD = """
from twisted.internet.defer import fail
from twisted.python.failure import Failure
import interop.adapters.threads

class Cleaned(Failure):
    def getTracebackObject(self):
        return object()

with interop.adapters.threads.open_portal("twisted[private]") as portal:
    try:
        portal.call(lambda: fail(Cleaned(ValueError("cleaned"))))
    except ValueError as error:
        print(error)
"""


def test_a_failure_whose_traceback_is_none_ends_the_call_like_any_other() -> None:
    """Before Twisted 24.7 that of a Failure that was cleaned is something like one; a call that took it for one never ended."""
    pytest.importorskip("twisted")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", OLD], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "cleaned\n"), done.stderr
