"""The store: one table, one transaction a page, told to a database driver in blocking code.

Every call opens the database, does one thing and closes it, so it can run in any thread, be cancelled by its deadline and
leave nothing open. SQLite keeps its rollback journal and synchronous=FULL: a page that was saved survives the power cord.
Source: SQLite, "File Locking And Concurrency" and "Atomic Commit"; psycopg 3, "Transactions management".
"""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from scenarios.fetch_and_save.errors import (
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreSchema,
    Timeout,
)
from scenarios.fetch_and_save.visit import TIMEOUT, Deadline, Page

APPLICATION_ID = 0x696E7470  # "intp": what file(1) and we know our files by
_COLUMNS = ("url", "final_url", "status", "body", "sha256", "framework", "fetched_at")
_CREATE = """CREATE TABLE pages (
    url TEXT NOT NULL UNIQUE, final_url TEXT NOT NULL, status INTEGER NOT NULL, body {blob} NOT NULL,
    sha256 TEXT NOT NULL, framework TEXT NOT NULL, fetched_at TEXT NOT NULL
)"""
_UPSERT = (
    f"INSERT INTO pages ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    f"ON CONFLICT (url) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[1:])}"
)
# SQLite's own words; error codes came to Python's module only in 3.11.
_SAYS: tuple[tuple[str, type[StoreError]], ...] = (
    ("locked", StoreBusy),
    ("full", StoreFull),
    ("readonly", StoreReadOnly),
    ("malformed", StoreCorrupt),
    ("not a database", StoreCorrupt),
    ("constraint", StoreSchema),
    ("no such", StoreSchema),
    ("no column", StoreSchema),
)


def row(page: Page, framework: str) -> tuple[Any, ...]:
    """The page as the table has it."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return page.url, page.final_url, page.status, page.body, page.sha256, framework, now


class Store:
    """Where pages are saved.

    Args:
        target: a path, `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://...`.
        framework: who saves here, as the rows will say.
    """

    def __init__(self, target: "str | os.PathLike[str]", framework: str) -> None:
        text = os.fspath(target)
        self.framework = framework
        self.is_postgres = text.startswith(("postgresql://", "postgres://"))
        self.target = unquote(text[len("sqlite:///") :]) if text.startswith("sqlite:///") else text

    def open(self, timeout: float | Deadline = TIMEOUT) -> None:
        """Make sure, before the network is touched, that pages can be saved; create what is missing. Blocks.

        Raises:
            StoreError: it cannot be used; a file that is not ours is as it was.
        """
        with self._transaction(Deadline.of(timeout)):
            pass

    def save(self, page: Page, timeout: float | Deadline = TIMEOUT) -> None:
        """Save the page, whole or not at all, in place of an older one of the same URL; durable on return. Blocks.

        Raises:
            StoreError: the old row stands.
        """
        deadline = Deadline.of(timeout)
        if not deadline.left:
            raise Timeout("no time was left to save in", "store")
        with self._transaction(deadline) as connection:
            connection.execute(_UPSERT.replace("?", "%s") if self.is_postgres else _UPSERT, row(page, self.framework))

    def _transaction(self, deadline: Deadline) -> contextlib.AbstractContextManager[Any]:
        return _postgres(self.target, deadline) if self.is_postgres else _sqlite(Path(self.target), deadline)


@contextlib.contextmanager
def _sqlite(path: Path, deadline: Deadline) -> Iterator[sqlite3.Connection]:
    """One transaction that may write, on a database that is ours."""
    _look_before_opening(path)
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(str(path))}", uri=True, timeout=0.1, isolation_level=None, check_same_thread=False)
        ) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            _begin(connection, deadline)
            try:
                _check_or_create(connection)
                yield connection
                _commit(connection, deadline)
            except BaseException:
                if connection.in_transaction:
                    connection.rollback()
                raise
    except sqlite3.Error as error:
        raise _store_error(error, path) from error


def _begin(connection: sqlite3.Connection, deadline: Deadline) -> None:
    _patiently(lambda: connection.execute("BEGIN IMMEDIATE"), deadline)


def _commit(connection: sqlite3.Connection, deadline: Deadline) -> None:
    # Readers may still hold the file when the commit wants it alone; the transaction stays open and can try again.
    _patiently(lambda: connection.execute("COMMIT"), deadline)


def _patiently(step: Any, deadline: Deadline) -> None:
    """Wait for locks in short turns, so that a deadline that is expired from outside is noticed."""
    while True:
        try:
            step()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or not deadline.left:
                raise
        else:
            return


def _look_before_opening(path: Path) -> None:
    """Refuse, without a single write or lock, what SQLite would have to touch to know it for foreign."""
    try:
        if not path.exists():
            parent = path.parent
            if not parent.is_dir():
                raise StoreError(f"no such directory: {str(parent)!r}")
            return
        if not stat.S_ISREG(path.stat().st_mode):
            raise StoreSchema(f"not a file: {str(path)!r}")
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise StoreError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"not a path: {str(path)!r}") from error
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreReadOnly(f"cannot be written: {str(path)!r}")
    if int.from_bytes(head[68:72], "big") == APPLICATION_ID or not head.strip(b"\0"):
        return  # ours, or nothing yet
    if not head.startswith(b"SQLite format 3\0"):
        raise StoreCorrupt(f"not a database: {str(path)!r}")
    try:
        # immutable: no lock, no journal, no -wal or -shm file is made beside somebody else's database.
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)) as connection:
            _check(connection)
    except sqlite3.Error as error:
        raise _store_error(error, path) from error


def _check_or_create(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        _check(connection)
    else:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(_CREATE.format(blob="BLOB"))


def _check(connection: sqlite3.Connection) -> None:
    columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(pages)")}
    unique = any(
        [name for _, _, name in connection.execute(f"PRAGMA index_info({index!r})")] == ["url"]
        for _, index, is_unique, *_ in connection.execute("PRAGMA index_list(pages)")
        if is_unique
    )
    if not columns.issuperset(_COLUMNS) or not unique:
        raise StoreSchema("a database of somebody else: it has no table of pages as we make it")


def _store_error(error: sqlite3.Error, path: Path) -> StoreError:
    text = str(error)
    found = next((kind for words, kind in _SAYS if words in text), StoreError)
    return found(f"{text}: {str(path)!r}")


@contextlib.contextmanager
def _postgres(dsn: str, deadline: Deadline) -> Iterator[Any]:
    try:
        import psycopg
    except ImportError as error:
        raise StoreError("psycopg is not installed; install it with: pip install 'async-interop[postgres]'") from error
    with psycopg.connect(dsn) as connection:
        yield connection
