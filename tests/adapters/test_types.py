"""What a portal gives is known to the type checkers: mypy reads this file with the rest of the tests, pyright reads it alone."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from interop.errors import FrameworkMissing, NoSuchTopology, UnknownFramework
from interop.portal import FRAMEWORKS, find

if TYPE_CHECKING:
    import asyncio
    import concurrent.futures
    from collections.abc import AsyncIterator, Coroutine, Generator, Iterator

    from twisted.internet.defer import Deferred
    from typing_extensions import assert_type

    import interop.adapters.anyio
    import interop.adapters.asyncio
    import interop.adapters.eventlet
    import interop.adapters.gevent
    import interop.adapters.threads
    import interop.adapters.tornado
    import interop.adapters.trio
    import interop.adapters.twisted
    from interop.streams import AsyncStream

    async def coroutine(number: int, *, text: str = "") -> bytes: ...
    def deferred(number: int) -> Deferred[str]: ...
    def plain(number: int) -> float: ...
    async def items(count: int) -> AsyncIterator[int]:
        yield count

    def plain_items(count: int) -> Iterator[str]:
        yield str(count)

    @asynccontextmanager
    async def manager(name: str) -> AsyncIterator[bytes]:
        yield name.encode()

    @contextmanager
    def plain_manager(name: str) -> Iterator[int]:
        yield len(name)

    async def awaitable(portal: interop.adapters.trio.Portal, same: interop.adapters.asyncio.Portal) -> None:
        assert_type(await portal.call(coroutine, 1, text="x"), bytes)
        assert_type(await portal.call(deferred, 1), str)
        assert_type(await same.call(plain, 1), float)
        assert_type(portal.stream(items, 1), AsyncStream[int])
        assert_type(same.stream(plain_items, 1), AsyncStream[str])
        async with portal.enter(manager, "x") as entered, portal.enter(plain_manager("x")) as number:
            assert_type(entered, bytes)
            assert_type(number, int)
        await portal.call(coroutine, "not a number")  # type: ignore[call-overload]
        await portal.call(coroutine, 1, txet="x")  # type: ignore[call-arg]
        portal.stream(plain, 1)  # type: ignore[call-overload]

    async def entering(portal: interop.adapters.anyio.Portal | interop.adapters.tornado.Portal) -> bytes:
        call: Coroutine[Any, Any, bytes] = portal.call(coroutine, 1)
        async with portal as same:
            assert_type(same, interop.adapters.anyio.Portal | interop.adapters.tornado.Portal)
        async for item in portal.stream(items, 1):
            assert_type(item, int)
        return await call

    def deferring(portal: interop.adapters.twisted.Portal) -> None:
        assert_type(portal.call(coroutine, 1, text="x"), Deferred[bytes])
        assert_type(portal.call(plain, 1), Deferred[float])
        assert_type(portal.call(deferred, 1), Deferred[str])
        assert_type(portal.open(), Deferred[interop.adapters.twisted.Portal])
        assert_type(portal.close(), Deferred[None])
        portal.call(plain)  # type: ignore[call-overload]

    def blocking(portal: interop.adapters.gevent.Portal, same: interop.adapters.threads.Portal) -> None:
        assert_type(portal.call(coroutine, 1), bytes)
        assert_type(same.call(deferred, 1), str)
        assert_type(portal.stream(plain_items, 1), Generator[str, Any, None])
        with same.enter(manager, "x") as entered, same.enter(plain_manager, "x") as number:
            assert_type(entered, bytes)
            assert_type(number, int)
        with portal as opened:
            assert_type(opened, interop.adapters.gevent.Portal)

    def opening() -> None:
        assert_type(interop.adapters.eventlet.open_portal("trio"), interop.adapters.eventlet.Portal)
        assert_type(interop.adapters.trio.open_portal("asyncio", topology="guest"), interop.adapters.trio.Portal)
        interop.adapters.trio.open_portal(interop.adapters.asyncio.current())
        interop.adapters.trio.open_portal(7)  # type: ignore[arg-type]

    def wrapping() -> None:
        assert_type(interop.adapters.asyncio.wrap(object()), asyncio.Future[Any])
        assert_type(interop.adapters.threads.wrap(object()), concurrent.futures.Future[Any])
        assert_type(interop.adapters.twisted.wrap(object()), Deferred[Any])


def test_an_unknown_framework_is_refused_by_name() -> None:
    with pytest.raises(UnknownFramework, match="curio"):
        find("curio")


def test_a_missing_framework_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FRAMEWORKS, "curio", ("curio", "", "curio_is_not_here"))
    with pytest.raises(FrameworkMissing, match=r"pip install 'async-interop\[curio_is_not_here\]'"):
        find("curio")


@pytest.mark.parametrize(
    ("callee", "topology", "reason"),
    [
        ("gevent", "guest", "let it be the host"),
        ("asyncio[uvloop]", "guest", "cannot be parked"),
        ("twisted", "guest", "twisted\\[asyncio\\]"),
        ("tornado", "guest", "use the topology 'loop'"),
        ("trio", "loop", "does not run on an asyncio loop"),
        ("twisted", "loop", "only the asyncioreactor"),
        ("asyncio[uvloop]", "loop", "not uvloop's"),
        ("trio", "beside", "there are thread, loop and guest"),
    ],
)
def test_a_topology_that_cannot_be_had_says_why(callee: str, topology: str, reason: str) -> None:
    import interop.adapters.asyncio

    if callee != "asyncio[uvloop]":
        pytest.importorskip(callee)

    async def main() -> None:
        with pytest.raises(NoSuchTopology, match=reason):
            async with interop.adapters.asyncio.open_portal(callee, topology=topology):
                pass

    interop.adapters.asyncio.run(main)
