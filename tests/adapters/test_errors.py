"""Every error of interop.errors, met as a user would meet it; each says in one line what to do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
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
from interop.bridges.crossing import Crossing
from interop.portal import FRAMEWORKS, find
from tests.adapters import ROOT
from tests.adapters.sides import side

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


@meets(errors.CannotStart)
def a_reactor_that_was_stopped(monkeypatch: pytest.MonkeyPatch) -> object:
    internet = pytest.importorskip("twisted.internet")
    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)
    monkeypatch.delattr(internet, "reactor", raising=False)

    def stop() -> None:
        from twisted.internet import reactor

        stopped: Any = reactor
        stopped.stop()

    async def main() -> None:
        async with open_portal("twisted") as portal:
            with contextlib.suppress(errors.PeerGone):
                await portal.call(stop)
        async with open_portal("twisted"):
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


# What each says of who met whom, and of what to do.
SAYS: dict[type[BaseException], str] = {
    errors.FrameworkMissing: "cannot open a portal to 'curio': Curio_is_not_here is not installed. Install it with: pip install "
    "'async-interop[curio_is_not_here]'",
    errors.UnknownFramework: f"no adapter is called 'asynco'. Known: {', '.join(FRAMEWORKS)}",
    errors.NotRunning: "no asyncio loop runs in this thread: call interop.adapters.asyncio.current() in a coroutine",
    errors.AlreadyRunning: "cannot start 'twisted': it already runs in this process. Instead: call "
    "interop.adapters.twisted.current() in it, and open the portal to that Runtime",
    errors.CannotStart: "cannot start 'twisted': the process's reactor was stopped, and cannot be started again. Instead: open "
    "the portal to 'twisted[private]', a reactor of its own",
    errors.NoSuchTopology: "no crossing asyncio->threads/loop: threads does not run on an asyncio loop",
    errors.PeerGone: "the asyncio loop that this call needs is gone: it is shutting down",
    errors.PortalClosed: "the portal threads->asyncio is closed; open a new one with open_portal()",
    errors.CalleeCancelled: "threads->asyncio: the callee ended with CancelledError, though its caller was not cancelled",
    errors.CalleeRaisedStop: "threads->asyncio: the callee raised StopIteration, which would end its caller's coroutine",
    errors.CannotCarry: "twisted->threads: the callee returned a Failure: no Deferred can hold it",
    errors.OwnLoop: "threads->asyncio: this call would block the very loop that has to answer it. Instead: ",
    errors.WrongThread: "asyncio->threads: this portal was opened by another loop or thread; open one here",
    errors.CannotWrap: "cannot wrap a int: no loaded framework knows it",
}


@pytest.mark.parametrize("kind", MET, ids=lambda kind: kind.__name__)
def test_a_user_meets(kind: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_left(), pytest.raises(kind) as caught:
        MET[kind](monkeypatch)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    said = str(caught.value)
    assert said.startswith(SAYS[kind]) if kind is errors.OwnLoop else said == SAYS[kind]


def test_every_error_is_met() -> None:
    every = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.InteropError)}
    assert every - {errors.InteropError} == set(MET)


REFUSED = {
    ("twisted", "loop"): "only the asyncioreactor runs on an asyncio loop: twisted[asyncio]",
    ("anyio[trio]", "loop"): "Trio does not run on an asyncio loop; it can be its guest",
    ("asyncio[uvloop]", "loop"): "the loop that runs here is not uvloop's",
    ("gevent", "loop"): "gevent does not run on an asyncio loop",
    ("asyncio[uvloop]", "guest"): "uvloop's poll cannot be parked on a file descriptor",
    ("twisted", "guest"): "the default reactor cannot be a guest: use twisted[asyncio]",
    ("twisted[private]", "guest"): "the default reactor cannot be a guest: use twisted[asyncio]",
    ("threads", "guest"): "threads has no loop that could be a guest: let it be the host",
    ("tornado", "guest"): "both run on asyncio: use the topology 'loop'",
    ("trio", "beside"): "there are thread, loop and guest",
}


@pytest.mark.parametrize(("callee", "topology"), REFUSED)
def test_a_crossing_that_is_refused_says_why(callee: str, topology: str) -> None:
    if (package := FRAMEWORKS[callee][2]) and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")

    async def main() -> None:
        async with open_portal(callee, topology=topology):
            pass

    with pytest.raises(errors.NoSuchTopology) as caught:
        in_asyncio(main)
    assert str(caught.value) == f"no crossing asyncio->{callee}/{topology}: {REFUSED[callee, topology]}"


@pytest.mark.parametrize("caller", ["threads", "gevent", "eventlet"])
def test_a_blocking_caller_hears_why_it_cannot_open(caller: str) -> None:
    here = side(caller)

    def main() -> None:
        with here.adapter.open_portal("trio", topology="loop"):
            pass

    with pytest.raises(errors.NoSuchTopology, match=f"{caller}->trio/loop: {caller} does not run on"):
        here.adapter.run(main, here.flavour)


@pytest.mark.parametrize(
    "crossing",
    [
        "asyncio->trio/guest",
        "trio->asyncio/guest",
        "asyncio->tornado/loop",
        "asyncio->twisted[asyncio]/loop",
        "trio->asyncio/thread",
    ],
)
def test_the_runtime_of_a_portal_has_the_name_that_was_asked_for(crossing: str) -> None:
    asked = Crossing.parse(crossing)
    if asked.missing:
        pytest.skip(asked.missing)
    adapter: Any = find(asked.caller)[0]

    async def main() -> tuple[str, str]:
        async with adapter.open_portal(asked.callee, topology=asked.topology) as portal:
            return portal.runtime.name, repr(portal.runtime)

    name, shown = adapter.run(main, "")
    assert name == asked.callee
    assert shown.startswith(f"<{name} runtime, running")


def test_a_portal_that_is_not_open_yet_says_so() -> None:
    portal = interop.adapters.threads.open_portal("asyncio")
    for use in (lambda: portal.call(forever), lambda: portal.runtime):
        with pytest.raises(errors.PortalClosed, match=r"^the portal \?->asyncio is closed"):
            use()


def test_without_a_reactor_no_twisted_code_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("twisted")
    from twisted.internet.defer import Deferred

    import interop.adapters.twisted

    monkeypatch.delitem(sys.modules, "twisted.internet.reactor", raising=False)
    with pytest.raises(errors.NotRunning, match="before the process's reactor runs"):
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
