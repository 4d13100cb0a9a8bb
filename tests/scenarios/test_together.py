"""Many processes of many frameworks save into one store at once: every page is there, and nobody fails."""

import contextlib
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from tests.conftest import Server

pytestmark = pytest.mark.campaign
PROCESSES, PAGES = 8, 50
SPREAD = ("nothing", "threads", "asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio[trio]", "gevent[patched]")


def hello(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def test_8_processes_save_50_pages_each_into_one_new_store(tmp_path: Path, serve: Callable[..., Server]) -> None:
    server = serve(hello)
    store = tmp_path / "pages.db"
    here = [name for name in SPREAD if not FRAMEWORKS[name].missing()]
    names = [here[n % len(here)] for n in range(PROCESSES)]
    commands = [
        [sys.executable, "-m", "interop", "fetch", "--framework", name, "--store", str(store), "--timeout", "300"]
        + [f"{server.url}/{n}/{page}" for page in range(PAGES)]
        for n, name in enumerate(names)
    ]
    with contextlib.ExitStack() as running:
        processes = [
            running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
            for command in commands
        ]
        for process, name in zip(processes, names, strict=True):
            output, errors = process.communicate(timeout=400)
            assert (process.returncode, errors) == (0, ""), name
            assert [json.loads(line)["stored"] for line in output.splitlines()] == [True] * PAGES
    with contextlib.closing(sqlite3.connect(store)) as connection:
        saved = connection.execute("SELECT url, framework FROM pages").fetchall()
    expected = {(f"{server.url}/{n}/{page}", name) for n, name in enumerate(names) for page in range(PAGES)}
    assert len(saved) == PROCESSES * PAGES
    assert set(saved) == expected
