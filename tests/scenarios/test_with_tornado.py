"""What is Tornado's own in with_tornado.py: cancelling at every moment, which its Futures do not do; its client's habits."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tornado")
pytest.importorskip("trustme", reason="the origin signs its certificates with trustme; install async-interop[run]")

from scenarios.fetch_and_save import with_tornado
from scenarios.fetch_and_save.contract import BadResponse, TLSError, client_context
from scenarios.fetch_and_save.with_tornado import fetch, fetch_and_save, run, save
from scenarios.origin import BEHAVIORS, Origin
from tests.conftest import Server, hold
from tests.scenarios import asyncio_checks as checks


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with Origin() as origin, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", origin.ca_file)
        client_context.cache_clear()
        yield origin
        client_context.cache_clear()


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


def url(origin: Origin, name: str) -> str:
    return origin.url(next(behavior for behavior in BEHAVIORS if behavior.name == name))


@pytest.mark.parametrize("name", ["redirect-http-to-https", "until-close-64k"])
def test_cancelling_after_any_suspension_closes_the_socket_first(name: str, origin: Origin, tmp_path: Path) -> None:
    suspensions = asyncio.run(
        checks.cancelled_at_each_suspension(fetch_and_save, url(origin, name), tmp_path / "pages.db", "tornado")
    )
    assert suspensions >= 4


@pytest.mark.parametrize("name", ["redirect-http-to-https", "until-close-64k"])
def test_cancelling_in_any_turn_of_the_loop_closes_the_socket_first(name: str, origin: Origin, tmp_path: Path) -> None:
    turns = checks.run_in_turns(
        lambda turns: checks.cancelled_in_each_turn(fetch_and_save, url(origin, name), tmp_path / "pages.db", "tornado", turns)
    )
    assert turns >= 10


def test_cancelling_a_save_that_waits_for_a_lock_ends_it(tmp_path: Path) -> None:
    asyncio.run(checks.cancelled_while_the_store_is_locked(save, tmp_path / "pages.db", "tornado"))


@pytest.mark.parametrize("name", ["hello", "reset-in-body"])
def test_200_fetches_leave_nothing_behind(name: str, origin: Origin) -> None:
    async def once() -> None:
        try:
            await fetch(url(origin, name))
        except BadResponse:
            assert name == "reset-in-body"

    asyncio.run(checks.leaves_nothing_behind(once))


@pytest.mark.parametrize("name", ["redirect-http-to-https", "until-close-1m", "tls-until-close-1m"])
def test_a_body_does_not_wait_for_the_garbage_collector(name: str, origin: Origin) -> None:
    asyncio.run(checks.no_visit_is_left(lambda: fetch(url(origin, name))))


def test_more_pages_at_once_than_tornado_allows_by_default(serve: Callable[..., Server]) -> None:
    crowd = checks.Crowd(30)
    assert checks.bodies(run, "tornado", serve(crowd).url, 30, concurrency=30) == [b"hello"] * 30


def test_no_more_pages_at_once_than_were_asked_for(serve: Callable[..., Server]) -> None:
    crowd = checks.Crowd(3)
    assert checks.bodies(run, "tornado", serve(crowd).url, 9, concurrency=3) == [b"hello"] * 9
    assert crowd.most == 3


@pytest.mark.parametrize("target", checks.TARGETS)
def test_the_request_is_the_contracts_and_nothing_else(target: str, serve: Callable[..., Server]) -> None:
    server = serve(lambda connection: connection.sendall(b"HTTP/1.1 204 Nothing\r\n\r\n"))
    host = server.url.removeprefix("http://")
    asyncio.run(fetch(f"http://user:pw@{host}{target}"))
    assert server.heads == [checks.request(target, host, b"Authorization: Basic dXNlcjpwdw==")]


def test_an_answer_that_comes_before_the_request_is_read_too() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    async def main() -> bytes:
        fetching = asyncio.ensure_future(fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        connection, _ = await asyncio.get_running_loop().run_in_executor(None, listener.accept)
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            return (await fetching).body

    with listener:
        assert asyncio.run(main()) == b"hello"


def test_a_stopped_job_ends_at_once(serve: Callable[..., Server]) -> None:
    server = serve(hold)
    job = checks.stopped_when(server.asked, "tornado", [f"{server.url}/{n}" for n in range(5)])
    run(job)
    assert job.stopped


def test_development_mode_is_silent(origin: Origin, tmp_path: Path) -> None:
    assert checks.said_in_development_mode("tornado", tmp_path / "pages.db", origin) == ""


def test_what_came_before_tls_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are in the socket when the loop first looks at it, which a man in the middle has by luck."""
    sent = threading.Event()
    connect = with_tornado.WatchedStream.connect

    def connect_and_wait(self: Any, *args: Any) -> Any:
        connected = connect(self, *args)
        assert sent.wait(60)
        return connected

    monkeypatch.setattr(with_tornado.WatchedStream, "connect", connect_and_wait)

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            sent.set()
            with contextlib.suppress(ConnectionError):  # it leaves the bytes unread
                while connection.recv(65536):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(TLSError):
            asyncio.run(fetch(f"https://127.0.0.1:{listener.getsockname()[1]}/"))
        server.join()
