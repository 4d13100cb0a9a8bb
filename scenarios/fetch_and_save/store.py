"""The store: one table, one transaction a page, told to a database driver in blocking code.

Every call opens the database, does one thing and closes it, so it can run in any thread, be cancelled by its deadline and
leave nothing open. asyncio, which has a driver of its own for PostgreSQL, awaits open_async() and save_async() instead.
"""

import os
import re
from types import ModuleType
from urllib.parse import unquote

from scenarios.fetch_and_save import table
from scenarios.fetch_and_save.deadline import TIMEOUT, Deadline
from scenarios.fetch_and_save.errors import StoreError, Timeout
from scenarios.fetch_and_save.visit import Page


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
        # Here and not first where it is used: threads that import the same wait for one another, in a process that gevent has
        # patched on a lock of gevent's, and one of ten waits for ever now and then (9 of 360 jobs, gevent 26.9).
        self._absent: ImportError | None = None
        try:
            self._driver()
        except ImportError as error:
            self._absent = error

    def open(self, timeout: float | Deadline = TIMEOUT) -> None:
        """Make sure, before the network is touched, that pages can be saved; create what is missing. Blocks.

        Raises:
            StoreError: it cannot be used; a file that is not ours is as it was.
            Timeout: a server did not answer in time.
        """
        self._write(Deadline.of(timeout), None)

    def save(self, page: Page, timeout: float | Deadline = TIMEOUT) -> None:
        """Save the page, whole or not at all, in place of an older one of the same URL; durable on return. Blocks.

        Raises:
            StoreError: the page was not saved; what was there is as it was.
            Timeout: no time was left, or a server did not answer in time.
        """
        self._write(_in_time(timeout), table.row(page, self.framework))

    async def open_async(self, timeout: float | Deadline = TIMEOUT) -> None:
        """open() as asyncio has it; PostgreSQL only."""
        await self._driver().write_async(self.target, Deadline.of(timeout), None)

    async def save_async(self, page: Page, timeout: float | Deadline = TIMEOUT) -> None:
        """save() as asyncio has it; PostgreSQL only. Cancelling it closes the connection at once."""
        await self._driver().write_async(self.target, _in_time(timeout), table.row(page, self.framework))

    def _write(self, deadline: Deadline, row: table.Row | None) -> None:
        if not self.is_postgres and (scheme := re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", self.target)):
            raise StoreError(f"not a store: {scheme[0]!r}; give a path, sqlite:///... or postgresql://...")
        self._driver().write(self.target, deadline, row)

    def _driver(self) -> ModuleType:
        if self._absent is not None:
            raise StoreError("psycopg is not installed; install it with: pip install 'async-interop[postgres]'") from self._absent
        if self.is_postgres:
            from scenarios.fetch_and_save import postgres_store

            return postgres_store
        from scenarios.fetch_and_save import sqlite_store

        return sqlite_store


def _in_time(timeout: float | Deadline) -> Deadline:
    deadline = Deadline.of(timeout)
    if not deadline.left:
        raise Timeout("no time was left to save in", "store")
    return deadline
