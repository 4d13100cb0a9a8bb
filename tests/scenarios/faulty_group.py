"""A program for test_faulty_group.py: let a call fail while many rows are saved in one transaction, and look what is left.

Run with faults.c preloaded: python faulty_group.py DIRECTORY BYTES EVERY. Says one JSON object. Each case is a child of its own.
Half of the rows replace old ones.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.fetch_and_save.deadline import Deadline
from scenarios.fetch_and_save.errors import FetchAndSaveError, StoreError
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import Page
from scenarios.fetch_and_save.writer import close_all
from tests.scenarios.faulty_store import MODES, WATCH, faults

URLS = [f"http://a/{number:02}" for number in range(40)]
OLD = {url: b"old " + url.encode() for url in URLS[::2]}


def new(size: int) -> dict[str, bytes]:
    return {url: (b"new " + url.encode() + b" ") * (size // 16) for url in URLS}


def prepare(store: Store) -> None:
    with contextlib.closing(sqlite3.connect(store.target)) as other:  # all of them in one transaction, and no writer to wait for
        store.open()
        values = [(url, url, 200, body, "", "before", "") for url, body in OLD.items()]
        other.executemany("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        other.commit()
    close_all()


def save_all(store: Store, bodies: dict[str, bytes], told: int) -> None:
    """Save them together; what is durable is written to `told` in the moment in which it is said."""
    ended = threading.Semaphore(0)

    def done(url: str, error: FetchAndSaveError | None) -> None:
        if error is None:
            os.write(told, f"{url}\n".encode())
        elif not isinstance(error, StoreError):
            os.write(told, f"{error!r}\n".encode())
        ended.release()

    # Until this lock goes nothing is saved, so that all rows wait when the writer begins.
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for url, body in bodies.items():
            store.begin(Page(url, url, 200, (), body), Deadline(20), partial(done, url))
    for _ in bodies:
        ended.acquire()


def attempt(directory: Path, bodies: dict[str, bytes], point: int, mode: int) -> tuple[list[str], list[str]]:
    """What a child says that it has saved, and what it called; nothing if it was killed."""
    mine, its = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            store = Store(directory / "pages.db", "faulty")
            faults.faults_arm(str(directory).encode(), point, mode)
            save_all(store, bodies, its)
            os.write(its, b"ended\n" + faults.faults_names())
        os._exit(0)
    os.close(its)
    with os.fdopen(mine) as answer:
        told, _, calls = answer.read().partition("ended\n")
    os.waitpid(child, 0)
    return told.splitlines(), calls.splitlines()


@contextlib.contextmanager
def prepared(top: Path) -> Iterator[Path]:
    directory = top / "store"
    directory.mkdir()
    prepare(Store(directory / "pages.db", "before"))
    yield directory
    shutil.rmtree(directory)


def found(path: Path) -> dict[str, bytes]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(connection.execute("SELECT url, body FROM pages"))


def wrong_with(rows: dict[str, bytes], bodies: dict[str, bytes], told: list[str]) -> list[str]:
    """The rows that are neither old nor new, and those that are not there though it was said."""
    torn = [url for url in URLS if rows.get(url) not in (bodies[url], OLD.get(url))]
    return torn + [f"{url} was said to be saved" for url in told if url not in bodies or rows.get(url) != bodies[url]]


def case(top: Path, bodies: dict[str, bytes], point: int, mode: str) -> tuple[str, bool]:
    """Returns what is wrong, or "", and whether a hot journal was left."""
    with prepared(top) as directory:
        path = directory / "pages.db"
        told, _ = attempt(directory, bodies, point, MODES[mode])
        journal = directory / "pages.db-journal"
        hot = journal.exists() and journal.stat().st_size > 0
        try:
            wrong = wrong_with(found(path), bodies, told)
            again, _ = attempt(directory, bodies, 0, WATCH)
            if found(path) != bodies or sorted(again) != URLS:
                wrong.append("saving again has no effect")
        except (AssertionError, sqlite3.Error) as error:
            wrong = [repr(error)]
        return f"call {point}, {mode}: {', '.join(wrong)}" if wrong else "", hot


def main(top: Path, size: int, every: int) -> dict[str, Any]:
    bodies = new(size)
    with prepared(top) as directory:
        told, calls = attempt(directory, bodies, 0, WATCH)
    cases = [(point, mode) for point in range(1, len(calls) + 1, every) for mode in MODES]
    cases = [(point, mode) for point, mode in cases if mode != "torn" or calls[point - 1].startswith("write")]
    results = [case(top, bodies, point, mode) for point, mode in cases]
    return {
        "told": len(told),
        "commits": calls.count("unlink journal"),
        "cases": len(results),
        "hot": sum(hot for _, hot in results),
        "wrong": [wrong for wrong, _ in results if wrong],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
