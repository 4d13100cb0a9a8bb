"""What the tests of the blocking and the green clients share: a server that plays by path, and checks in a child process."""

import contextlib
import gc
import importlib
import json
import os
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from interop import __version__
from scenarios.fetch_and_save.contract import (
    BadResponse,
    Deadline,
    Errand,
    FetchAndSaveError,
    Job,
    Page,
    Store,
    TLSError,
)
from tests.conftest import Server, hold

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time
CLIENT_HELLO = 0x16
TOGETHER = 5
# Each as it must be on the wire.
TARGETS = ("/", "/?", "/a?", "/x/../y", "/x/%2e%2e/y", "//x//", "/%7e%2F?a=b?c&d=%e2", "/-._~!$&'()*+,;=:@", "/http://x/")


class Stage(Server):
    """Plays what the path of the request asks for."""

    def __init__(self) -> None:
        self.all_here = threading.Barrier(TOGETHER)
        super().__init__(hold)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, threading.BrokenBarrierError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(65536)
                if not data or data[0] == CLIENT_HELLO:  # which nobody here answers
                    return
                head += data
            self.heads.append(head)
            self.asked.release()
            self._play(head.split(b" ")[1], connection)
            hold(connection)

    def _play(self, path: bytes, connection: socket.socket) -> None:
        if path == b"/hops":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /parts\r\nContent-Length: 1000\r\n\r\n")
        elif path == b"/parts":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")
            connection.sendall(b"3\r\nllo\r\n0\r\n\r\n")
        elif path == b"/meet":
            self.all_here.wait(60)
            connection.sendall(HELLO)
        elif path == b"/reset":
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.close()
        elif path != b"/hold":
            connection.sendall(HELLO)

    def wait_until_idle(self) -> None:
        """Until every client has closed its connection, and so have we."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        self.all_here.abort()
        super().close()


def request(url: str, target: str, more: str = "") -> bytes:
    """What is to be on the wire, no more and no less."""
    host = url.removeprefix("http://")
    fields = f"Host: {host}\r\nUser-Agent: interop/{__version__}\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n{more}"
    return f"GET {target} HTTP/1.1\r\n{fields}\r\n".encode()


def sockets() -> set[int]:
    """Inodes of those that this process has open. Ask for others than before: what other tests left may go at any time."""
    found = set()
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):
            status = os.fstat(int(name))
            if stat.S_ISSOCK(status.st_mode):
                found.add(status.st_ino)
    return found


def saved(store: Store) -> list[bytes]:
    """The bodies that the store has; it may have none, or not be there."""
    if not os.path.exists(store.target):
        return []
    with contextlib.closing(sqlite3.connect(store.target)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return []
        return [body for (body,) in connection.execute("SELECT body FROM pages")]


class BusyStore(Store):
    """A store that knows how many are waiting for it."""

    inside = 0

    def begin(self, page: Page | None, deadline: Deadline, done: Callable[[FetchAndSaveError | None], object]) -> None:
        def counted(error: FetchAndSaveError | None) -> None:
            self.inside -= 1
            done(error)

        self.inside += 1
        super().begin(page, deadline, counted)


def check_whole_or_absent(store: BusyStore) -> None:
    assert not store.inside, "it was not waited for"
    assert saved(store) in ([], [b"hello"])


def done_at_once(run: Callable[[Job], None], url: str) -> None:
    """Every errand is under way before the first one ends, or none would end."""
    outcomes: list[Page | FetchAndSaveError] = []
    errands = [Errand(url + "/meet", {"timeout": 60})] * TOGETHER
    run(Job("nothing", errands, lambda errand, outcome: outcomes.append(outcome), concurrency=TOGETHER))
    assert [outcome.body for outcome in outcomes if isinstance(outcome, Page)] == [b"hello"] * TOGETHER, outcomes


def two_hundred_leave_nothing(module: ModuleType, server: Stage, store: Store) -> None:
    """No socket and no thread that was not there after the first fifteen."""

    def fetch(times: int) -> None:
        for _ in range(times):
            module.fetch(server.url + "/hello")
            with contextlib.suppress(BadResponse):
                module.fetch(server.url + "/reset")
            with pytest.raises(TLSError):
                module.fetch(server.url.replace("http:", "https:"))
        module.fetch_and_save(server.url + "/hello", store)
        gc.collect()
        server.wait_until_idle()

    fetch(5)
    before, threads = sockets(), set(threading.enumerate())
    fetch(70)
    assert sockets() <= before
    for thread in set(threading.enumerate()) - threads:
        thread.join(60)  # the last resolver's has answered, and may not have ended yet
        assert not thread.is_alive(), thread


def results(module: str, *arguments: str) -> dict[str, str]:
    """Make a module's checks in a process of its own, warnings being errors there. What each came to; "" is good."""
    code = f"from {__name__} import make; make({module!r}, {arguments!r})"
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return {str(name): str(result) for name, result in json.loads(done.stdout).items()}


def make(module: str, arguments: tuple[str, ...]) -> None:
    checks = importlib.import_module(module).checks(*arguments)
    outcome = {}
    for name, check in checks.items():
        try:
            check()
            outcome[name] = ""
        except BaseException:
            outcome[name] = traceback.format_exc()
    print(json.dumps(outcome))


def script(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a scenario's file as a script, warnings being errors."""
    path = Path(__file__).parents[2] / "scenarios" / "fetch_and_save" / f"with_{name}.py"
    command = [sys.executable, "-X", "dev", "-W", "error", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)
