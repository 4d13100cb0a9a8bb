"""What is asyncio's own in with_asyncio.py: cancelling at every moment, on both loops; aiohttp's habits that are broken."""

import asyncio
import contextlib
import gc
import logging
import os
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("trustme", reason="the origin signs its certificates with trustme; install async-interop[run]")

import aiohttp

from scenarios.fetch_and_save import with_asyncio
from scenarios.fetch_and_save.contract import BadResponse, Deadline, Timeout, client_context
from scenarios.fetch_and_save.with_asyncio import fetch, fetch_and_save, run, save
from scenarios.origin import BEHAVIORS, Origin
from tests.conftest import Server, hold
from tests.scenarios import asyncio_checks as checks

Runner = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with Origin() as origin, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", origin.ca_file)
        client_context.cache_clear()
        yield origin
        client_context.cache_clear()


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """But for what uvloop says of itself, when connecting is cancelled in the very turn in which TLS is ready."""
    yield
    said = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert [text for text in said if not text.startswith("Fatal error on SSL protocol\nprotocol: <uvloop.")] == []


def url(origin: Origin, name: str) -> str:
    return origin.url(next(behavior for behavior in BEHAVIORS if behavior.name == name))


@pytest.fixture(params=["asyncio", "asyncio[uvloop]"])
def framework(request: pytest.FixtureRequest) -> str:
    if "uvloop" in request.param:
        pytest.importorskip("uvloop")
    return str(request.param)


@pytest.fixture
def runner(framework: str) -> Runner:
    if "uvloop" in framework:
        import uvloop

        return uvloop.run
    return asyncio.run


@pytest.mark.parametrize("name", ["redirect-http-to-https", "until-close-64k"])
def test_cancelling_after_any_suspension_closes_the_socket_first(
    name: str, origin: Origin, tmp_path: Path, framework: str, runner: Runner
) -> None:
    suspensions = runner(checks.cancelled_at_each_suspension(fetch_and_save, url(origin, name), tmp_path / "pages.db", framework))
    assert suspensions >= 5


@pytest.mark.parametrize("name", ["redirect-http-to-https", "until-close-64k"])
def test_cancelling_in_any_turn_of_the_loop_closes_the_socket_first(name: str, origin: Origin, tmp_path: Path) -> None:
    turns = checks.run_in_turns(
        lambda turns: checks.cancelled_in_each_turn(fetch_and_save, url(origin, name), tmp_path / "pages.db", "asyncio", turns)
    )
    assert turns >= 10


def test_cancelling_a_save_that_waits_for_a_lock_ends_it(tmp_path: Path, framework: str, runner: Runner) -> None:
    runner(checks.cancelled_while_the_store_is_locked(save, tmp_path / "pages.db", framework))


@pytest.mark.parametrize("name", ["hello", "reset-in-body"])
def test_200_fetches_leave_nothing_behind(name: str, origin: Origin, runner: Runner) -> None:
    async def once() -> None:
        try:
            await fetch(url(origin, name))
        except BadResponse:
            assert name == "reset-in-body"

    runner(checks.leaves_nothing_behind(once))


@pytest.mark.parametrize("name", ["redirect-http-to-https", "until-close-1m", "tls-until-close-1m"])
def test_a_body_does_not_wait_for_the_garbage_collector(name: str, origin: Origin, runner: Runner) -> None:
    runner(checks.no_visit_is_left(lambda: fetch(url(origin, name))))


def test_more_pages_at_once_than_aiohttp_allows_by_default(serve: Callable[..., Server], framework: str) -> None:
    crowd = checks.Crowd(101)
    assert checks.bodies(run, framework, serve(crowd).url, 101, concurrency=101) == [b"hello"] * 101


def test_no_more_pages_at_once_than_were_asked_for(serve: Callable[..., Server], framework: str) -> None:
    crowd = checks.Crowd(3)
    assert checks.bodies(run, framework, serve(crowd).url, 9, concurrency=3) == [b"hello"] * 9
    assert crowd.most == 3


@pytest.mark.parametrize("target", checks.TARGETS)
def test_the_request_is_the_contracts_and_nothing_else(target: str, serve: Callable[..., Server], runner: Runner) -> None:
    server = serve(lambda connection: connection.sendall(b"HTTP/1.1 204 Nothing\r\n\r\n"))
    host = server.url.removeprefix("http://")
    runner(fetch(f"http://user:pw@{host}{target}"))
    assert server.heads == [checks.request(target, host, b"Authorization: Basic dXNlcjpwdw==")]


def test_a_connection_that_drops_is_not_tried_again(serve: Callable[..., Server], runner: Runner) -> None:
    server = serve(lambda connection: connection.shutdown(socket.SHUT_RDWR))
    with pytest.raises(BadResponse):
        runner(fetch(server.url))
    assert len(server.heads) == 1


def test_uvloop_loses_nothing_of_a_tls_body_that_ends_with_the_connection(origin: Origin, runner: Runner) -> None:
    """It does if reading is paused on the way: MagicStack/uvloop#661."""

    async def often() -> set[int]:
        pages = [await fetch(url(origin, "tls-until-close-1m")) for _ in range(20)]
        return {len(page.body) for page in pages}

    assert runner(often()) == {1 << 20}


def test_an_answer_that_comes_before_the_request_is_read_too(runner: Runner) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    async def main() -> bytes:
        fetching = asyncio.ensure_future(fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        connection, _ = await asyncio.get_running_loop().run_in_executor(None, listener.accept)
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            return (await fetching).body

    with listener:
        assert runner(main()) == b"hello"


def test_a_stopped_job_ends_at_once(serve: Callable[..., Server], framework: str) -> None:
    server = serve(hold)
    job = checks.stopped_when(server.asked, framework, [f"{server.url}/{n}" for n in range(5)])
    run(job)
    assert job.stopped


def test_development_mode_is_silent(origin: Origin, tmp_path: Path, framework: str) -> None:
    assert checks.said_in_development_mode(framework, tmp_path / "pages.db", origin) == ""


def test_a_deadline_in_the_turn_in_which_the_connection_is_made_is_a_timeout(
    runner: Runner, serve: Callable[[Callable[[socket.socket], None]], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop closes the transport itself then, after its protocol has heard of it: that is no end of the peer's."""
    handler = with_asyncio.WatchedHandler
    deadline = Deadline(0.2)

    def late(*args: Any) -> with_asyncio.WatchedHandler:
        while deadline.left:  # The loop is busy for that long.
            time.sleep(deadline.left)
        return handler(*args)

    monkeypatch.setattr(with_asyncio, "WatchedHandler", late)
    with pytest.raises(Timeout):
        runner(fetch(serve(hold).url, timeout=deadline))


@pytest.mark.skipif(
    not hasattr(aiohttp, "SocketFactoryType") and hasattr(aiohttp.connector, "aiohappyeyeballs"),
    reason="aiohttp 3.10 and 3.11 make the socket themselves, and let nobody see it",
)
def test_no_file_is_closed_twice_when_a_connection_breaks_at_once(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvloop closes it then, and does not tell the socket; the number is soon another file's."""
    made = with_asyncio.WatchedHandler.connection_made
    with contextlib.ExitStack() as stack:
        # Nobody accepts: a server's thread could take the number before the test does.
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        files: list[TextIO] = []

        def broken(self: with_asyncio.WatchedHandler, transport: Any) -> None:
            made(self, transport)
            transport.abort()  # It is closed in the next turn, and aiohttp goes on after that.
            number = transport.get_extra_info("socket").fileno()
            asyncio.get_running_loop().call_soon(lambda: files.append(stack.enter_context(taking(number))))

        monkeypatch.setattr(with_asyncio.WatchedHandler, "connection_made", broken)
        with pytest.raises(BadResponse):
            runner(fetch(f"http://127.0.0.1:{port}/"))
        gc.collect()
        assert [os.fstat(file.fileno()).st_size for file in files] == [0]


@contextlib.contextmanager
def taking(number: int) -> Iterator[TextIO]:
    """A new file, which has got this number: the lowest that is free is given first."""
    with contextlib.ExitStack() as stack:
        while (file := stack.enter_context(open("/dev/null"))).fileno() != number:
            assert file.fileno() < number
        yield file
