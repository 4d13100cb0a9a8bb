"""The store in a PostgreSQL server, with psycopg 3: one list of statements, told to it in blocking code or in asyncio.

Both sides keep the deadline: the server gives up waiting for a lock and says so, and a server that says nothing is left.
A URL may be longer than an entry of an index, so it is unique by its digest.
Source: PostgreSQL, "Error Codes", "INSERT", "Client Connection Defaults"; psycopg 3, "Connection classes".
"""

import contextlib
import re
from collections.abc import Generator, Iterator
from typing import Any

import psycopg
from psycopg import generators, waiting
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from scenarios.fetch_and_save.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreReadOnly, StoreSchema, Timeout
from scenarios.fetch_and_save.table import COLUMNS, Row, upsert
from scenarios.fetch_and_save.visit import CONNECT_TIMEOUT, Deadline

GRACE = 0.5  # seconds after the deadline in which the server may still say why
_TURN = 0.1  # seconds between two looks at the deadline, which may be expired from outside

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
EXCEPTION WHEN duplicate_table OR unique_violation THEN NULL;
END $$"""
_SETTINGS = """SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true),
    set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), true)"""
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


def write(target: str, deadline: Deadline, row: Row | None) -> None:
    """Save the row, or make sure that one can be saved, in one transaction.

    Raises:
        StoreError: nothing was changed.
        Timeout: the server did not answer in time.
    """
    with _kinds():
        connection = _connect(target, deadline)
        with contextlib.closing(connection):  # which rolls back what was not committed, without a word
            for query, values in _statements(deadline, row):
                connection.execute(query, values)
            connection.commit()


async def write_async(target: str, deadline: Deadline, row: Row | None) -> None:
    """write() in asyncio, whose own timeout around it is to bound the time to connect."""
    with _kinds():
        connection = await _AsyncConnection.connect(**_parameters(target))
        connection.deadline = deadline
        try:
            for query, values in _statements(deadline, row):
                await connection.execute(query, values)
            await connection.commit()
        finally:
            await connection.close()


def _statements(deadline: Deadline, row: Row | None) -> Iterator[tuple[str, Row]]:
    yield "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", ()
    patience = int(min(deadline.left, 1e6) * 1000)  # milliseconds, in an int of C
    yield _SETTINGS, (str(patience + 1), str(patience + int(GRACE * 500)))
    yield _CREATE, ()
    yield (_TRY, (None,) * len(COLUMNS)) if row is None else (_SAVE, row)


def _connect(target: str, deadline: Deadline) -> "_Connection":
    limit = Deadline(min(CONNECT_TIMEOUT, deadline.left))
    deadline.on_expire(limit.expire)
    conninfo = make_conninfo(**_parameters(target))
    # Not psycopg's own connect(), which takes whole seconds, and two of them at least.
    connection = _Connection(waiting.wait_conn(_in_time(generators.connect(conninfo), limit), _TURN))
    connection.deadline = deadline
    return connection


class _Connection(psycopg.Connection[Any]):
    """A connection that is left when its deadline has passed."""

    deadline: Deadline

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        return waiting.wait(_in_time(gen, self.deadline), self.pgconn.socket, _TURN)


class _AsyncConnection(psycopg.AsyncConnection[Any]):
    """The same; and when it is cancelled, it does not ask the server for leave."""

    deadline: Deadline

    async def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        return await waiting.wait_async(_in_time(gen, self.deadline), self.pgconn.socket, _TURN)


def _in_time(steps: Generator[Any, Any, Any], deadline: Deadline) -> Generator[Any, Any, Any]:
    """The same steps for as long as there is time; psycopg goes on with them every _TURN, ready or not."""
    try:
        wanted = next(steps)
        while deadline.late < GRACE:
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
def _kinds() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        if state == psycopg.errors.QueryCanceled.sqlstate:
            raise Timeout("the store did not do it in time", "store") from error
        kind = next((kind for beginning, kind in _STATES if state.startswith(beginning)), StoreError)
        raise kind(error.diag.message_primary or error) from error
