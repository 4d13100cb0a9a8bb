"""The store in SQLite files: what it takes, what it leaves alone, and what survives."""

import contextlib
import functools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pytest

from scenarios.fetch_and_save.deadline import Deadline
from scenarios.fetch_and_save.errors import (
    StoreBusy,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreSchema,
    Timeout,
)
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import Page
from scenarios.fetch_and_save.writer import close_all
from tests.conftest import MARGIN

HERE = Path(__file__).parent
EVERYTHING = "INTEROP_SOAK" in os.environ


def page(url: str = "http://a/", body: bytes = b"new") -> Page:
    return Page(url, "http://a/final", 200, (("server", "x"),), body)


def rows(path: "str | Path", what: str = "url, final_url, status, body, sha256, framework") -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute(f"SELECT {what} FROM pages ORDER BY url").fetchall()


@contextlib.contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program at the same file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)) as connection:
        yield connection


# What is saved.


def test_a_page_is_saved_whole_and_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path / "pages.db", "nothing")
    store.open()
    assert rows(tmp_path / "pages.db") == []
    body = bytes(range(256)) * 4096
    store.save(page(body=b"old"))
    store.save(page("http://b/\u00e9\U0001f600", b""))
    store.save(page(body=body))
    assert rows(tmp_path / "pages.db") == [
        ("http://a/", "http://a/final", 200, body, sha256(body).hexdigest(), "nothing"),
        ("http://b/\u00e9\U0001f600", "http://a/final", 200, b"", sha256(b"").hexdigest(), "nothing"),
    ]
    assert os.listdir(tmp_path) == ["pages.db"]


NAMES = (
    ":memory:",
    "a b",
    "per%20cent",
    "%",
    "?mode=ro",
    "#",
    "file:x",
    "\u00fcber",
    "\U0001f600",
    "a'b\"c",
    "-journal",
    "\n",
    "x?y#z%41",
)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_the_name_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    for target in (name, tmp_path / name):
        Store(target, "nothing").save(page())
        assert os.listdir(tmp_path) == [name]
        assert rows(f"./{name}", "body") == [(b"new",)]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no names of bytes that are not UTF-8")
def test_a_name_need_not_be_text(tmp_path: Path) -> None:
    Store(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.db"), "nothing").save(page())
    assert os.listdir(os.fsencode(tmp_path)) == [b"\xff.db"]


def test_a_url_of_sqlalchemy_s_form_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store(f"sqlite:///{tmp_path}/absolute%20.db", "nothing").save(page())
    Store("sqlite:///relative.db", "nothing").save(page())
    assert sorted(os.listdir(tmp_path)) == ["absolute .db", "relative.db"]


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    Store(tmp_path / "empty", "nothing").save(page())
    assert rows(tmp_path / "empty", "body") == [(b"new",)]


def test_a_link_to_a_store_is_that_store(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    Store(tmp_path / "there" / "pages.db", "nothing").save(page(body=b"old"))
    (tmp_path / "link").symlink_to("there/pages.db")
    Store(tmp_path / "link", "nothing").save(page())
    assert rows(tmp_path / "there" / "pages.db", "body") == [(b"new",)]
    assert (tmp_path / "link").is_symlink()


def test_a_store_restored_from_a_dump_is_still_ours(tmp_path: Path) -> None:
    Store(tmp_path / "pages.db", "nothing").save(page(body=b"old"))
    with connected(tmp_path / "pages.db") as ours, connected(tmp_path / "restored.db") as restored:
        restored.executescript("\n".join(ours.iterdump()))
    Store(tmp_path / "restored.db", "nothing").save(page())
    assert rows(tmp_path / "restored.db", "body") == [(b"new",)]


def test_a_store_that_somebody_put_in_wal_mode_is_still_ours(tmp_path: Path) -> None:
    Store(tmp_path / "pages.db", "nothing").save(page(body=b"old"))
    with connected(tmp_path / "pages.db") as other:
        other.execute("PRAGMA journal_mode = WAL")
        Store(tmp_path / "pages.db", "nothing").save(page())
    assert rows(tmp_path / "pages.db", "body") == [(b"new",)]


# What is not ours.


def make_text(path: Path) -> None:
    path.write_text("dear diary\n" * 1000)


def make_short(path: Path) -> None:
    path.write_bytes(b"x")


def make_zeros(path: Path) -> None:
    path.write_bytes(bytes(8192))


def make_fake(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + os.urandom(52) + b"intp" + os.urandom(4024))


def make_other(path: Path) -> None:
    with connected(path) as connection:
        connection.executescript("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')")


def make_other_pages(path: Path) -> None:
    with connected(path) as connection:
        connection.executescript("CREATE TABLE pages (url TEXT UNIQUE, body); INSERT INTO pages VALUES ('u', 'mine')")


def make_pages_not_unique(path: Path) -> None:
    with connected(path) as connection:
        connection.execute("CREATE TABLE pages (url, final_url, status, body, sha256, framework, fetched_at)")


def make_view(path: Path) -> None:
    with connected(path) as connection:
        connection.execute(
            "CREATE VIEW pages AS SELECT 1 url, 1 final_url, 1 status, 1 body, 1 sha256, 1 framework, 1 fetched_at"
        )


def make_no_tables(path: Path) -> None:
    with connected(path) as connection:
        connection.execute("PRAGMA user_version = 7")


def make_wal(path: Path) -> None:
    with connected(path) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')")


def make_left_wal(path: Path) -> None:
    """As a program leaves it that was killed: the table is in the -wal file only."""
    with connected(path) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE notes (text)")
        copies = {name: (path.parent / name).read_bytes() for name in os.listdir(path.parent)}
    for name, data in copies.items():
        (path.parent / name).write_bytes(data)


FOREIGN: tuple[Callable[[Path], None], ...] = (
    make_text,
    make_short,
    make_zeros,
    make_fake,
    make_other,
    make_other_pages,
    make_pages_not_unique,
    make_view,
    make_no_tables,
    make_wal,
    make_left_wal,
)


def picture(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Every file beside the store, and in it: when it was last changed, and its bytes."""
    return {name: ((directory / name).stat().st_mtime_ns, (directory / name).read_bytes()) for name in os.listdir(directory)}


@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__[5:])
def test_not_one_byte_of_a_file_of_somebody_else_is_changed(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "theirs.db")
    before = picture(tmp_path)
    store = Store(tmp_path / "theirs.db", "nothing")
    for use in (functools.partial(store.open, 1), functools.partial(store.save, page(), 1)):
        with pytest.raises((StoreSchema, StoreCorrupt)):
            use()
        assert picture(tmp_path) == before


def test_a_database_in_use_by_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with connected(tmp_path / "theirs.db") as theirs:
        theirs.executescript("CREATE TABLE notes (text); BEGIN EXCLUSIVE; INSERT INTO notes VALUES ('mine')")
        before = picture(tmp_path)
        with pytest.raises(StoreSchema):
            Store(tmp_path / "theirs.db", "nothing").open(5)
        assert picture(tmp_path) == before
        theirs.execute("COMMIT")


def make_directory(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)  # to open it would wait for somebody to write


def make_device(path: Path) -> None:
    path.symlink_to(os.devnull)


def make_dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [make_directory, make_pipe, make_device, make_dangling, make_loop], ids=lambda m: m.__name__[5:])
def test_what_is_not_a_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "it")
    with pytest.raises(StoreError):
        Store(tmp_path / "it", "nothing").open(1)
    assert os.listdir(tmp_path) == ["it"]


@pytest.mark.parametrize("target", ["", "no/such/directory.db", "a\0b", "mysql://root:secret@h/x", "sqlite://x.db", "x" * 5000])
def test_what_cannot_be_a_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError) as caught:
        Store(target, "nothing").open(1)
    assert "secret" not in str(caught.value)
    assert os.listdir(tmp_path) == []


# What is damaged.


def test_a_store_whose_making_lost_its_power_is_made_anew(tmp_path: Path) -> None:
    """The journal was synced, the file's new length too, and no page."""
    path, journal = tmp_path / "pages.db", tmp_path / "pages.db-journal"
    with connected(path) as maker:
        maker.executescript("PRAGMA cache_size = 1; BEGIN; CREATE TABLE big (body)")
        maker.execute("INSERT INTO big VALUES (?)", (bytes(100_000),))  # more than fits in memory: written before the commit
        left = journal.read_bytes()
    assert left.startswith(b"\xd9\xd5\x05\xf9")
    path.write_bytes(bytes(8192))
    journal.write_bytes(left)
    Store(path, "nothing").save(page())
    assert rows(path, "body") == [(b"new",)]


@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__[5:])
def test_a_file_of_somebody_else_beside_a_journal_is_left_alone(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "theirs.db")
    (tmp_path / "theirs.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(500))
    if make is make_zeros:
        (tmp_path / "theirs.db-journal").write_bytes(b"theirs")
    before = picture(tmp_path)
    with pytest.raises((StoreSchema, StoreCorrupt)):
        Store(tmp_path / "theirs.db", "nothing").open(1)
    assert picture(tmp_path) == before


def test_a_truncated_store_is_said_to_be_corrupt_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pages.db"
    for n in range(20):
        Store(path, "nothing").save(page(f"http://a/{n}", b"x" * 5000))
    whole = path.read_bytes()
    for size in (50, 100, 3000, 4096, 5000, len(whole) // 2, len(whole) - 4096):
        path.write_bytes(whole[:size])
        before = picture(tmp_path)
        with pytest.raises(StoreCorrupt if size >= 100 else (StoreCorrupt, StoreSchema)):  # the header has our mark
            Store(path, "nothing").save(page())
        assert picture(tmp_path) == before


def test_corrupt_pages_are_never_a_success_without_a_row(tmp_path: Path) -> None:
    path = tmp_path / "pages.db"
    for n in range(20):
        Store(path, "nothing").save(page(f"http://a/{n}", b"x" * 5000))
    whole = path.read_bytes()
    outcomes = set()
    for number in range(len(whole) // 4096):
        path.write_bytes(whole[: number * 4096] + b"\xa5" * 4096 + whole[(number + 1) * 4096 :])
        try:
            Store(path, "nothing").save(page("http://new/"))
        except StoreError as error:
            outcomes.add(type(error))
        else:
            with connected(path) as connection:
                assert connection.execute("SELECT body FROM pages WHERE url = 'http://new/'").fetchall() == [(b"new",)]
    assert StoreCorrupt in outcomes
    assert outcomes <= {StoreCorrupt, StoreSchema}


# What may not be written, and what is full.


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def as_somebody(path: Path) -> str:
    """What a process that is not root's makes of the store: "ok" or the error's class."""
    program = f"""
import os, sys, sqlite3
sys.path.insert(0, {str(HERE.parents[1])!r})
from scenarios.fetch_and_save.errors import StoreError
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save import sqlite_store
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    Store({str(path)!r}, "nothing").open(1)
    print("ok")
except StoreError as error:
    print(type(error).__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


def test_what_others_may_write_is_taken() -> None:
    with open_directory() as directory:
        assert as_somebody(directory / "pages.db") == "ok"


@pytest.mark.parametrize(("of_file", "of_directory"), [(0o444, 0o777), (0o222, 0o777), (0o000, 0o777), (0o666, 0o555)])
def test_what_may_not_be_read_and_written_is_refused(of_file: int, of_directory: int) -> None:
    with open_directory() as directory:
        Store(directory / "pages.db", "nothing").save(page(body=b"old"))
        (directory / "pages.db").chmod(of_file)
        directory.chmod(of_directory)
        assert as_somebody(directory / "pages.db") == "StoreReadOnly"
        directory.chmod(0o777)
        (directory / "pages.db").chmod(0o666)
        assert rows(directory / "pages.db", "body") == [(b"old",)]
        assert os.listdir(directory) == ["pages.db"]


def test_no_new_store_in_a_directory_that_may_not_be_written() -> None:
    with open_directory() as directory:
        directory.chmod(0o555)
        assert as_somebody(directory / "pages.db") == "StoreReadOnly"
        directory.chmod(0o777)
        assert os.listdir(directory) == []


def test_an_immutable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pages.db"
    Store(path, "nothing").save(page(body=b"old"))
    program = shutil.which("chattr")
    if not program or subprocess.run([program, "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("chattr +i needs root and a file system that has it")
    try:
        with pytest.raises(StoreReadOnly):
            Store(path, "nothing").open()
        with pytest.raises(StoreReadOnly):
            Store(path, "nothing").save(page())
    finally:
        subprocess.run([program, "-i", path], check=True)
    assert rows(path, "body") == [(b"old",)]


@contextlib.contextmanager
def mounted(directory: Path, options: str) -> Iterator[None]:
    command = ["mount", "-t", "tmpfs", "-o", options, "interop-test", str(directory)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("to mount a small file system needs Linux and root")
    try:
        yield
    finally:
        close_all()
        subprocess.run(["umount", str(directory)], check=True)


def test_a_full_disk_is_said_and_the_older_rows_stand(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=256k"):
        store = Store(tmp_path / "pages.db", "nothing")
        store.save(page(body=b"old" * 1000))
        for body in (os.urandom(300_000), os.urandom(5_000_000)):
            with pytest.raises(StoreFull):
                store.save(page(body=body))
            assert rows(tmp_path / "pages.db", "body") == [(b"old" * 1000,)]
        store.save(page())
        assert rows(tmp_path / "pages.db", "body") == [(b"new",)]


def test_no_new_store_on_a_full_disk(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=64k"):
        with contextlib.suppress(OSError), (tmp_path / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(1024))
        with pytest.raises(StoreFull):
            Store(tmp_path / "pages.db", "nothing").open()


def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=256k"):
        Store(tmp_path / "pages.db", "nothing").save(page(body=b"old"))
        close_all()
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        for name in ("pages.db", "new.db"):
            with pytest.raises(StoreReadOnly):
                Store(tmp_path / name, "nothing").open()


# What is locked.


class OnceSeen(Deadline):
    """Its seconds begin when the writer looks at it for the first time, and that is before it tries to save: however busy the
    machine is, they are not over before it has met the lock.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(60.0)
        self._seconds: float | None = seconds

    @property
    def left(self) -> float:
        if self._seconds is not None:
            self._moment, self._seconds = time.monotonic() + self._seconds, None
        return super().left


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one row."""
    Store(tmp_path / "pages.db", "nothing").save(page(body=b"old"))
    return tmp_path / "pages.db"


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_lock_is_waited_for_until_the_deadline(path: Path, lock: str) -> None:
    with connected(path) as other:
        other.execute(lock)
        store = Store(path, "nothing")
        for use in (store.open, functools.partial(store.save, page())):
            deadline = OnceSeen(0.4)
            with pytest.raises(StoreBusy):
                use(deadline)
            assert 0.0 < deadline.late < MARGIN
    assert rows(path, "body") == [(b"old",)]


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM pages"])
def test_a_lock_that_goes_in_time_is_no_failure(path: Path, lock: str) -> None:
    with connected(path) as other, ThreadPoolExecutor(1) as pool:
        cursor = [other.execute(statement) for statement in lock.split(";")]
        cursor[-1].fetchone()
        saved = pool.submit(Store(path, "nothing").save, page())
        with pytest.raises(NotYet):  # it waits, for longer than SQLite itself does in one go
            saved.result(0.3)
        other.execute("ROLLBACK")
        saved.result(30)
    assert rows(path, "body") == [(b"new",)]


def test_a_reader_who_stays_makes_it_busy(path: Path) -> None:
    with connected(path) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM pages").fetchone()
        with pytest.raises(StoreBusy):
            Store(path, "nothing").save(page(), OnceSeen(0.3))
        assert reader.execute("SELECT body FROM pages").fetchall() == [(b"old",)]
    assert rows(path, "body") == [(b"old",)]


def test_expiring_the_deadline_stops_a_blocked_thread(path: Path) -> None:
    deadline = Deadline(30)
    with connected(path) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN EXCLUSIVE")
        saved = pool.submit(Store(path, "nothing").save, page(), deadline)
        deadline.expire()
        with pytest.raises((StoreBusy, Timeout)):
            saved.result(MARGIN)


def test_no_save_begins_after_the_deadline(path: Path) -> None:
    with pytest.raises(Timeout) as caught:
        Store(path, "nothing").save(page(), 0.0)
    assert caught.value.phase == "store"
    assert rows(path, "body") == [(b"old",)]


def test_looking_at_the_file_drops_no_lock_that_this_process_has(path: Path) -> None:
    # To close any descriptor of a file drops a process's POSIX locks on it: SQLite must be the only one to open it.
    with connected(path) as mine:
        mine.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            Store(path, "nothing").save(page(), OnceSeen(0.2))
        program = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN IMMEDIATE')"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "database is locked" in done.stderr


# Many at once.


def save_fifty(number: int, path: str) -> None:
    store = Store(path, f"process {number}")
    store.open()
    for n in range(50):
        store.save(page(f"http://a/{number}/{n}", b"x" * n * 100))


@pytest.mark.campaign
def test_eight_processes_save_fifty_pages_each_and_nobody_fails(tmp_path: Path) -> None:
    with get_context("spawn").Pool(8) as pool:
        pool.starmap(save_fifty, [(number, str(tmp_path / "pages.db")) for number in range(8)])
    assert len(rows(tmp_path / "pages.db")) == 400


def test_eight_threads_save_fifty_pages_each_and_nobody_fails(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def save(number: int) -> None:
        barrier.wait()
        save_fifty(number, str(tmp_path / "pages.db"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(8)))
    assert len(rows(tmp_path / "pages.db")) == 400


def test_a_save_leaves_no_descriptor_open(path: Path) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open descriptors are counted in /proc")
    close_all()  # else the writers of this and of other stores are there or not, as the machine is fast or slow
    before = len(os.listdir("/proc/self/fd"))
    for n in range(20):
        Store(path, "nothing").save(page(f"http://a/{n}"))
        with contextlib.suppress(StoreError):
            Store(HERE / "test_store.py", "nothing").open()
    close_all()
    assert len(os.listdir("/proc/self/fd")) <= before


# Every single call to the operating system fails, in each way.


@pytest.mark.campaign
@pytest.mark.parametrize(("start", "every"), [("new", 1), ("old", 1), ("big", 1 if EVERYTHING else 97)])
def test_every_single_call_may_fail_and_nothing_is_damaged(faults: Path, tmp_path: Path, start: str, every: int) -> None:
    done = subprocess.run(
        # The writer's thread has said that it is done, and may not have left yet when its parent forks.
        [sys.executable, "-W", "ignore::DeprecationWarning", HERE / "faulty_store.py", tmp_path, start, str(every)],
        env={**os.environ, "LD_PRELOAD": str(faults), "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["said"] == "saved"
    assert report["wrong"] == []
    assert report["hot"] >= 10
    assert report["cases"] >= (50 if every == 1 else 40)

    # And nothing is reported as saved before it is synced: the file, then the journal's end, then the directory that had it.
    calls = [call for call in report["calls"] if not call.startswith(("lock", "read"))]
    assert calls[-5:] == ["write database", "sync database", "unlink journal", "open directory", "sync directory"]
    assert calls.index("sync journal") < calls.index("write database")


@pytest.mark.parametrize(("target", "driver"), [("p.db", "sqlite3"), ("postgresql://127.0.0.1/p", "psycopg")])
def test_the_driver_is_imported_when_a_store_is_made_and_not_by_the_threads_that_use_it(target: str, driver: str) -> None:
    pytest.importorskip(driver, reason=f"{driver} is not installed")
    code = (
        f"import sys; from scenarios.fetch_and_save.store import Store; Store({target!r}, 'f'); print({driver!r} in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    assert said == "True\n"


def test_a_driver_that_is_not_installed_is_told_when_the_store_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scenarios.fetch_and_save.postgres_store", raising=False)
    monkeypatch.delattr("scenarios.fetch_and_save.postgres_store", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as the import system has it for what cannot be imported
    store = Store("postgresql://127.0.0.1/p", "f")
    for _ in range(2):
        with pytest.raises(StoreError, match="psycopg is not installed"):
            store.open()
