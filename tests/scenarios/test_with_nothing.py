"""Plain blocking code, where it is special: a deadline for what cannot be cancelled, one page at a time, exact requests."""

import concurrent.futures
import contextlib
import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.fetch_and_save import blocking, with_nothing
from scenarios.fetch_and_save.contract import (
    BadResponse,
    Deadline,
    Errand,
    FetchAndSaveError,
    Job,
    Page,
    Store,
    Timeout,
    Visit,
)
from tests.scenarios import stage

PATIENCE = 60  # seconds, for what comes at once on a machine that is not busy


@pytest.fixture
def server() -> Iterator[stage.Stage]:
    server = stage.Stage()
    yield server
    server.close()


def test_the_request_on_the_wire_is_exact(server: stage.Stage) -> None:
    for target in stage.TARGETS:
        with_nothing.fetch(server.url + target)
    with_nothing.fetch(server.url.replace("//", "//user:pw@") + "/hops")
    authorized = "Authorization: Basic dXNlcjpwdw==\r\n"
    expected = [stage.request(server.url, target) for target in stage.TARGETS]
    expected += [stage.request(server.url, target, authorized) for target in ("/hops", "/parts")]
    assert server.heads == expected


def test_pages_are_fetched_one_after_the_other(server: stage.Stage) -> None:
    outcomes: list[Page | FetchAndSaveError] = []

    def report(errand: Errand, outcome: Page | FetchAndSaveError) -> None:
        outcomes.append(outcome)
        assert len(server.heads) == len(outcomes)

    with_nothing.run(Job("nothing", [Errand(server.url + "/hello")] * 5, report, concurrency=5))
    assert [outcome.body for outcome in outcomes if isinstance(outcome, Page)] == [b"hello"] * 5


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_expiring_the_deadline_ends_a_fetch_that_is_blocked(scheme: str, server: stage.Stage) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    url = server.url + "/hold" if scheme == "http" else f"https://127.0.0.1:{silent.getsockname()[1]}/"
    deadline = Deadline(600)
    with contextlib.ExitStack() as stack:
        stack.enter_context(silent)
        thread = stack.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        stack.callback(deadline.expire)
        fetching = thread.submit(with_nothing.fetch, url, timeout=deadline)
        if scheme == "http":
            server.asked.acquire()
        else:
            stack.enter_context(silent.accept()[0]).recv(1)  # the handshake has begun
        deadline.expire()
        error = fetching.exception(PATIENCE)
    assert isinstance(error, Timeout)
    assert error.phase == ("answer" if scheme == "http" else "connection")


def test_a_resolver_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answer.wait(PATIENCE) and [])
    with pytest.raises(Timeout):
        with_nothing.fetch("http://127.0.0.1/", timeout=0.1)
    deadline = Deadline(600)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(with_nothing.fetch, "http://127.0.0.1/", timeout=deadline)
        deadline.expire()
        assert isinstance(fetching.exception(PATIENCE), Timeout)
    answer.set()


def test_every_address_is_tried(server: stage.Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(server.url.rpartition(":")[2])
    addresses = [
        *socket.getaddrinfo("127.0.0.1", 1, type=socket.SOCK_STREAM),  # nobody listens there
        *socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: addresses)
    assert with_nothing.fetch(server.url + "/hello").body == b"hello"


def test_ctrl_c_breaks_into_a_fetch_and_leaves_nothing(server: stage.Stage, tmp_path: Path) -> None:
    before = stage.sockets()
    store = Store(tmp_path / "pages.db", "nothing")
    main = threading.main_thread().ident
    assert main is not None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits it as ignored

    def interrupt() -> None:
        server.asked.acquire()
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        with_nothing.fetch_and_save(server.url + "/hold", store)
    thread.join()
    server.wait_until_idle()
    assert stage.sockets() <= before
    assert stage.saved(store) == []


def test_a_reset_is_not_an_end(server: stage.Stage) -> None:
    with pytest.raises(BadResponse):
        with_nothing.fetch(server.url + "/reset")


def test_two_hundred_fetches_leave_nothing(server: stage.Stage, tmp_path: Path) -> None:
    stage.two_hundred_leave_nothing(with_nothing, server, Store(tmp_path / "pages.db", "nothing"))


def test_the_watch_gives_what_fits_and_keeps_the_rest() -> None:
    reader, writer = socket.socketpair()
    with reader, writer, reader.makefile("rb", buffering=0) as raw:
        visit = Visit("http://localhost/")
        writer.sendall(stage.HELLO)
        watch = blocking.Watch(raw, visit, lambda: None)
        seen = b""
        while not seen.endswith(b"\r\n\r\nhello"):
            seen += watch.read(1) or b""
        assert seen.startswith(b"HTTP/1.1 200 ")
        watch.close()


def test_as_a_script_it_is_silent(server: stage.Stage, tmp_path: Path) -> None:
    done = stage.script("nothing", server.url + "/hops", server.url + "/reset", "--store", str(tmp_path / "pages.db"))
    assert done.returncode == 1
    assert [json.loads(line)["stored"] for line in done.stdout.splitlines()] == [True]
    assert done.stderr.startswith("interop: BadResponse: ")
    assert done.stderr.count("\n") == 1
