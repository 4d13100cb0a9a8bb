"""The store in a PostgreSQL server, with psycopg 3, in blocking code: the writer's thread has nothing else to do.

Both sides keep the deadlines: the server gives up waiting for a lock and says so, and a server that says nothing is left. A lock
that somebody has on one row must not hold the others, so the server waits for it a fifth of a second at a time.
A URL may be longer than an entry of an index, so it is unique by its digest.
Source: PostgreSQL, "Error Codes", "INSERT", "Client Connection Defaults"; psycopg 3, "Connection classes".
"""

import contextlib
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

import psycopg
from psycopg import generators, waiting
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from scenarios.fetch_and_save.deadline import CONNECT_TIMEOUT, Deadline
from scenarios.fetch_and_save.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreSchema, Timeout
from scenarios.fetch_and_save.table import COLUMNS, Row, upsert
from scenarios.fetch_and_save.writer import Again, Request

GRACE = 0.5  # seconds after the deadline in which the server may still say why
_TURN = 0.1  # seconds between two looks at the deadline, which may be expired from outside
_LOCK_TURN = 200  # milliseconds that the server waits for a lock before others have their turn

_URL = re.compile(r"postgres(?:ql)?://(?:[^/?#@\0]*@)?[^/?#@\0]*(?:/[^?#@\0]*)?(?:\?[^#\0]*)?")
_KEY = "sha256(url::bytea)"
_VALUES = "SELECT %s::text, %s::text, %s::integer, %b::bytea, %s::text, %s::text, %s::text"
_SAVE = upsert(_VALUES, key=f"({_KEY})")
_TRY = upsert(f"{_VALUES} WHERE false", key=f"({_KEY})")
# Many may find no table at the same moment: one of them makes it, and the others wait for that.
_CREATE = f"""DO $$ BEGIN
    IF to_regclass('pages') IS NULL THEN
        CREATE TABLE pages (
            url text NOT NULL, final_url text NOT NULL, status integer NOT NULL, body bytea NOT NULL,
            sha256 text NOT NULL, framework text NOT NULL, fetched_at text NOT NULL
        );
        CREATE UNIQUE INDEX ON pages ({_KEY});
    END IF;
EXCEPTION WHEN duplicate_table OR duplicate_object OR unique_violation THEN NULL;
END $$"""
_SETTINGS = """SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true),
    set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), true)"""
_LOCKS = ("55P03", "40")  # lock_timeout; deadlock and the like
# By how an SQLSTATE begins; the first that fits.
_STATES: tuple[tuple[str, type[StoreError]], ...] = (
    ("25006", StoreReadOnly),  # a read-only transaction
    ("42501", StoreReadOnly),  # no privilege
    ("53300", StoreBusy),  # too many connections
    ("55P03", StoreBusy),  # lock_timeout
    ("57P", StoreBusy),  # starting or shutting down
    ("40", StoreBusy),  # deadlock
    ("53", StoreFull),
    ("54", StoreFull),
    ("XX", StoreCorrupt),
    ("22", StoreSchema),
    ("23", StoreSchema),
    ("42", StoreSchema),
)


class Session:
    """One connection to one database; see writer.py."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._connection: _Connection | None = None  # made by save(), which knows how long that may take

    def is_current(self) -> bool:
        """Whether there is a connection, as far as this side knows."""
        return self._connection is not None and not self._connection.closed

    def save(self, requests: list[Request], more: Callable[[], list[Request]], tick: Callable[[], object]) -> None:
        """Do the requests in one transaction."""
        patience = _Patience(requests, tick)
        with _kinds(patience):
            if self._connection is None:
                self._connection = _connect(self._target, patience)
            self._connection.patience = patience
            requests += more()
            for query, values in _preparations(patience.left):
                self._connection.execute(query, values)
            if any(request.row is None for request in requests):
                self._connection.execute(_TRY, (None,) * len(COLUMNS))
            # In one order, or two processes with the same pages could each wait for the other.
            rows: list[Row] = sorted((request.row for request in requests if request.row is not None), key=_url)
            if rows:
                with self._connection.cursor() as cursor:
                    cursor.executemany(_SAVE, rows)
            self._connection.commit()

    def close(self) -> None:
        """Close the connection, which rolls back what was not committed, without a word."""
        if self._connection is not None:
            self._connection.close()


def _url(row: Row) -> str:
    return str(row[0])


class _Patience:
    """How long a transaction may take: as long as the most impatient of its requests allows, and `most` seconds."""

    def __init__(self, requests: list[Request], tick: Callable[[], object], most: float = float("inf")) -> None:
        self._requests, self._tick, self._limit = requests, tick, Deadline(most)

    @property
    def left(self) -> float:
        """Seconds."""
        return min(self._limit.left, *(request.deadline.left for request in self._requests))

    @property
    def late(self) -> float:
        """Seconds since it was over. Asking lets the writer look after those that are not in the transaction."""
        self._tick()
        return max(self._limit.late, *(request.deadline.late for request in self._requests))

    def within(self, most: float) -> "_Patience":
        """The same, for that many seconds at most."""
        return _Patience(self._requests, self._tick, most)


def _preparations(left: float) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", ()
    patience = int(min(left, 1e6) * 1000)  # milliseconds, in an int of C
    yield _SETTINGS, (str(min(patience, _LOCK_TURN) + 1), str(patience + int(GRACE * 500)))
    yield _CREATE, ()


def _connect(target: str, patience: _Patience) -> "_Connection":
    conninfo = make_conninfo(**_parameters(target))
    # Not psycopg's own connect(), which takes whole seconds, and two of them at least.
    limit = patience.within(CONNECT_TIMEOUT)
    return _Connection(waiting.wait_conn(_in_time(generators.connect(conninfo), limit), _TURN))


class _Connection(psycopg.Connection[Any]):
    """A connection that is left when nobody has any patience with it."""

    patience: _Patience

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        return waiting.wait(_in_time(gen, self.patience), self.pgconn.socket, _TURN)


def _in_time(steps: Generator[Any, Any, Any], patience: _Patience) -> Generator[Any, Any, Any]:
    """The same steps for as long as there is time; psycopg goes on with them every _TURN, ready or not."""
    try:
        wanted = next(steps)
        while patience.late < GRACE:
            wanted = steps.send((yield wanted))
    except StopIteration as end:
        return end.value
    finally:
        steps.close()
    raise psycopg.errors.QueryCanceled("the server does not answer")  # as it says itself after statement_timeout


def _parameters(target: str) -> dict[str, Any]:
    try:
        given = conninfo_to_dict(target)
        if not _URL.fullmatch(target) or not re.fullmatch("[0-9,]*", str(given.get("port", ""))):
            raise ValueError
        return {**given, "client_encoding": "utf8", "fallback_application_name": "interop"}
    except (psycopg.Error, ValueError):
        # Neither the text nor the reason is shown: both may hold a password, or what follows an @ or / in one.
        raise StoreError("not a PostgreSQL URL, or its password is not escaped") from None


@contextlib.contextmanager
def _kinds(patience: _Patience) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        # A pipeline that is left in the middle has complaints of its own.
        if state == psycopg.errors.QueryCanceled.sqlstate or (not state and patience.late >= GRACE):
            raise Timeout("the store did not do it in time", "store") from error
        kind = next((kind for beginning, kind in _STATES if state.startswith(beginning)), StoreError)
        found = kind(error.diag.message_primary or error)
        if not state.startswith(_LOCKS):
            raise found from error
        found.__cause__ = error
        raise Again(found) from error
