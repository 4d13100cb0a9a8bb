"""The store in a real PostgreSQL server, which the test starts itself."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from typing import Any

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.deadline import Deadline
from scenarios.fetch_and_save.errors import FetchAndSaveError, StoreBusy, StoreError, StoreReadOnly, StoreSchema, Timeout
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import Page
from scenarios.fetch_and_save.writer import close_all
from tests.conftest import MARGIN, Server
from tests.scenarios import postgres, stage

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
with_asyncio = pytest.importorskip("scenarios.fetch_and_save.with_asyncio", reason="aiohttp is not installed")

if postgres.binaries() is None:
    pytest.skip("PostgreSQL is not installed: no /usr/lib/postgresql/*/bin/postgres", allow_module_level=True)
if os.geteuid() == 0 and not postgres.account():
    pytest.skip("PostgreSQL does not run as root, and there is nobody else here", allow_module_level=True)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture
def database(server: postgres.Server) -> Iterator[str]:
    """A URL of an empty database."""
    with admin(server.url()) as connection:
        connection.execute("CREATE DATABASE fresh")
    yield server.url("fresh")
    with admin(server.url()) as connection:
        connection.execute("DROP DATABASE fresh WITH (FORCE)")


@contextlib.contextmanager
def admin(url: str) -> Iterator[Any]:
    with contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
        yield connection


def rows(url: str, what: str = "url, final_url, status, body, sha256, framework") -> list[tuple[Any, ...]]:
    with admin(url) as connection:
        found: list[tuple[Any, ...]] = connection.execute(f"SELECT {what} FROM pages ORDER BY url").fetchall()
        return found


def page(url: str = "http://a/", body: bytes = b"new") -> Page:
    return Page(url, "http://a/final", 200, (), body)


def save_in(how: str, store: Store, page: Page, timeout: float | Deadline = 30.0) -> None:
    if how == "blocking":
        store.save(page, timeout)
    else:
        asyncio.run(with_asyncio.save(page, store, timeout=timeout))


both = pytest.mark.parametrize("how", ["blocking", "asyncio"])


@both
def test_a_page_is_saved_whole_and_replaced(database: str, how: str) -> None:
    store = Store(database, "nothing")
    store.open()
    assert rows(database) == []
    body = bytes(range(256)) * 4096
    save_in(how, store, page(body=b"old"))
    save_in(how, store, page(body=body))
    save_in(how, store, page("http://b/\u00e9"))
    assert rows(database) == [
        ("http://a/", "http://a/final", 200, body, sha256(body).hexdigest(), "nothing"),
        ("http://b/\u00e9", "http://a/final", 200, b"new", sha256(b"new").hexdigest(), "nothing"),
    ]


def test_the_longest_url_is_saved_once(database: str) -> None:
    url = "http://a/" + "".join(chr(0x4E00 + n) for n in range(7990))  # incompressible, 24 kB, beyond an index entry
    store = Store(database, "nothing")
    store.save(page(url, b"old"))
    store.save(page(url))
    assert rows(database, "url, body") == [(url, b"new")]


def create_and_save(number: int, url: str) -> None:
    store = Store(url, f"process {number}")
    store.open()
    for n in range(50):
        store.save(page(f"http://a/{number}/{n}"))


@pytest.mark.campaign
def test_eight_processes_create_the_table_at_once_and_nobody_fails(database: str) -> None:
    with get_context("spawn").Pool(8) as pool:
        pool.starmap(create_and_save, [(number, database) for number in range(8)])
    assert len(rows(database)) == 400


def test_threads_create_the_table_at_once(database: str) -> None:
    barrier = threading.Barrier(8)

    def create(number: int) -> None:
        for _ in range(20):
            barrier.wait()
            Store(database, f"thread {number}").open()
            if barrier.wait() == 0:
                with admin(database) as connection:
                    connection.execute("DROP TABLE pages")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(8)))


@both
@pytest.mark.parametrize("lock", ["LOCK TABLE pages IN ACCESS EXCLUSIVE MODE", "UPDATE pages SET status = 0"])
def test_a_lock_is_waited_for_until_the_deadline(database: str, how: str, lock: str) -> None:
    store = Store(database, "nothing")
    store.save(page(body=b"old"))
    with psycopg.connect(database) as other:
        other.execute(lock)
        deadline = Deadline(0.5)
        with pytest.raises(StoreBusy):
            save_in(how, store, page(), deadline)
        assert deadline.late < MARGIN
        other.rollback()
    assert rows(database, "body") == [(b"old",)]


@both
def test_a_lock_that_goes_in_time_is_no_failure(database: str, how: str) -> None:
    store = Store(database, "nothing")
    store.save(page(body=b"old"))
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE pages IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as pool:
            saved = pool.submit(save_in, how, store, page())
            wait_for_a_waiter(database, saved.done)
            other.rollback()
            saved.result(30)
    assert rows(database, "body") == [(b"new",)]


def wait_for_a_waiter(url: str, is_over: Callable[[], bool] = bool) -> int:
    """The process that waits for a lock, once there is one; `is_over` tells that none will come."""
    with admin(url) as connection:
        while not is_over():
            query = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'fresh'"
            if found := connection.execute(query).fetchone():
                pid: int = found[0]
                return pid
    raise AssertionError("what was to wait for a lock has ended without one")


@both
def test_a_server_that_says_nothing_more_is_left_at_the_deadline(database: str, how: str) -> None:
    store = Store(database, "nothing")
    store.save(page(body=b"old"))
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE pages IN ACCESS EXCLUSIVE MODE")
        deadline = Deadline(5.0)  # within which it has to wait, and to be seen
        with ThreadPoolExecutor(1) as pool:
            saved = pool.submit(save_in, how, store, page(), deadline)
            waiter = wait_for_a_waiter(database, saved.done)
            os.kill(waiter, signal.SIGSTOP)
            try:
                with pytest.raises(Timeout) as caught:
                    saved.result(30)
                assert caught.value.phase == "store"
                assert deadline.late < MARGIN
            finally:
                os.kill(waiter, signal.SIGCONT)
        other.rollback()
    assert rows(database, "body") == [(b"old",)]


@both
def test_a_server_that_never_answers_a_connection_is_left_at_the_deadline(how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        deadline = Deadline(0.3)
        with pytest.raises(Timeout):
            save_in(how, Store(f"postgresql://127.0.0.1:{mute.getsockname()[1]}/x", "nothing"), page(), deadline)
        assert deadline.late < MARGIN


def test_expiring_the_deadline_stops_a_blocked_thread(database: str) -> None:
    store = Store(database, "nothing")
    store.save(page(body=b"old"))
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE pages IN ACCESS EXCLUSIVE MODE")
        deadline = Deadline(30)
        with ThreadPoolExecutor(1) as pool:
            saved = pool.submit(store.save, page(), deadline)
            wait_for_a_waiter(database, saved.done)
            began = time.monotonic()
            deadline.expire()
            with pytest.raises(Timeout):
                saved.result(30)
            assert time.monotonic() - began < MARGIN
        other.rollback()
    assert rows(database, "body") == [(b"old",)]


def test_cancelling_in_asyncio_leaves_at_once_and_saves_nothing(database: str) -> None:
    store = Store(database, "nothing")
    store.save(page(body=b"old"))

    async def cancel_a_waiter() -> float:
        task = asyncio.ensure_future(with_asyncio.save(page(), store))
        await asyncio.get_running_loop().run_in_executor(None, wait_for_a_waiter, database)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE pages IN ACCESS EXCLUSIVE MODE")
        assert asyncio.run(cancel_a_waiter()) < MARGIN
        other.rollback()
    assert rows(database, "body") == [(b"old",)]


NATURAL = ("nothing", "threads", "asyncio", "asyncio[uvloop]", "gevent", "gevent[patched]", "trio", "anyio[asyncio]", "tornado")


@pytest.mark.parametrize("framework", [*NATURAL, "eventlet", "twisted", "anyio[trio]"])
def test_every_framework_saves_here(framework: str, database: str, serve: Callable[..., Server]) -> None:
    if missing := FRAMEWORKS[framework].missing():
        pytest.skip(missing)
    server = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
    urls = [f"{server.url}/{n}" for n in range(12)]
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "interop", "fetch", *urls, "--framework", framework]
    done = subprocess.run([*command, "--store", database], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stderr, done.returncode) == ("", 0)
    assert sorted(rows(database, "url, body, framework")) == sorted((url, b"hello", framework) for url in urls)


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE TABLE pages (url text UNIQUE, body bytea)",
        # A body of the wrong type; no unique index.
        "CREATE TABLE pages (url text, final_url text, status int, body text, sha256 text, framework text, fetched_at text)",
        "CREATE TABLE pages (url text, final_url text, status int, body bytea, sha256 text, framework text, fetched_at text)",
        "CREATE VIEW pages AS SELECT 'http://a/' AS url",
        "CREATE SEQUENCE pages",
    ],
)
def test_a_table_of_somebody_else_is_left_alone(database: str, foreign: str) -> None:
    with admin(database) as connection:
        connection.execute(foreign)
        definition = "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = 'pages'::regclass ORDER BY attnum"
        before = connection.execute(definition).fetchall()
        with pytest.raises(StoreSchema):
            Store(database, "nothing").open()
        with pytest.raises(StoreSchema):
            Store(database, "nothing").save(page())
        assert connection.execute(definition).fetchall() == before


def test_a_database_that_may_not_be_written_is_found_before_the_network_is_touched(database: str) -> None:
    Store(database, "nothing").save(page(body=b"old"))
    with admin(database) as connection:
        connection.execute("ALTER DATABASE fresh SET default_transaction_read_only = on")
    close_all()  # it is a setting of new connections
    with pytest.raises(StoreReadOnly):
        Store(database, "nothing").open()
    assert rows(database, "body") == [(b"old",)]


def test_what_the_database_sets_for_itself_does_not_weaken_a_save(database: str) -> None:
    Store(database, "nothing").open()
    with admin(database) as connection:
        connection.execute("ALTER DATABASE fresh SET synchronous_commit = off")
        connection.execute("ALTER DATABASE fresh SET default_transaction_isolation = serializable")
        connection.execute("CREATE TABLE seen (setting text)")
        connection.execute(
            "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES"
            " (current_setting('synchronous_commit')), (current_setting('transaction_isolation')); RETURN NEW; END $$"
        )
        connection.execute("CREATE TRIGGER look BEFORE INSERT ON pages FOR EACH ROW EXECUTE FUNCTION look()")
    Store(database, "nothing").save(page())
    with admin(database) as connection:
        assert connection.execute("SELECT setting FROM seen").fetchall() == [("on",), ("read committed",)]


def test_a_full_disk_and_other_failures_of_the_server_are_store_errors(database: str) -> None:
    store = Store(database, "nothing")
    store.save(page(body=b"old"))
    for state, kind in (("53100", "StoreFull"), ("XX001", "StoreCorrupt"), ("57P01", "StoreBusy"), ("P0001", "StoreError")):
        with admin(database) as connection:
            connection.execute(
                "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" RAISE EXCEPTION 'as told' USING ERRCODE = '{state}'; END $$"
            )
            connection.execute("CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON pages FOR EACH ROW EXECUTE FUNCTION fail()")
        with pytest.raises(StoreError) as caught:
            store.save(page())
        assert type(caught.value).__name__ == kind
        assert str(caught.value) == "as told"
    assert rows(database, "body") == [(b"old",)]


def test_no_password_is_ever_shown(server: postgres.Server) -> None:
    secret = "hunter2"
    for target in (
        f"postgresql://interop:{secret}@127.0.0.1:{server.port}/postgres",
        f"postgresql://interop:{secret}@127.0.0.1:1/postgres",
        f"postgresql://interop:{secret}@127.0.0.1:{server.port}/postgres?nonsense=1",
        f"postgresql://interop:{secret}%zz@127.0.0.1:{server.port}/postgres",
        f"postgresql://interop:{secret}/x@127.0.0.1:{server.port}/postgres",
        f"postgresql://interop:1/{secret}@127.0.0.1:{server.port}/postgres",
        f"postgresql://interop:x@{secret}@127.0.0.1:{server.port}/postgres",
        f"postgresql://127.0.0.1:{server.port}:{secret}/postgres",
        f"postgresql://interop:{secret}@127.0.0.1:{server.port}/postgres\0",
        f"postgresql://interop:{secret}\udc80@127.0.0.1:{server.port}/postgres",
        f"postgresql://interop:{secret}@[::1/postgres",
    ):
        with pytest.raises(FetchAndSaveError) as caught:
            Store(target, "nothing").open(5)
        assert isinstance(caught.value, StoreError)
        assert secret not in str(caught.value)


def test_nothing_is_left_open_and_nothing_is_said(database: str, capfd: pytest.CaptureFixture[str]) -> None:
    Store(database, "nothing").open()
    close_all()
    before = stage.sockets()
    for _ in range(20):
        Store(database, "nothing").save(page())
        with pytest.raises(StoreError):
            Store(database.replace("/fresh", "/absent"), "nothing").open()
        with pytest.raises(StoreError):
            Store(database.replace("postgresql://interop:", "postgresql://interop:x"), "nothing").open()
    close_all()
    assert stage.sockets() <= before
    assert capfd.readouterr() == ("", "")
