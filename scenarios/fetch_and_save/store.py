"""The store: one table, and one writer for it in each process, which saves what waits in one transaction.

begin() hands in a page and says later how that ended, in the writer's thread; each framework waits for it in its own way.
open() and save() are the same for code that blocks.
"""

import contextlib
import os
import re
from collections.abc import Callable
from types import ModuleType
from urllib.parse import unquote

from scenarios.fetch_and_save import table
from scenarios.fetch_and_save.deadline import TIMEOUT, Deadline
from scenarios.fetch_and_save.errors import FetchAndSaveError, StoreError
from scenarios.fetch_and_save.visit import Page
from scenarios.fetch_and_save.writer import Done, Request, Session, allocate_lock, close, submit


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
        self._place: tuple[str, str, Callable[[str], Session]] | None = None  # what _where() says, if it is always the same
        # Here and not first where it is used: threads that import the same wait for one another, in a process that gevent has
        # patched on a lock of gevent's, and one of ten waits for ever now and then (9 of 360 jobs, gevent 26.9).
        self._absent: ImportError | None = None
        try:
            self._driver()
        except ImportError as error:
            self._absent = error

    def begin(self, page: Page | None, deadline: Deadline, done: Done) -> None:
        """Begin to save the page, whole or not at all, in place of an older one of the same URL. Returns at once.

        Args:
            page: None to make sure, before the network is touched, that pages can be saved; what is missing is created.
            deadline: to cancel is to expire it, and to wait for `done`.
            done: called once, with the StoreError or Timeout, or with None when all is durable: in the writer's thread, or
                at once where the outcome is known.
        """
        try:
            kind, target, connect = self._where()
            row = None if page is None else table.row(page, self.framework)
        except StoreError as error:
            done(error)
        else:
            submit(kind, target, connect, Request(row, deadline, done))

    def open(self, timeout: float | Deadline = TIMEOUT) -> None:
        """Make sure, before the network is touched, that pages can be saved; create what is missing. Blocks.

        Raises:
            StoreError: it cannot be used; a file that is not ours is as it was.
            Timeout: a server did not answer in time.
        """
        self._wait(None, timeout)

    def save(self, page: Page, timeout: float | Deadline = TIMEOUT) -> None:
        """Save the page, whole or not at all, in place of an older one of the same URL; durable on return. Blocks.

        Raises:
            StoreError: the page was not saved; what was there is as it was.
            Timeout: no time was left, or a server did not answer in time.
        """
        self._wait(page, timeout)

    def close(self) -> None:
        """Close the connection at once, which is closed a fifth of a second after the last save anyway. Blocks."""
        with contextlib.suppress(StoreError):
            close(*self._where()[:2])

    def _wait(self, page: Page | None, timeout: float | Deadline) -> None:
        deadline = Deadline.of(timeout)
        outcome: list[FetchAndSaveError | None] = []
        ended = allocate_lock()
        ended.acquire()

        def done(error: FetchAndSaveError | None) -> None:
            outcome.append(error)
            ended.release()

        self.begin(page, deadline, done)
        try:
            ended.acquire()
        except BaseException:
            deadline.expire()
            while not outcome:
                with contextlib.suppress(BaseException):  # interrupted again
                    ended.acquire()
            raise
        try:
            if outcome[0] is not None:
                raise outcome[0]
        finally:
            outcome.clear()  # the error's traceback has this frame

    def _where(self) -> tuple[str, str, Callable[[str], Session]]:
        """The writer's name, and how it connects."""
        if self._place is not None:
            return self._place
        if not self.is_postgres and (scheme := re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", self.target)):
            raise StoreError(f"not a store: {scheme[0]!r}; give a path, sqlite:///... or postgresql://...")
        connect = self._driver().Session
        try:
            kind, target = ("postgresql", self.target) if self.is_postgres else ("sqlite", os.path.abspath(self.target))
        except ValueError as error:
            raise StoreError(f"not a path: {self.target!r}") from error
        place = kind, target, connect
        if self.is_postgres or os.path.isabs(self.target):  # a relative path leads elsewhere once the process's folder is another
            self._place = place
        return place

    def _driver(self) -> ModuleType:
        if self._absent is not None:
            raise StoreError("psycopg is not installed; install it with: pip install 'async-interop[postgres]'") from self._absent
        if self.is_postgres:
            from scenarios.fetch_and_save import postgres_store

            return postgres_store
        from scenarios.fetch_and_save import sqlite_store

        return sqlite_store
