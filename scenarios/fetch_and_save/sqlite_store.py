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
from collections.abc import Callable
from pathlib import Path

from scenarios.fetch_and_save.deadline import Deadline
from scenarios.fetch_and_save.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreSchema
from scenarios.fetch_and_save.table import COLUMNS, MARK, Row, upsert

_CREATE = """CREATE TABLE pages (
    url TEXT NOT NULL UNIQUE, final_url TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
    sha256 TEXT NOT NULL, framework TEXT NOT NULL, fetched_at TEXT NOT NULL
)"""
_UPSERT = upsert(f"VALUES ({', '.join('?' * len(COLUMNS))})")
_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # how a rollback journal begins; Source: SQLite, "Database File Format", 3
_TURN = 0.1  # seconds that SQLite waits for a lock before we look at the deadline, which may be expired from outside
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


def write(target: str, deadline: Deadline, row: Row | None) -> None:
    """Save the row, or make sure that one can be saved, in one transaction.

    Raises:
        StoreError: the file is as it was.
    """
    try:
        path = Path(os.path.realpath(target))  # a journal stands beside the file itself, not beside a link to it
        _look(target, path)
        with contextlib.closing(_connect(path)) as connection:
            _write(connection, deadline, row)
    except (sqlite3.Error, OverflowError) as error:
        found = next((kind for words, kind in _SAYS if words in str(error)), StoreError)
        raise found(f"{error}: {target!r}") from error
    except OSError as error:
        raise StoreError(f"cannot read {target!r}: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"not a path: {target!r}") from error


def _write(connection: sqlite3.Connection, deadline: Deadline, row: Row | None) -> None:
    _patiently(lambda: connection.execute("PRAGMA synchronous = EXTRA"), deadline)
    _patiently(lambda: connection.execute("BEGIN IMMEDIATE"), deadline)
    try:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            connection.execute(f"PRAGMA application_id = {MARK}")
            connection.execute(_CREATE)
        if row is None:
            _check(connection)
        else:
            connection.execute(_UPSERT, row)
        # Readers may still hold the file when the commit wants it alone; the transaction stays open and can try again.
        _patiently(lambda: connection.execute("COMMIT"), deadline)
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # where even this fails, whoever opens the file next rolls back
            connection.rollback()
        raise


def _patiently(step: Callable[[], object], deadline: Deadline) -> None:
    """Take a step that may have to wait for somebody else's lock."""
    while True:
        try:
            step()
        except sqlite3.OperationalError as error:
            if "is locked" not in str(error) or not deadline.left:
                raise
        else:
            return


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
    return sqlite3.connect(uri, uri=True, timeout=_TURN, isolation_level=None, check_same_thread=False)
