"""Portals that nobody has closed: each is reported where it was dropped, unless there is nothing left to close."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import interop.adapters.asyncio
import interop.adapters.threads
from interop import errors
from interop.runtime import Runtime
from interop.topologies.guest import TrioGuest
from tests.adapters.sides import run, side

open_portal = interop.adapters.asyncio.open_portal


def said(drop: Callable[[], object]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drop()
        gc.collect()
    return caught


async def nothing() -> None: ...


def test_a_portal_that_is_dropped_says_so_where_it_was_dropped_and_ends_its_thread() -> None:
    async def main() -> list[warnings.WarningMessage]:
        kept = [await open_portal("asyncio").__aenter__()]
        thread = kept[0]._hosted.thread  # type: ignore[union-attr]
        found = said(kept.clear)
        thread.join()
        return found

    (warning,) = interop.adapters.asyncio.run(main)
    assert warning.category is ResourceWarning
    assert str(warning.message) == "the portal asyncio->asyncio was not closed"
    assert warning.filename == __file__
    assert type(warning.source) is interop.adapters.asyncio.Portal


def test_a_portal_to_a_loop_that_ended_by_itself_has_nothing_to_close() -> None:
    async def stop() -> None:
        asyncio.get_running_loop().stop()
        await asyncio.get_running_loop().create_future()

    async def main() -> list[warnings.WarningMessage]:
        kept = [await open_portal("asyncio").__aenter__()]
        thread = kept[0]._hosted.thread  # type: ignore[union-attr]
        with pytest.raises(errors.PeerGone):
            await kept[0].call(stop)
        thread.join()
        return said(kept.clear)

    assert interop.adapters.asyncio.run(main) == []


def test_a_portal_to_a_loop_of_somebody_elses_that_has_ended_has_nothing_to_close() -> None:
    async def main() -> list[warnings.WarningMessage]:
        async with open_portal("asyncio") as home:
            kept = [await open_portal(home.runtime).__aenter__()]
        return said(kept.clear)

    assert interop.adapters.asyncio.run(main) == []


def test_a_portal_that_was_never_opened_or_has_been_closed_says_nothing() -> None:
    async def main() -> list[warnings.WarningMessage]:
        kept = [open_portal("asyncio"), open_portal("threads")]
        await kept[1].__aenter__()
        await kept[1].__aexit__(None, None, None)
        return said(kept.clear)

    assert interop.adapters.asyncio.run(main) == []


def test_two_portals_on_one_loop_say_loop() -> None:
    pytest.importorskip("tornado")

    async def main() -> None:
        async with open_portal("tornado", topology="loop") as tornado:
            async with open_portal(tornado.runtime, topology="loop") as again:
                assert await again.call(threading.get_ident) == threading.get_ident()
            with pytest.raises(errors.NoSuchTopology, match=r"for a loop that runs already it is 'loop'$"):
                await open_portal(tornado.runtime, topology="guest").__aenter__()

    interop.adapters.asyncio.run(main)


@pytest.mark.parametrize("name", ["trio", "asyncio", "gevent"])
def test_a_guest_and_its_host_say_guest(name: str) -> None:
    here, callee = side(name), "trio" if name == "asyncio" else "asyncio"
    side("trio")

    async def main() -> None:
        portal = here.adapter.open_portal(callee, topology="guest")
        there = await here.open(portal)
        again = here.adapter.open_portal(there.runtime, topology="guest")
        assert await here.call(await here.open(again), threading.get_ident) == threading.get_ident()
        await here.close(again)
        with pytest.raises(errors.NoSuchTopology, match=r"for a loop that runs already it is 'guest'$"):
            await here.open(here.adapter.open_portal(there.runtime, topology="loop"))
        await here.close(portal)

    run(here, main)


def test_a_guest_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    side("trio")
    error = ZeroDivisionError("at its start")

    async def fails(self: TrioGuest) -> None:
        raise error

    async def main() -> None:
        monkeypatch.setattr(TrioGuest, "main", fails)
        with pytest.raises(ZeroDivisionError) as caught:
            await open_portal("trio", topology="guest").__aenter__()
        assert caught.value is error

    interop.adapters.asyncio.run(main)


@pytest.mark.parametrize("name", ["asyncio", "trio", "threads", "gevent", "twisted"])
def test_what_a_stream_and_a_manager_are_given_reaches_them(name: str) -> None:
    here = side(name)

    def numbers(first: int, *, last: int) -> Any:
        yield from range(first, last)

    class Manager:
        def __init__(self, *args: int, **kwargs: int) -> None:
            self.given = args, kwargs

        def __enter__(self) -> Any:
            return self.given

        def __exit__(self, *exc: object) -> None: ...

    class Given:
        """A session whose stream() and enter() pass arguments on."""

        def __init__(self, portal: Any) -> None:
            self.portal = portal

        def stream(self, fn: Any) -> Any:
            return self.portal.stream(fn, 2, last=5)

        def enter(self, manager: Any) -> Any:
            return self.portal.enter(manager, 2, last=5)

    async def main() -> None:
        portal = here.adapter.open_portal("threads")
        session = Given(await here.open(portal))
        assert [item async for item in here.stream(session, numbers)] == [2, 3, 4]
        async with here.enter(session, Manager) as given:
            assert given == ((2,), {"last": 5})
        await here.close(portal)

    run(here, main)


def test_a_request_that_fails_is_answered_once_and_the_ones_behind_it_as_well() -> None:
    seen: list[str] = []

    class Boom(BaseException):
        pass

    def fails() -> None:
        seen.append("fails")
        raise Boom

    async def here() -> Runtime:
        return interop.adapters.asyncio.current()

    runtime = interop.adapters.asyncio.run(here)
    runtime.dead = False  # Its inbox is looked at by hand: no loop runs it any more.
    runtime.raw_wake = lambda: None  # type: ignore[method-assign]
    runtime.wake(fails)
    runtime.wake(lambda: seen.append("the next"))
    with pytest.raises(Boom):
        runtime.drain()
    runtime.drain()
    assert seen == ["fails", "the next"]
    runtime.dead = True
