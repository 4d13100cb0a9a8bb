"""The store in an SQLite file that is ours alone.

Rollback journal and synchronous=EXTRA, which is FULL and then syncs the directory once the journal is gone: a page that was
saved survives the power cord. Nothing but SQLite ever opens the file: closing any other descriptor of it would drop the
locks of every connection that this process has to it.
Source: SQLite, "File Locking And Concurrency" and "How To Corrupt An SQLite Database File", 2.2; PRAGMA synchronous.
"""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from scenarios.fetch_and_save.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreSchema
from scenarios.fetch_and_save.table import COLUMNS, MARK, upsert
from scenarios.fetch_and_save.writer import Late, Request, sleep

_CREATE = """CREATE TABLE pages (
    url TEXT NOT NULL UNIQUE, final_url TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
    sha256 TEXT NOT NULL, framework TEXT NOT NULL, fetched_at TEXT NOT NULL
)"""
_VALUES = f"({', '.join('?' * len(COLUMNS))})"
_UPSERT = upsert(f"VALUES {_VALUES}")
_TOGETHER = 100  # rows in one statement: each statement gives the interpreter to other threads, and has to get it back
_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # how a rollback journal begins; Source: SQLite, "Database File Format", 3
_TURN = 0.0005  # seconds between two looks for a lock; less than the others pause after each transaction
# SQLite's own words; error codes came to Python's module only in 3.11.
_SAYS: tuple[tuple[str, type[StoreError]], ...] = (
    ("malformed", StoreCorrupt),
    ("not a database", StoreCorrupt),
    ("is locked", StoreBusy),
    ("is full", StoreFull),
    ("too big", StoreFull),
    ("readonly", StoreReadOnly),
    ("constraint", StoreSchema),
    ("no such", StoreSchema),
    ("no column", StoreSchema),
    ("UPSERT", StoreSchema),
)


class Session:
    """One connection to one file; see writer.py."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._state: tuple[int, ...] | None = None
        self._is_synchronous = False
        with _kinds(target):
            self._path = Path(os.path.realpath(target))  # a journal stands beside the file itself, not beside a link to it
            _look(target, self._path)
            self._connection = _connect(self._path)

    def is_current(self) -> bool:
        """Whether the file is the one that was opened, and is as our last transaction left it."""
        return self._state is not None and self._state == self._look_again()

    def save(self, requests: list[Request], more: Callable[[], list[Request]], tick: Callable[..., object]) -> None:
        """Do the requests in one transaction."""

        def patiently(statement: str) -> None:
            while True:
                try:
                    self._connection.execute(statement)
                except sqlite3.OperationalError as error:
                    if "is locked" not in str(error):
                        raise
                    busy = StoreBusy(f"{error}: {self._target!r}")
                    busy.__cause__ = error.with_traceback(None)
                    if late := [request for request in requests if request.is_late]:
                        raise Late(late, busy) from None
                    tick(busy)
                    sleep(_TURN)
                else:
                    return

        with _kinds(self._target):
            if not self._is_synchronous:
                patiently("PRAGMA synchronous = EXTRA")
                self._is_synchronous = True
            patiently("BEGIN IMMEDIATE")
            try:
                requests += more()
                self._write(requests)
                # Readers may still hold the file when the commit wants it alone; the transaction stays open and can try again.
                patiently("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # where even this fails, whoever opens the file next rolls back
                    self._connection.rollback()
                raise
        self._state = self._look_again()

    def _write(self, requests: list[Request]) -> None:
        if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            self._connection.execute(f"PRAGMA application_id = {MARK}")
            self._connection.execute(_CREATE)
        if any(request.row is None for request in requests):
            _check(self._connection)
        rows = [request.row for request in requests if request.row is not None]
        for at in range(0, len(rows), _TOGETHER):
            some = rows[at : at + _TOGETHER]
            statement = upsert("VALUES " + ", ".join([_VALUES] * len(some)))
            self._connection.execute(statement, [value for row in some for value in row])

    def _look_again(self) -> tuple[int, ...] | None:
        """What changes when anybody writes the file, or puts another one in its place, or takes our right to it."""
        try:
            now = os.stat(self._path)
        except OSError:
            return None
        return now.st_dev, now.st_ino, now.st_size, now.st_ctime_ns

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextlib.contextmanager
def _kinds(target: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OverflowError) as error:
        found = next((kind for words, kind in _SAYS if words in str(error)), StoreError)
        raise found(f"{error}: {target!r}") from error
    except OSError as error:
        raise StoreError(f"cannot read {target!r}: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"not a path: {target!r}") from error


def _look(target: str, path: Path) -> None:
    """Refuse, without one write or lock, what SQLite would have to touch to know it for foreign."""
    if not path.exists():
        if os.path.islink(target):
            raise StoreError(f"a link to nothing: {target!r}")
        if not path.parent.is_dir():
            raise StoreError(f"no such directory: {str(path.parent)!r}")
        _need(path.parent, os.W_OK | os.X_OK, target)
        return
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise StoreSchema(f"not a file: {target!r}")
    _need(path, os.R_OK | os.W_OK, target)
    _need(path.parent, os.W_OK | os.X_OK, target)
    if about.st_size == 0:
        return
    try:
        # immutable: no lock, and no -journal, -wal or -shm file beside somebody else's database.
        with contextlib.closing(_connect(path, "?mode=ro&immutable=1")) as connection:
            # Without a lock the file may be seen while one of us makes it longer; this lets SQLite overlook that.
            connection.execute("PRAGMA writable_schema = ON")
            if connection.execute("PRAGMA application_id").fetchone()[0] != MARK:
                _check(connection)  # restored from a dump, it has lost its mark and is still ours
    except sqlite3.DatabaseError:
        if not _was_being_created(path):
            raise


def _was_being_created(path: Path) -> bool:
    """Whether the power went while somebody made it: nothing is in it yet, and the journal knows of nothing before."""
    try:
        with Path(f"{path}-journal").open("rb") as journal:
            head = journal.read(20)
        if head[:8] != _JOURNAL or any(head[16:]):
            return False
        with path.open("rb") as file:  # nobody can be at work in what is no database yet, so no lock is dropped
            return not any(file.read(100))
    except OSError:
        return False


def _need(path: Path, access: int, target: str) -> None:
    if not os.access(path, access, effective_ids=os.access in os.supports_effective_ids):
        raise StoreReadOnly(f"it may not be read and written here: {target!r}")


def _check(connection: sqlite3.Connection) -> None:
    """Compile the one statement that will be run: a table that takes it is a table of pages."""
    try:
        connection.execute(f"EXPLAIN {_UPSERT}", [None] * len(COLUMNS))
    except sqlite3.OperationalError as error:
        if "malformed" in str(error):
            raise
        raise StoreSchema("a database of somebody else: it has no table of pages as we make it") from error


def _connect(path: Path, options: str = "") -> sqlite3.Connection:
    uri = f"{path.as_uri()}{options}"
    return sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
