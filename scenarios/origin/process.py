"""Origin: the server in a process of its own, so that a client's loop, patches and load never touch it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from scenarios.origin.behavior import Behavior
from scenarios.origin.listeners import addresses, fill

READY_WITHIN = 300.0  # seconds; only against a hang: a start that takes one second takes fifty at fifty runnable threads a core


def missing() -> str | None:
    """Why no origin can be started here, in words."""
    if importlib.util.find_spec("trustme") is None:
        return "the local origin needs trustme; install it with: pip install 'async-interop[run]'"
    return None


class Origin:
    """A running origin: `with Origin() as origin:`. Start it before any event loop; it blocks until the server is ready.

    Attributes:
        http: "http://127.0.0.1:PORT", the plain origin.
        https: "https://localhost:PORT", the TLS origin.
        ca_file: path of a PEM file with the CA that https is signed by; gone when the Origin is.
        pid: of the server's process.
        ports: every port, by the names of scenarios.origin.listeners.
    """

    http: str
    https: str
    ca_file: str
    pid: int
    ports: dict[str, int]

    def __enter__(self) -> Origin:
        """Start the server and wait until it listens.

        Raises:
            RuntimeError: it ended, or did not listen within a minute; what it wrote to standard error says why.
        """
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "scenarios.origin"]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )
        self.pid = self._child.pid
        self._folder = ""
        try:
            self._read_ready_line()
        except BaseException:
            self._end()
            raise
        return self

    def _read_ready_line(self) -> None:
        assert self._child.stdout is not None
        overdue = threading.Timer(READY_WITHIN, self._child.kill)
        overdue.start()
        try:
            line = self._child.stdout.readline()
        finally:
            overdue.cancel()
            overdue.join()
        if not line:
            said = f"the origin did not start within {READY_WITHIN:g} s: {' '.join(self._child.args)!r} ended"  # type: ignore[arg-type]
            raise RuntimeError(f"{said} with {self._child.wait()}; see its standard error")
        ready = json.loads(line)
        self.ports = ready["ports"]
        self.ca_file = ready["ca_file"]
        self._folder = ready["folder"]
        self._addresses = addresses(self.ports)
        self.http, self.https = self._addresses["http"], self._addresses["https"]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        finally:
            self._child.stdout.close()
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, behavior: Behavior) -> str:
        """The URL at which the behavior shows."""
        return fill(behavior.template, {**self._addresses, "name": behavior.name})

    def body(self, behavior: Behavior) -> bytes:
        """The decoded body that the behavior leads to, when it is "ok"."""
        return behavior.body if isinstance(behavior.body, bytes) else behavior.body()

    def requests(self) -> dict[str, list[bytes]]:
        """The raw request heads received since the last call, by behavior, in the order of their coming."""
        with socket.create_connection(("127.0.0.1", self.ports["control"]), timeout=READY_WITHIN) as control:
            control.sendall(b"requests\n")
            with control.makefile("rb") as answer:
                log = json.loads(answer.read())
        return {name: [head.encode("latin-1") for head in heads] for name, heads in log.items()}
