"""One writer for each store in each process: what it commits together, and what it keeps apart."""

import contextlib
import os
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from scenarios.fetch_and_save import writer
from scenarios.fetch_and_save.deadline import Deadline
from scenarios.fetch_and_save.errors import FetchAndSaveError, StoreBusy, StoreError, Timeout
from scenarios.fetch_and_save.store import Store
from tests.conftest import MARGIN
from tests.scenarios.test_store import page, rows


class Outcomes:
    """What became of each request, by URL."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.known: dict[str, FetchAndSaveError | None] = {}
        self._ended = threading.Semaphore(0)

    def begin(self, url: str, deadline: float | Deadline = 60.0, body: bytes = b"new") -> None:
        def done(error: FetchAndSaveError | None) -> None:
            assert url not in self.known, "told twice"
            self.known[url] = error
            self._ended.release()

        self.store.begin(page(url, body), Deadline.of(deadline), done)

    def wait(self, count: int = 1, seconds: float = 60.0) -> None:
        for _ in range(count):
            assert self._ended.acquire(timeout=seconds), self.known


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "pages.db", "nothing")
    made.open()
    yield made
    made.close()


@pytest.fixture
def stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """To be called: from then on the store's writer does not end by itself, however long the test does nothing."""

    def stay() -> None:
        monkeypatch.setattr(writer, "LINGER", 600.0)
        store.close()
        store.open()

    return stay


@contextlib.contextmanager
def locked(store: Store) -> Iterator[None]:
    """Within it nothing is saved, so that all that is begun is in one transaction at its end."""
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def transactions(store: Store) -> int:
    """How often the file was changed. Source: SQLite, "Database File Format", 1.3.7."""
    count: int = struct.unpack(">I", Path(store.target).read_bytes()[24:28])[0]
    return count


def descriptors(path: str) -> int:
    found = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/self/fd/{name}").startswith(path)
    return found


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open descriptors are counted in /proc")


def test_what_waits_is_saved_in_one_transaction(store: Store) -> None:
    outcomes = Outcomes(store)
    before = transactions(store)
    with locked(store):
        for n in range(200):
            outcomes.begin(f"http://a/{n:03}")
    outcomes.wait(200)
    assert set(outcomes.known.values()) == {None}
    assert transactions(store) == before + 1
    assert len(rows(store.target)) == 200


def test_a_transaction_is_not_longer_than_it_may_be(store: Store) -> None:
    outcomes = Outcomes(store)
    before = transactions(store)
    with locked(store):
        for n in range(5):
            outcomes.begin(f"http://a/{n}", body=bytes(writer.MOST_BYTES // 2))
    outcomes.wait(5)
    assert set(outcomes.known.values()) == {None}
    assert transactions(store) == before + 3  # two at a time


def test_a_row_that_fails_fails_alone(store: Store) -> None:
    outcomes = Outcomes(store)
    with locked(store):
        for n in range(10):
            outcomes.begin(f"http://a/{n}" if n != 5 else "http://a/\ud800")  # which SQLite cannot take
    outcomes.wait(10)
    failed = {url: error for url, error in outcomes.known.items() if error is not None}
    assert list(failed) == ["http://a/\ud800"]
    assert isinstance(failed["http://a/\ud800"], StoreError)
    assert [url for (url,) in rows(store.target, "url")] == [f"http://a/{n}" for n in range(10) if n != 5]


def test_a_deadline_ends_its_own_row_and_no_other(store: Store) -> None:
    outcomes = Outcomes(store)
    soon = Deadline(0.3)
    with locked(store):
        outcomes.begin("http://a/late")
        outcomes.begin("http://a/soon", soon)
        outcomes.wait(seconds=0.3 + MARGIN)
        assert list(outcomes.known) == ["http://a/soon"]
        assert isinstance(outcomes.known["http://a/soon"], (StoreBusy, Timeout))
        assert 0.0 < soon.late < MARGIN
    outcomes.wait()
    assert outcomes.known["http://a/late"] is None
    assert [url for (url,) in rows(store.target, "url")] == ["http://a/late"]


def test_expiring_a_deadline_ends_its_row_at_once_and_it_is_not_saved_later(store: Store) -> None:
    outcomes = Outcomes(store)
    cancelled = [Deadline(60) for _ in range(10)]
    with locked(store):
        for n in range(20):
            outcomes.begin(f"http://a/{n:02}", cancelled[n // 2] if n % 2 else 60.0)
        for deadline in cancelled:
            deadline.expire()
        outcomes.wait(10, MARGIN)
        assert sorted(outcomes.known) == [f"http://a/{n:02}" for n in range(1, 20, 2)]
    outcomes.wait(10)
    assert [url for (url,) in rows(store.target, "url")] == [f"http://a/{n:02}" for n in range(0, 20, 2)]


def test_who_asks_whether_the_store_is_open_does_not_wait_for_a_transaction_that_has_begun(
    store: Store, stays: Callable[[], object]
) -> None:
    """Else all that ask while a sync takes long would begin to fetch in the same moment."""
    stays()
    outcomes = Outcomes(store)
    opened: list[FetchAndSaveError | None] = []
    outcomes.begin("http://a/before")
    outcomes.wait()
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM pages").fetchall()  # so that the commit has to wait
        outcomes.begin("http://a/waits")
        while not Path(f"{store.target}-journal").exists():  # it is there when the first row is written
            os.sched_yield()
        store.begin(None, Deadline(60.0), opened.append)
        assert (opened, "http://a/waits" in outcomes.known) == ([None], False)
    outcomes.wait()
    assert outcomes.known["http://a/waits"] is None


def test_who_asks_while_another_has_the_lock_is_told_when_it_is_free(store: Store, lock_is_met: threading.Event) -> None:
    outcomes = Outcomes(store)
    opened: list[FetchAndSaveError | None] = []
    with locked(store):
        outcomes.begin("http://a/waits")
        assert lock_is_met.wait(60)
        store.begin(None, Deadline(0.2), opened.append)
        with pytest.raises(StoreBusy):
            store.open(0.4)
        assert list(map(type, opened)) == [StoreBusy]
    outcomes.wait()
    assert outcomes.known == {"http://a/waits": None}


def test_a_reader_who_stays_costs_only_those_whose_time_is_over(store: Store) -> None:
    outcomes = Outcomes(store)
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM pages").fetchone()
        outcomes.begin("http://a/soon", 0.3)
        outcomes.begin("http://a/late")
        outcomes.wait(seconds=0.3 + MARGIN)
        assert list(outcomes.known) == ["http://a/soon"]
        reader.execute("COMMIT")
    outcomes.wait()
    assert [url for (url,) in rows(store.target, "url")] == ["http://a/late"]


def test_a_file_in_place_of_the_one_that_is_open_is_noticed(store: Store, tmp_path: Path) -> None:
    store.save(page("http://a/old"))
    (tmp_path / "pages.db").rename(tmp_path / "away.db")
    store.save(page("http://a/new"))
    assert [url for (url,) in rows(tmp_path / "away.db", "url")] == ["http://a/old"]
    assert [url for (url,) in rows(tmp_path / "pages.db", "url")] == ["http://a/new"]
    (tmp_path / "pages.db").write_bytes(b"theirs")
    with pytest.raises(StoreError):
        store.save(page("http://a/newer"))
    assert (tmp_path / "pages.db").read_bytes() == b"theirs"


@needs_proc
def test_the_connection_is_kept_for_a_while_and_then_closed(
    store: Store, stays: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    linger, key = writer.LINGER, ("sqlite", store.target)
    stays()
    thread = writer._writers[key]
    store.save(page("http://a/"))
    assert writer._writers[key] is thread
    monkeypatch.setattr(writer, "LINGER", linger)
    store.save(page("http://a/again"))
    assert thread.ended.acquire(timeout=60)
    thread.ended.release()
    assert descriptors(store.target) == 0
    assert key not in writer._writers
    store.save(page("http://a/later"))
    assert len(rows(store.target)) == 3


@needs_proc
def test_a_writer_that_is_not_known_any_more_has_closed_its_connection(
    store: Store, stays: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or who closes all stores, before a fork or before a disk goes, would not wait for it."""
    linger, forget, left = writer.LINGER, writer._forget, dict[writer.Writer, int]()

    def count(it: writer.Writer) -> None:
        left[it] = descriptors(store.target)
        forget(it)

    stays()
    thread = writer._writers["sqlite", store.target]
    monkeypatch.setattr(writer, "_forget", count)
    monkeypatch.setattr(writer, "LINGER", linger)
    store.save(page())
    assert thread.ended.acquire(timeout=60)
    thread.ended.release()
    assert left[thread] == 0


@needs_proc
def test_a_store_that_is_closed_leaves_nothing_open(store: Store) -> None:
    store.save(page())
    store.close()
    store.close()
    assert descriptors(store.target) == 0


def test_a_child_of_fork_has_a_writer_of_its_own(store: Store) -> None:
    store.save(page("http://a/parent"))
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            store.save(page("http://a/child"), 30)
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    store.save(page("http://a/parent/again"))
    assert len(rows(store.target)) == 3


def save_without_end(path: str, started: "threading.Event") -> None:
    """A process that always has a hundred rows that wait."""
    store = Store(path, "hog")

    def again(number: int) -> None:
        store.begin(page(f"http://hog/{number}", bytes(2000)), Deadline(600), lambda error: again(number))

    for number in range(100):
        again(number)
    started.set()
    threading.Event().wait()


@pytest.mark.campaign
def test_a_process_that_always_saves_does_not_starve_another(store: Store) -> None:
    context = get_context("spawn")
    started = context.Event()
    hog = context.Process(target=save_without_end, args=(store.target, started), daemon=True)
    hog.start()
    try:
        assert started.wait(60)
        for n in range(50):
            store.save(page(f"http://a/{n}"), 5.0)
    finally:
        hog.kill()
        hog.join()
