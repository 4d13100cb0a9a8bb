"""What cannot be opened, called or wrapped is refused, with the whole reason in words; nothing is left of it."""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import interop.adapters.asyncio
import interop.adapters.threads
from interop import errors
from interop.blocking import Ending
from interop.portal import FRAMEWORKS, find
from interop.runtime import drive
from interop.topologies import hosted
from interop.topologies.hosted import Hosted
from tests.adapters.sides import run, side

open_portal = interop.adapters.asyncio.open_portal

REFUSED = {
    ("twisted", "twisted[asyncio]", "guest"): "one thread can have one reactor only: call that, or use a thread",
    ("twisted", "twisted", "thread"): "the process has one default reactor: use twisted[private]",
    ("threads", "asyncio", "guest"): "a plain thread has no loop to be the guest of",
    ("trio", "trio", "guest"): "one thread can have one Trio run only",
    ("trio", "asyncio", "loop"): "trio does not run on an asyncio loop",
    ("anyio[asyncio]", "tornado", "guest"): "both run on asyncio: use the topology 'loop'",
}


@pytest.mark.parametrize(("caller", "callee", "topology"), REFUSED)
def test_a_crossing_that_is_refused_says_why(caller: str, callee: str, topology: str) -> None:
    here = side(caller)
    side(callee)

    async def main() -> None:
        with pytest.raises(errors.NoSuchTopology) as caught:
            await here.open(here.adapter.open_portal(callee, topology=topology))
        assert str(caught.value) == f"no crossing {caller}->{callee}/{topology}: {REFUSED[caller, callee, topology]}"

    run(here, main)


def test_a_loop_that_runs_already_is_where_it_is() -> None:
    async def main() -> None:
        async with open_portal("threads") as threads:
            there = threads.runtime
            for topology in ("loop", "guest"):
                with pytest.raises(errors.NoSuchTopology) as caught:
                    await open_portal(there, topology=topology).__aenter__()
                why = "for a loop that runs already it is 'thread'"
                assert str(caught.value) == f"no crossing asyncio->threads/{topology}: {why}"
            async with open_portal(there, topology="thread") as again:
                assert await again.call(int) == 0

    interop.adapters.asyncio.run(main)


@pytest.mark.parametrize(("who", "where"), [("", "here"), ("gevent", "in this process, which gevent has patched")])
@pytest.mark.parametrize("kind", [AttributeError, ImportError, RuntimeError])
def test_an_adapter_that_cannot_be_imported_is_named_with_its_error(
    who: str, where: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str) -> None:
        raise kind("no epoll\nhere")

    asked: list[str] = []

    def patched_by(what: str) -> str | None:
        asked.append(what)
        return who or None

    monkeypatch.setattr("interop.portal.patched_by", patched_by)
    monkeypatch.setattr(importlib, "import_module", fails)
    with pytest.raises(errors.CannotStart) as caught:
        find("asyncio")
    why = f"its import fails {where} ({kind.__name__}: no epoll here)"
    assert str(caught.value) == f"cannot start 'asyncio': {why}. Instead: start it in a process of its own"
    assert type(caught.value.__cause__) is kind
    assert asked == ["socket"]


def test_another_error_of_an_import_is_the_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(importlib, "import_module", fails)
    with pytest.raises(ZeroDivisionError):
        find("asyncio")


@pytest.mark.parametrize(("name", "missing", "package"), [("anyio[trio]", "trio", "Trio"), ("anyio[trio]", "anyio", "Anyio")])
def test_each_package_that_is_needed_is_asked_for(name: str, missing: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.util.find_spec

    monkeypatch.setattr(importlib.util, "find_spec", lambda needed: None if needed == missing else known(needed))
    with pytest.raises(errors.FrameworkMissing) as caught:
        find(name)
    assert str(caught.value) == (
        f"cannot open a portal to {name!r}: {package} is not installed. Install it with: pip install 'async-interop[{missing}]'"
    )


def test_what_no_package_brings_is_never_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda needed: None)
    assert find("asyncio")[1] == "" and find("threads")[1] == ""
    assert FRAMEWORKS["asyncio"][2] == FRAMEWORKS["threads"][2] == ""


def test_an_asyncio_guest_needs_greenlet_and_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    here = side("trio")

    async def main() -> None:
        monkeypatch.setitem(sys.modules, "greenlet", None)
        with pytest.raises(errors.FrameworkMissing) as caught:
            await here.open(here.adapter.open_portal("asyncio", topology="guest"))
        wanted = "asyncio, as a guest of trio"
        assert str(caught.value) == (
            f"cannot open a portal to {wanted!r}: greenlet is not installed. Install it with: pip install 'async-interop[gevent]'"
        )
        assert caught.value.__cause__ is None

    from interop.topologies.guest_turns import _kind

    _kind.cache_clear()
    run(here, main)


def test_without_another_thread_the_other_topologies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        monkeypatch.setattr(threading.Thread, "start", none)
        with pytest.raises(errors.CannotStart) as caught:
            await open_portal("asyncio").__aenter__()
        why = "no thread can be started (can't start new thread)"
        assert str(caught.value) == f"cannot start 'asyncio': {why}. Instead: use the topology 'loop' or 'guest'"
        assert type(caught.value.__cause__) is RuntimeError

    interop.adapters.asyncio.run(main)


def test_a_loop_that_is_ending_starts_no_other() -> None:
    async def main() -> None:
        here = interop.adapters.asyncio.current()
        here.ending = True
        try:
            with pytest.raises(errors.CannotStart) as caught:
                await open_portal("asyncio").__aenter__()
        finally:
            here.ending = False
        why = "asyncio is ending, and what it has started ends first"
        assert str(caught.value) == f"cannot start 'asyncio': {why}. Instead: open it earlier"
        assert not here.guests

    interop.adapters.asyncio.run(main)


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
def test_a_loop_that_ends_before_it_serves_says_so_or_why(error: BaseException | None) -> None:
    async def main() -> None:
        here = interop.adapters.asyncio.current()
        started = Hosted(here, "tornado", interop.adapters.asyncio.current)
        with pytest.raises((errors.PeerGone, ZeroDivisionError)) as caught:
            await started.begin(lambda: started.over(error))
        if error is None:
            assert str(caught.value) == "the asyncio loop that this call needs is gone: it ended before it had started"
        else:
            assert caught.value is error
        assert started.is_over and not here.guests

    interop.adapters.asyncio.run(main)


def test_what_an_adapter_needs_of_the_process_is_asked_for_first() -> None:
    asked: list[str] = []

    class Needs:
        @staticmethod
        def startable(name: str) -> None:
            asked.append(name)

    adapter: Any = Needs()
    hosted.check(adapter, "twisted[private]")
    hosted.check(Any, "asyncio")  # type: ignore[arg-type]
    assert asked == ["twisted[private]"]


@pytest.mark.parametrize("name", ["gevent", "eventlet"])
def test_the_hub_itself_must_not_wait(name: str) -> None:
    here = side(name)
    found: list[BaseException] = []

    async def main() -> None:
        def in_the_hub() -> None:
            try:
                portal.call(int)
            except BaseException as error:
                found.append(error)
            here.waker()(done.set)

        done = here.event()
        with here.adapter.open_portal("threads") as portal:
            here.waker()(in_the_hub)
            await done.wait()
            assert portal.call(int) == 0

    run(here, main)
    assert [type(it) for it in found] == [errors.OwnLoop]
    words = "this call would block the very loop that has to answer it. Instead: spawn a greenlet: the hub itself must not wait"
    assert str(found[0]) == f"{name}->threads: {words}"


async def nothing() -> None: ...


class Thing:
    def __await__(self) -> Any:
        yield


def test_what_cannot_be_wrapped_says_why() -> None:
    coroutine, wrap = nothing(), interop.adapters.threads.wrap
    with interop.adapters.threads.open_portal("threads") as threads:
        cases: list[tuple[Callable[[], object], str]] = [
            (lambda: wrap(coroutine), "cannot wrap a coroutine: it does not say whose it is: give of="),
            (lambda: wrap(coroutine, of=threads.runtime), "cannot wrap a coroutine: threads runs no coroutines"),
            (lambda: wrap(Thing()), "cannot wrap a Thing: no loaded framework knows it"),
            (lambda: wrap(Thing(), of=threads.runtime), "cannot wrap a Thing: threads runs no coroutines"),
            (lambda: wrap(7, of=threads.runtime), "cannot wrap a int: no loaded framework knows it"),
        ]
        for act, says in cases:
            with pytest.raises(errors.CannotWrap) as caught:
                act()
            assert str(caught.value) == says
    coroutine.close()


def test_a_coroutine_that_suspends_where_nothing_does_is_refused() -> None:
    waiting = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match=r"^a blocking framework was handed a coroutine that suspends$"):
        drive(waiting)


def test_a_runtime_says_what_it_is() -> None:
    async def main() -> str:
        return repr(interop.adapters.asyncio.current())

    async def ended() -> Any:
        return interop.adapters.asyncio.current()

    ident = threading.get_ident()
    assert interop.adapters.asyncio.run(main) == f"<asyncio runtime, running, in thread {ident}>"
    assert repr(interop.adapters.asyncio.run(ended)) == f"<asyncio runtime, gone, in thread {ident}>"


def test_the_end_of_a_thread_that_was_interrupted_before_it_was_known_says_nothing() -> None:
    """Ctrl-C may come between the making of an object and its first statement; what __del__ raises, pytest makes an error."""
    unmade = Ending.__new__(Ending)
    assert unmade.runtime is None
    del unmade
