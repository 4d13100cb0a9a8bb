"""Many pages at once, from the local origin into one store, by the command."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.origin import Origin

MIXED = ("nothing", "threads", "asyncio", "tornado", "twisted", "gevent", "eventlet", "trio")
OTHERS = ("asyncio[uvloop]", "twisted[asyncio]", "gevent[patched]", "anyio[asyncio]", "anyio[trio]", "twisted[callbacks]")
SOAK = pytest.mark.skipif("INTEROP_SOAK" not in os.environ, reason="a minute for each, in which nothing else moves: tox -e soak")
HERE = [name for name in FRAMEWORKS if not FRAMEWORKS[name].missing()]


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


def start(origin: Origin, framework: str, store: Path, pages: int, *more: str) -> "subprocess.Popen[str]":
    urls = [f"{origin.http}/hello?{framework}-{number}" for number in range(pages)]
    command = [sys.executable, "-m", "interop", "fetch", *urls, "--framework", framework, "--store", str(store), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended_well(process: "subprocess.Popen[str]", pages: int) -> None:
    said, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, "")
    assert len([line for line in said.splitlines() if json.loads(line)["stored"]]) == pages


def count(store: Path) -> int:
    with contextlib.closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found: int = connection.execute("SELECT count(*) FROM pages WHERE body = ?", (b"hello",)).fetchone()[0]
        return found


def saved_by_eight(origin: Origin, store: Path, frameworks: tuple[str, ...], *more: str) -> None:
    processes = [start(origin, framework, store, 50, *more) for framework in frameworks]
    for process in processes:
        ended_well(process, 50)
    assert count(store) == 50 * len(frameworks)


@pytest.mark.parametrize("framework", ["asyncio", "trio", "gevent"])
def test_two_hundred_pages_at_once_are_all_saved(origin: Origin, tmp_path: Path, framework: str) -> None:
    if missing := FRAMEWORKS[framework].missing():
        pytest.skip(missing)
    ended_well(start(origin, framework, tmp_path / "pages.db", 200, "--concurrency", "200"), 200)
    assert count(tmp_path / "pages.db") == 200


@contextlib.contextmanager
def busy(load: int) -> Iterator[None]:
    """So many processes a core that never wait."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(load * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


@pytest.mark.campaign
@pytest.mark.parametrize("load", [0, pytest.param(10, marks=SOAK)], ids=["quiet", "load"])
@pytest.mark.parametrize("framework", HERE)
def test_a_thousand_pages_at_once_are_all_saved(origin: Origin, tmp_path: Path, framework: str, load: int) -> None:
    with busy(load):
        ended_well(start(origin, framework, tmp_path / "pages.db", 1000, "--concurrency", "1000"), 1000)
    assert count(tmp_path / "pages.db") == 1000


@pytest.mark.campaign
@pytest.mark.parametrize("frameworks", [MIXED, MIXED[:2] + OTHERS], ids=["some", "others"])
@pytest.mark.parametrize("load", [0, 10], ids=["quiet", "load"])
def test_eight_processes_of_mixed_frameworks_save_fifty_pages_each(
    origin: Origin, tmp_path: Path, frameworks: tuple[str, ...], load: int
) -> None:
    with busy(load):
        saved_by_eight(origin, tmp_path / "pages.db", tuple(name for name in frameworks if name in HERE))
