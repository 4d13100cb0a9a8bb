"""Many rows in one transaction, and a call to the operating system that fails or is the last one.

The database is sound, each row is old or new whole, and no row is absent that was said to be saved. What test_store.py asks of
one row, by every single call, is asked here of many, and of the command in each framework.
"""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.store import Store
from scenarios.origin import Origin

HERE = Path(__file__).parent
EVERYTHING = "INTEROP_SOAK" in os.environ
PAGES = 40
MOST_CALLS = 200  # to the files of the store, until that many pages are saved together; the last of them may not be reached
ALIKE = [name for name in FRAMEWORKS if not FRAMEWORKS[name].missing() and name != "nothing"]  # which saves one after the other

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


@pytest.mark.parametrize(
    ("size", "every"), [(300, 1 if EVERYTHING else 5), (100_000, 1 if EVERYTHING else 199)], ids=["small", "beyond the cache"]
)
def test_a_call_may_fail_while_many_rows_are_saved_and_nothing_is_damaged(
    faults: Path, tmp_path: Path, size: int, every: int
) -> None:
    done = subprocess.run(
        # The writer's thread has said that it is done, and may not have left yet when its parent forks.
        [sys.executable, "-W", "ignore::DeprecationWarning", HERE / "faulty_group.py", tmp_path, str(size), str(every)],
        env={**os.environ, "LD_PRELOAD": str(faults), "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert (report["told"], report["commits"]) == (40, 1), "all of them in one transaction"
    assert report["wrong"] == []
    assert report["hot"] >= 5
    assert report["cases"] >= 20


@pytest.mark.parametrize("framework", ALIKE)
def test_a_command_that_is_killed_at_any_call_has_said_nothing_that_is_not_there(
    faults: Path, origin: Origin, tmp_path: Path, framework: str
) -> None:
    path = tmp_path / "pages.db"
    urls = [f"{origin.http}/hello?{number}" for number in range(PAGES)]
    old = dict.fromkeys(urls[::2], b"old")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    killed = 0
    dice, apart = random.Random(seed), 2 if EVERYTHING else 25
    for first in range(1, MOST_CALLS, apart):  # one of each row of calls: the first row is reached by every framework
        call = dice.randrange(first, first + apart)
        fill(path, old)
        command = [sys.executable, "-m", "interop", "fetch", *urls, "--framework", framework, "--store", str(path)]
        done = subprocess.run(
            [*command, "--concurrency", str(PAGES)],
            env={**os.environ, "LD_PRELOAD": str(faults), "FAULTS_DIRECTORY": str(tmp_path), "FAULTS_CALL": str(call)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) in [(0, ""), (-signal.SIGKILL, "")], call
        killed += done.returncode != 0
        told = {json.loads(line)["url"] for line in done.stdout.splitlines()}
        found = bodies(path)
        assert {url for url in told if found.get(url) != b"hello"} == set(), call
        assert {url for url in urls if found.get(url) not in (b"hello", old.get(url))} == set(), call
    assert killed


def fill(path: Path, pages: dict[str, bytes]) -> None:
    """The store, with these pages and no others."""
    store = Store(path, "before")
    store.open()
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM pages")
        values = [(url, url, 200, body, "", "before", "") for url, body in pages.items()]
        connection.executemany("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        connection.commit()


def bodies(path: Path) -> dict[str, bytes]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(connection.execute("SELECT url, body FROM pages"))
