"""What the scenario's tests share: the frameworks that are here, and a server that does what it is told, when it is told."""

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from tests import balance

# Seconds after a deadline. The contract says 1.0, on a machine with nothing else to do (docs/fetch-contract.md, `tox -e soak`).
# Elsewhere this tells "at the deadline" from what would come without it: 30 seconds or never.
MARGIN = 1.0 if "INTEROP_SOAK" in os.environ else 10.0
GROUPS = [pytest.param(name, id=name) for name in FRAMEWORKS]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, whatever `--dist` says."""
    return balance.scheduler(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what `-m touching` asks for; and what takes longest begins first, where there are workers to be kept busy."""
    for item in items:
        if balance.touching(item.nodeid):
            item.add_marker(pytest.mark.touching)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: balance.rank(item.nodeid))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What a test waits for is not to come too late because of another test."""
    with balance.turn(item.nodeid) if hasattr(item.config, "workerinput") else contextlib.nullcontext():
        yield


class Server:
    """Answers each connection with `script(connection)` in a thread of its own, after the request's head has been read.

    `asked` counts the requests: a semaphore that a test waits for.
    """

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._script = script
        self.asked = threading.Semaphore(0)
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(65536)
                if not data:
                    return
                head += data
            self.heads.append(head)
            self.asked.release()
            self._script(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], Server]]:
    with contextlib.ExitStack() as servers:

        def start(script: Callable[[socket.socket], None]) -> Server:
            server = Server(script)
            servers.callback(server.close)
            return server

        yield start


@pytest.fixture(params=GROUPS)
def framework(request: pytest.FixtureRequest) -> str:
    """Each framework's name; one that is not installed is a visible skip."""
    name = str(request.param)
    if missing := FRAMEWORKS[name].missing():
        pytest.skip(missing)
    return name


def open_sockets() -> Iterator[socket.socket]:
    """A duplicate of each socket that this process has open, for as long as the next one is not asked for.

    A server's threads open and close sockets meanwhile: a number that was closed may be another file's, and is not closed again.
    """
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # it was closed
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                duplicate = os.dup(int(name))
                try:
                    found = socket.socket(fileno=duplicate)
                except OSError:
                    os.close(duplicate)
                    raise
                with found:
                    yield found


def hold(connection: socket.socket) -> None:
    """Say nothing until the peer goes away."""
    while connection.recv(65536):
        pass
