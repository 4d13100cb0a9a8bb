"""A program for test_store.py: let each single call to the files of a store fail in each way, and look what is left.

Run with faults.c preloaded: python faulty_store.py DIRECTORY START EVERY. Says one JSON object. Each case is a child of its own.
"""

import contextlib
import ctypes
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.fetch_and_save.errors import StoreError
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import Page
from scenarios.fetch_and_save.writer import close_all

WATCH, MODES = 0, {"killed before": 1, "torn": 2, "killed after": 3, "EIO": 4, "ENOSPC": 5}
OLD, NEW, BIG = b"old", b"new" * 1000, os.urandom(3_000_000)  # more than SQLite keeps in memory: written before the commit

faults = ctypes.CDLL(None)
faults.faults_names.restype = ctypes.c_char_p


def page(body: bytes) -> Page:
    return Page("http://a/", "http://a/", 200, (), body)


def attempt(directory: Path, body: bytes, point: int, mode: int) -> tuple[str, list[str]]:
    """What a child says of its open and save, or "killed"; and what it called until then."""
    close_all()  # a child has no use for our connection, nor its file for our locks
    mine, its = os.pipe()
    child = os.fork()
    if not child:
        said, names = "crashed", ""
        with contextlib.suppress(BaseException):
            store = Store(directory / "pages.db", "faulty")
            faults.faults_arm(str(directory).encode(), point, mode)
            try:
                store.open(5)
                store.save(page(body), 5)
                said = "saved"
            except StoreError as error:
                said = type(error).__name__
            names = faults.faults_names().decode()
        os.write(its, json.dumps([said, names]).encode())
        os._exit(0)
    os.close(its)
    with os.fdopen(mine) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    said, names = json.loads(text) if text else ("killed", "")
    return said, names.splitlines()


@contextlib.contextmanager
def prepared(top: Path, start: str) -> Iterator[Path]:
    directory = top / "store"
    directory.mkdir()
    if start != "new":
        Store(directory / "pages.db", "before").save(page(OLD))
    yield directory
    shutil.rmtree(directory)


def bodies(path: Path) -> list[bytes]:
    """What is in the file, after SQLite has undone what was half done; it must be sound."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchall():
            return []
        return [body for (body,) in connection.execute("SELECT body FROM pages")]


def case(top: Path, start: str, body: bytes, point: int, mode: str) -> tuple[str, bool]:
    """Returns what is wrong, or "", and whether a hot journal was left."""
    with prepared(top, start) as directory:
        said, _ = attempt(directory, body, point, MODES[mode])
        journal = directory / "pages.db-journal"
        hot = journal.exists() and journal.stat().st_size > 0
        wrong = ""
        try:
            found = bodies(directory / "pages.db")
            whole = [[body], [] if start == "new" else [OLD]]
            if found not in whole or (said == "saved" and found != [body]) or said == "crashed":
                wrong = f"{said}, and then there are {[len(body) for body in found]}"
            Store(directory / "pages.db", "after").save(page(body))
            if bodies(directory / "pages.db") != [body]:
                wrong += "; saving again has no effect"
        except (AssertionError, sqlite3.Error, StoreError) as error:
            wrong += f"{said}, and then {error!r}"
        return wrong and f"{start}, call {point}, {mode}: {wrong}", hot


def main(top: Path, start: str, every: int) -> dict[str, Any]:
    body = BIG if start == "big" else NEW
    with prepared(top, start) as directory:
        said, calls = attempt(directory, body, 0, WATCH)
    cases = [(point, mode) for point in range(1, len(calls) + 1, every) for mode in MODES]
    cases = [(point, mode) for point, mode in cases if mode != "torn" or calls[point - 1].startswith("write")]
    results = [case(top, start, body, point, mode) for point, mode in cases]
    return {
        "said": said,
        "calls": calls,
        "cases": len(results),
        "hot": sum(hot for _, hot in results),
        "wrong": [wrong for wrong, _ in results if wrong],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
