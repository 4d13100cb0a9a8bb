"""One writer for each store in each process: a thread with one connection, which saves all that waits in one transaction.

Whoever saves hands in a request and waits in the framework's own way, until the writer calls back: then the row is durable, or
there is the error. A request ends soon after its deadline, whatever the others do; to cancel is to expire the deadline and wait.
A transaction that fails is repeated row by row, each in a transaction of its own, so that a row that fails fails alone.
Source: SQLite FAQ, 19 (a transaction costs a sync, a row costs nothing); docs/decisions/0017-one-writer-for-each-store.md.
"""

import _queue
import atexit
import contextlib
import copy
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from scenarios.fetch_and_save.deadline import Deadline
from scenarios.fetch_and_save.errors import FetchAndSaveError, Timeout
from scenarios.fetch_and_save.table import Row

LINGER = 0.2  # seconds without a request, after which the connection is closed and the thread ends
PAUSE = 0.001  # seconds between two transactions: other processes look for the lock that often, so each gets its turn
MOST_ROWS, MOST_BYTES = 1000, 16 * 1024 * 1024  # in one transaction, which is not to take long

Done = Callable[[FetchAndSaveError | None], object]


@dataclass(eq=False)
class Request:
    """A row to save, or None to make sure that one can be saved; `done` is called once, mostly in the writer's thread.

    `obstacle` is what to say at the deadline, where something is known to be in the way.
    """

    row: Row | None
    deadline: Deadline
    done: Done
    obstacle: FetchAndSaveError | None = None

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.row[3]) if self.row is not None else 0

    @property
    def is_late(self) -> bool:
        """Whether its deadline has passed, or was expired because nobody waits any more."""
        return self.deadline.is_past


class Late(Exception):
    """What a transaction waited for did not come before the deadline of these requests; nothing was saved."""

    def __init__(self, requests: Sequence[Request], error: FetchAndSaveError) -> None:
        super().__init__(str(error))
        self.requests, self.error = requests, error


class Again(FetchAndSaveError):
    """Somebody else's lock was in the way of this row; others go first. Its cause is what to say at the deadline."""

    def __init__(self, error: FetchAndSaveError) -> None:
        super().__init__(error)
        self.error = error


class Session(Protocol):
    """An open connection to a store."""

    def is_current(self) -> bool:
        """Whether it still leads to the store, and nobody else has changed that meanwhile."""

    def save(self, requests: list[Request], more: Callable[[], list[Request]], tick: Callable[..., object]) -> None:
        """Do the requests in one transaction, and when it has the lock, append and do what `more` gives.

        Raises FetchAndSaveError or Late, and then nothing was saved; calls `tick` while it waits, with what is in the way of all.
        """

    def close(self) -> None:
        """Close the connection."""


class Writer:
    """The thread, its connection, and what is to be saved. Any thread may put requests into `inbox`; None ends it."""

    def __init__(self, key: tuple[str, str], connect: Callable[[str], Session]) -> None:
        self._key, self._connect = key, connect
        self._session: Session | None = None
        self._waiting: list[Request] = []
        self.inbox: _queue.SimpleQueue[Request | None] = _queue.SimpleQueue()
        self.ended = allocate_lock()
        self.ended.acquire()
        self._told_to_end = False
        self._has_saved = False  # over this connection
        self.is_saving = False  # it has the lock again: nobody has to wait to be told that pages can be saved

    def run(self) -> None:
        """Serve until nobody has asked for anything for a while."""
        try:
            while not self._is_over():
                self._serve()
        finally:
            self._close()
            self.ended.release()

    def _is_over(self) -> bool:
        if self._told_to_end and not self._waiting:
            return True
        try:
            self._take(self.inbox.get(timeout=LINGER))
        except _queue.Empty:
            self._close()  # before it is forgotten: who closes all stores waits for those that are known
            with _lock:  # under which requests are put in
                if self.inbox.empty():
                    _forget(self)
                    return True
        return False

    def _take(self, request: Request | None) -> None:
        if request is None:
            self._told_to_end = True
        else:
            self._waiting.append(request)

    def _tick(self, obstacle: FetchAndSaveError | None = None) -> None:
        """End what need not wait any longer; `obstacle` is what it has waited for."""
        try:
            while True:
                self._take(self.inbox.get_nowait())
        except _queue.Empty:
            pass
        late = [request for request in self._waiting if request.is_late]
        if late:
            self._waiting = [request for request in self._waiting if not request.is_late]
            for request in late:
                self._end([request], request.obstacle or obstacle or Timeout("no time was left to save in", "store"))

    def _more(self, begun: Sequence[Request]) -> list[Request]:
        self.is_saving = self._has_saved
        return self._next(begun)

    def _next(self, begun: Sequence[Request] = ()) -> list[Request]:
        """Those that have waited longest, as many as one transaction may have beside those that are in it already."""
        self._tick()
        count, size = 0, MOST_BYTES - sum(request.size for request in begun)
        for request in self._waiting[: MOST_ROWS - len(begun)]:
            size -= request.size
            if size < 0 and (count or begun):
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _serve(self) -> None:
        while batch := self._next():
            if not self._transaction(batch, partial(self._more, batch)):
                for request in batch:
                    self._tick()
                    self._transaction([request], list)
            sleep(PAUSE)

    def _transaction(self, batch: list[Request], more: Callable[[], list[Request]]) -> bool:
        """Do it; False where any one of them may be the cause of a failure. A single one always has its outcome."""
        while batch:
            is_new = self._session is None or not self._session.is_current()
            try:
                self._connected(is_new).save(batch, more, self._tick)
            except Late as late:
                self._end(late.requests, late.error)
                batch[:] = [request for request in batch if request not in late.requests]
            except FetchAndSaveError as error:
                self._close()
                if not is_new and not any(request.is_late for request in batch):
                    continue  # a kept connection may be the cause
                if len(batch) > 1:
                    return False
                self._fail(batch[0], error)
                return True
            else:
                self._has_saved = True
                self._end(batch, None)
                return True
            finally:
                self.is_saving = False
        return True

    def _fail(self, request: Request, error: FetchAndSaveError) -> None:
        if not isinstance(error, Again):
            self._end([request], error)
        elif request.is_late:
            self._end([request], error.error)
        else:
            request.obstacle = error.error
            self._waiting.append(request)

    def _connected(self, is_new: bool) -> Session:
        if is_new or self._session is None:
            self._close()
            self._session = self._connect(self._key[1])
        return self._session

    def _close(self) -> None:
        session, self._session, self._has_saved = self._session, None, False
        if session is not None:
            session.close()

    def _end(self, requests: Sequence[Request], error: FetchAndSaveError | None) -> None:
        if error is not None:
            error.__traceback__ = None  # it has our frames, and they have the rows
        for request in requests:
            with contextlib.suppress(Exception):  # its loop is closed: nobody waits
                request.done(None if error is None else copy.copy(error))


def _original(module: str, name: str) -> Any:
    """What Python has, also in a process that gevent has patched: the writer's is a real thread."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey.get_original(module, name) if monkey else getattr(__import__(module), name)


allocate_lock: Callable[[], Any] = _original("_thread", "allocate_lock")
start_new_thread: Callable[..., int] = _original("_thread", "start_new_thread")
sleep: Callable[[float], None] = _original("time", "sleep")

_lock = allocate_lock()
_writers: dict[tuple[str, str], Writer] = {}
_left_behind: list[Writer] = []  # by fork(): SQLite's connections must not be touched in a child, not even by closing them


def submit(kind: str, target: str, connect: Callable[[str], Session], request: Request) -> None:
    """Hand in a request; from any thread, greenlet or loop. It returns at once."""
    key = (kind, target)
    with _lock:
        writer = _writers.get(key)
        if writer is None:
            writer = Writer(key, connect)
            start_new_thread(writer.run, ())
            _writers[key] = writer
        is_answered = request.row is None and writer.is_saving and not request.is_late
        if not is_answered:
            writer.inbox.put(request)
    if is_answered:  # else all that ask while one transaction takes long would go on in the same moment
        request.done(None)


def close(kind: str, target: str) -> None:
    """Close the store's connection once what was handed in is done, and wait for that."""
    with _lock:
        writer = _writers.pop((kind, target), None)
        if writer is not None:
            writer.inbox.put(None)
    if writer is not None:
        writer.ended.acquire()


def _forget(writer: Writer) -> None:
    for key, known in tuple(_writers.items()):
        if known is writer:
            del _writers[key]


def close_all() -> None:
    """Close every store's connection, once what was handed in is done."""
    for key in tuple(_writers):
        close(*key)


def _begin_anew() -> None:
    global _lock
    _lock = allocate_lock()
    _left_behind.extend(_writers.values())
    _writers.clear()


atexit.register(close_all)
os.register_at_fork(after_in_child=_begin_anew)
