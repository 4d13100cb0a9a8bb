"""Signals at chosen and at random moments: one line, the right exit code, and a store that is sound.

A few moments each by default; `tox -e soak` takes 200 a framework.
"""

import contextlib
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scenarios.fetch_and_save.contract import Page, Store
from tests.conftest import Server, hold

pytestmark = pytest.mark.campaign
SOAK = "INTEROP_SOAK" in os.environ
RANDOM_MOMENTS = 190 if SOAK else 2
PATIENCE = 60  # seconds for a process to start, or to end, on a busy machine
OLDER = "http://127.0.0.1/older"
BODY = b"x" * 100_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}


def answer(connection: socket.socket) -> None:
    connection.sendall(HEAD + BODY)


def half_an_answer(connection: socket.socket) -> None:
    connection.sendall(HEAD + BODY[:50_000])
    hold(connection)


@contextlib.contextmanager
def fetching(url: str, framework: str, store: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [
        sys.executable,
        "-X",
        "dev",
        "-W",
        "error",
        "-m",
        "interop",
        "fetch",
        url,
        "--framework",
        framework,
        "--store",
        str(store),
    ]

    def with_signals_as_a_terminal_has_them() -> None:  # a background job inherits SIGINT as ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)

    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=with_signals_as_a_terminal_has_them
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def end(process: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """Send the signal and check how the process ends. Returns its standard output."""
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    if process.returncode == 0:  # it was faster
        assert errors == ""
        return output
    assert process.returncode == EXIT_CODES[number], errors
    assert errors == ("" if number is signal.SIGKILL else f"interop: Interrupted: stopped by {number.name}\n")
    return output


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that has a page already."""
    path = tmp_path / "pages.db"
    Store(path, "nothing").save(Page(OLDER, OLDER, 200, (), BODY))
    return path


def rows(store: Path) -> dict[str, bytes]:
    with contextlib.closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(connection.execute("SELECT url, body FROM pages"))


def check_a_rerun_succeeds(store: Path, url: str, framework: str) -> None:
    with fetching(url, framework, store) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (0, "")
    assert rows(store)[url] == BODY


def wait_until_asked(process: "subprocess.Popen[str]", server: Server) -> None:
    """Until the process has sent its request."""
    limit = time.monotonic() + PATIENCE
    while not server.asked.acquire(timeout=0.2):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit, "no request came"


def wait_until_open(process: "subprocess.Popen[str]", store: Path) -> None:
    """Until the process has the store open."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        assert process.poll() is None, process.communicate()
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(descriptor) == str(store):
                    return
        os.sched_yield()
    pytest.fail("the store was never opened")


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="sees what a process has open through /proc, which only Linux has"
)


@pytest.mark.parametrize(("number", "script"), [(signal.SIGINT, hold), (signal.SIGTERM, half_an_answer)])
def test_a_signal_while_the_answer_is_awaited(
    number: signal.Signals, script: Callable[[socket.socket], None], framework: str, store: Path, serve: Callable[..., Server]
) -> None:
    stalling = serve(script)
    with fetching(stalling.url + "/new", framework, store) as process:
        wait_until_asked(process, stalling)
        end(process, number)
    assert rows(store) == {OLDER: BODY}


@needs_proc
def test_a_signal_while_the_store_is_locked_by_another(framework: str, store: Path, serve: Callable[..., Server]) -> None:
    server = serve(answer)
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with fetching(server.url + "/new", framework, store) as process:
            wait_until_open(process, store)
            end(process, signal.SIGINT)
    assert not server.heads, "the store is opened before the network is touched"
    assert rows(store) == {OLDER: BODY}


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_between_fetch_and_save(
    number: signal.Signals, framework: str, store: Path, serve: Callable[..., Server]
) -> None:
    with contextlib.closing(sqlite3.connect(store, isolation_level=None, check_same_thread=False)) as other:
        answered = threading.Event()  # and the server's thread is done with `other`

        def lock_and_answer(connection: socket.socket) -> None:
            other.execute("BEGIN IMMEDIATE")
            answer(connection)
            answered.set()
            hold(connection)  # until the client has all of it and closes

        server = serve(lock_and_answer)
        with fetching(server.url + "/new", framework, store) as process:
            assert answered.wait(PATIENCE), process.poll()
            wait_until_open(process, store)
            end(process, number)
        other.execute("ROLLBACK")
    assert rows(store) == {OLDER: BODY}


def wait_until_guarded(process: "subprocess.Popen[str]") -> None:
    """Until the command's own handlers stand, not only Python's, which leaves SIGTERM alone."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        assert process.poll() is None, process.communicate()
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
        if caught is not None and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        os.sched_yield()
    pytest.fail("the command never guarded itself")


@needs_proc
def test_signals_at_random_moments(framework: str, store: Path, serve: Callable[..., Server]) -> None:
    server = serve(answer)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    begun = time.monotonic()
    with fetching(server.url + "/older", framework, store) as process:
        process.communicate(timeout=PATIENCE)
    usual = time.monotonic() - begun
    for _ in range(RANDOM_MOMENTS):
        number = moments.choice(list(EXIT_CODES))
        with fetching(server.url + "/new", framework, store) as process:
            wait_until_guarded(process)
            time.sleep(usual * moments.random())
            output = end(process, number)
        found = rows(store)
        assert found.pop(OLDER) == BODY
        assert set(found) <= {server.url + "/older", server.url + "/new"}
        assert set(found.values()) <= {BODY}, "a row is whole or absent"
        assert not output or server.url + "/new" in found, "success was said before the row was there"
    check_a_rerun_succeeds(store, server.url + "/new", framework)
