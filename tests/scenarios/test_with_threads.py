"""A pool of threads, where it is special: natively concurrent, stopped through what it is blocked in, exact requests, silence."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.contract import BadResponse, Errand, FetchAndSaveError, Job, Page, Store
from tests.scenarios import stage

if missing := FRAMEWORKS["threads"].missing():
    pytest.skip(missing, allow_module_level=True)

from scenarios.fetch_and_save import with_threads

PATIENCE = 60  # seconds, for what comes at once on a machine that is not busy


@pytest.fixture
def server() -> Iterator[stage.Stage]:
    server = stage.Stage()
    yield server
    server.close()


def test_the_request_on_the_wire_is_exact(server: stage.Stage) -> None:
    for target in stage.TARGETS:
        with_threads.fetch(server.url + target)
    with_threads.fetch(server.url.replace("//", "//user:pw@") + "/hops")
    authorized = "Authorization: Basic dXNlcjpwdw==\r\n"
    expected = [stage.request(server.url, target) for target in stage.TARGETS]
    expected += [stage.request(server.url, target, authorized) for target in ("/hops", "/parts")]
    assert server.heads == expected


def test_a_group_is_done_at_once(server: stage.Stage) -> None:
    stage.done_at_once(with_threads.run, server.url)


def test_reports_come_one_at_a_time(server: stage.Stage) -> None:
    reporting = threading.Lock()
    reported: list[Page | FetchAndSaveError] = []

    def report(errand: Errand, outcome: Page | FetchAndSaveError) -> None:
        assert reporting.acquire(blocking=False)
        threading.Event().wait(0.001)  # let the others run into it
        reported.append(outcome)
        reporting.release()

    with_threads.run(Job("threads", [Errand(server.url + path) for path in ("/hello", "/reset")] * 20, report, concurrency=8))
    assert len(reported) == 40


def test_stopping_a_job_ends_all_that_it_is_blocked_in(server: stage.Stage, tmp_path: Path) -> None:
    store = stage.BusyStore(tmp_path / "pages.db", "threads")
    store.open()
    errands = [Errand(server.url + "/hold", {"timeout": 600})] * 10
    reported: list[object] = []
    job = Job("threads", errands, lambda errand, outcome: reported.append(outcome), store=store, concurrency=3)
    running = threading.Thread(target=with_threads.run, args=(job,))
    running.start()
    for _ in range(3):
        server.asked.acquire()
    job.stop()
    running.join(PATIENCE)
    assert not running.is_alive()
    assert len(server.heads) == 3, "what had not begun does not begin"
    assert reported == []
    assert stage.saved(store) == []


def test_stopping_a_job_ends_its_wait_for_the_store(server: stage.Stage, tmp_path: Path) -> None:
    store = stage.BusyStore(tmp_path / "pages.db", "threads")
    store.open()
    job = Job("threads", [Errand(server.url, {"timeout": 600})], lambda errand, outcome: None, store=store)
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        running = threading.Thread(target=with_threads.run, args=(job,))
        running.start()
        while not store.inside:
            running.join(0)
        job.stop()
        running.join(PATIENCE)
        assert not running.is_alive()
        other.execute("ROLLBACK")
    assert stage.saved(store) == []
    assert server.heads == []


def test_a_reset_is_not_an_end(server: stage.Stage) -> None:
    with pytest.raises(BadResponse):
        with_threads.fetch(server.url + "/reset")


def test_two_hundred_fetches_leave_nothing(server: stage.Stage, tmp_path: Path) -> None:
    stage.two_hundred_leave_nothing(with_threads, server, Store(tmp_path / "pages.db", "threads"))


def test_as_a_script_it_is_silent(server: stage.Stage, tmp_path: Path) -> None:
    done = stage.script("threads", server.url + "/hops", server.url + "/reset", "--store", str(tmp_path / "pages.db"))
    assert done.returncode == 1
    assert [json.loads(line)["stored"] for line in done.stdout.splitlines()] == [True]
    assert done.stderr.startswith("interop: BadResponse: ")
    assert done.stderr.count("\n") == 1
