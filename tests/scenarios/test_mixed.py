"""Programs that mix frameworks: each short program gives the right answer, and any mix of three does what one alone does.

Every framework drives, fetches and saves once. INTEROP_CROSSINGS=all takes a hundred mixes more, at random, with the seed in the
test's name; with INTEROP_SOAK every mix that there is.
"""

import contextlib
import itertools
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.mixed import RUNTIMES
from scenarios.mixed.anywhere import Mix
from tests.conftest import Server, hold
from tests.scenarios.test_interrupts import needs_proc, wait_until_open

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds for a process on a busy machine
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PYTHON = [sys.executable, "-X", "dev", "-W", "error"]
RECIPES = sorted(path.stem for path in (ROOT / "scenarios" / "mixed").glob("*_in_*.py"))
NEEDS = {"treq", "aiohttp", "trio", "httpcore", "tornado", "twisted", "gevent"}
NAMES = list(RUNTIMES)
SPREAD = [Mix(NAMES[n], NAMES[(n + 3) % 11], NAMES[(n + 7) % 11]) for n in range(11)]
EVERY = [mix for names in itertools.product(NAMES, repeat=3) for mix in [Mix(*names)] if not mix.impossible()]


def chosen() -> list[object]:
    mixes = [pytest.param(mix, id=str(mix)) for mix in [*SPREAD, Mix("trio", "trio", "asyncio"), Mix(*["gevent"] * 3)]]
    if os.environ.get("INTEROP_CROSSINGS") == "all":
        seed = int(os.environ.get("INTEROP_SEED") or random.randrange(10**6))
        more = EVERY if "INTEROP_SOAK" in os.environ else random.Random(seed).sample(EVERY, 100)
        mixes += [pytest.param(mix, id=f"{mix}-{seed}") for mix in more]
    return list(mixes)


def hello(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def missing(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello")


def cut(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello")


def too_much(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000)


def command(mix: Mix, *arguments: str) -> list[str]:
    words = ["--framework", mix.driver, "--fetch-with", mix.fetcher, "--save-with", mix.saver]
    return [*PYTHON, "-m", "interop", "fetch", *arguments, *words]


def fetch(mix: Mix, *arguments: str) -> "subprocess.CompletedProcess[str]":
    if reason := mix.impossible():
        pytest.skip(reason)
    return subprocess.run(command(mix, *arguments), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)


def said(errors: str) -> str:
    """Development mode also says what took a tenth of a second; on a busy machine that may be anything."""
    return re.sub(r"^Executing <.* seconds\n", "", errors, flags=re.MULTILINE)


def rows(store: Path) -> list[tuple[str, bytes, str]]:
    with contextlib.closing(sqlite3.connect(store)) as connection:
        return connection.execute("SELECT url, body, framework FROM pages ORDER BY url").fetchall()


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_short_program_gives_the_right_answer_and_says_nothing_else(recipe: str, serve: Callable[..., Server]) -> None:
    source = (ROOT / "scenarios" / "mixed" / f"{recipe}.py").read_text(encoding="utf-8")
    for package in NEEDS & set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE)):
        pytest.importorskip(package)
    server = serve(hello)
    urls = [f"{server.url}/a", f"{server.url}/b"]
    program = [*PYTHON, f"scenarios/mixed/{recipe}.py", *urls]
    done = subprocess.run(program, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, said(done.stderr)) == (0, "")
    expected = ["200 5 bytes"] if recipe == "trio_in_tornado" else [f"{url} 5 bytes" for url in urls]
    assert sorted(done.stdout.splitlines()) == expected


@pytest.mark.parametrize("mix", chosen())
def test_a_mix_does_what_one_framework_alone_does(mix: Mix, tmp_path: Path, serve: Callable[..., Server]) -> None:
    """All requests are there before any is answered: nobody in the row of three does one thing after the other."""
    all_are_here, store = threading.Barrier(12), tmp_path / "pages.db"

    def when_all_are_here(connection: socket.socket) -> None:
        all_are_here.wait(PATIENCE)
        hello(connection)

    server = serve(when_all_are_here)
    urls = sorted(f"{server.url}/{number}" for number in range(12))
    done = fetch(mix, *urls, "--store", str(store), "--concurrency", "12", "--timeout", "100")
    assert (done.returncode, said(done.stderr)) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted((line["url"], line["framework"], line["stored"]) for line in lines) == [(url, str(mix), True) for url in urls]
    assert rows(store) == [(url, b"hello", str(mix)) for url in urls]


@pytest.mark.parametrize("mix", SPREAD[::3], ids=str)
def test_what_the_fetcher_raises_keeps_its_kind(mix: Mix, tmp_path: Path, serve: Callable[..., Server]) -> None:
    store = tmp_path / "pages.db"
    scripts = {"StatusError": missing, "BadResponse": cut, "TooLarge": too_much}
    urls = {kind: serve(script).url for kind, script in scripts.items()}
    done = fetch(mix, *urls.values(), "--store", str(store), "--max-bytes", "1000")
    assert (done.returncode, done.stdout) == (1, "")
    lines = said(done.stderr).splitlines()
    assert {line.split(": ")[1]: line.rpartition("[")[2] for line in lines} == {kind: f"{url}]" for kind, url in urls.items()}
    assert len(lines) == len(urls)
    assert rows(store) == []


@pytest.mark.parametrize("mix", SPREAD[::3], ids=str)
def test_the_deadline_of_all_three_is_one_timeout(mix: Mix, tmp_path: Path, serve: Callable[..., Server]) -> None:
    store = tmp_path / "pages.db"
    done = fetch(mix, serve(hold).url, "--store", str(store), "--timeout", "3")
    assert (done.returncode, done.stdout) == (1, "")
    assert said(done.stderr).startswith("interop: Timeout: ")
    assert said(done.stderr).count("\n") == 1
    assert rows(store) == []


@pytest.mark.parametrize("mix", SPREAD[1::3], ids=str)
def test_what_the_saver_raises_comes_before_the_network_is_touched(
    mix: Mix, tmp_path: Path, serve: Callable[..., Server]
) -> None:
    server, store = serve(hello), tmp_path / "pages.db"
    store.write_text("This is no database, and never was one.\n" * 100)
    done = fetch(mix, server.url, "--store", str(store))
    assert (done.returncode, done.stdout) == (1, "")
    assert said(done.stderr).startswith("interop: StoreError: ")
    assert said(done.stderr).count("\n") == 1
    assert not server.heads


def stopped(
    mix: Mix, number: signal.Signals, server: Server, store: Path, ready: Callable[["subprocess.Popen[str]"], object]
) -> None:
    """Send the signal when ready, and check how all three end."""
    process = subprocess.Popen(
        command(mix, server.url, "--store", str(store)),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background job ignores it
    )
    with process:
        try:
            assert server.asked.acquire(timeout=PATIENCE)
            ready(process)
            process.send_signal(number)
            output, errors = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, output) == ({signal.SIGINT: 130, signal.SIGTERM: 143}[number], "")
    assert said(errors) == f"interop: Interrupted: stopped by {number.name}\n"


@pytest.mark.campaign
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mix", SPREAD, ids=str)
def test_a_signal_stops_all_three_and_leaves_the_row_absent(
    mix: Mix, number: signal.Signals, tmp_path: Path, serve: Callable[..., Server]
) -> None:
    if reason := mix.impossible():
        pytest.skip(reason)
    stopped(mix, number, serve(hold), tmp_path / "pages.db", lambda process: None)
    assert rows(tmp_path / "pages.db") == []


@needs_proc
@pytest.mark.campaign
@pytest.mark.parametrize("mix", SPREAD, ids=str)
def test_a_signal_while_the_saver_waits_for_the_store_leaves_the_row_absent(
    mix: Mix, tmp_path: Path, serve: Callable[..., Server]
) -> None:
    if reason := mix.impossible():
        pytest.skip(reason)
    store = tmp_path / "pages.db"
    with contextlib.closing(sqlite3.connect(store, isolation_level=None, check_same_thread=False)) as other:
        answered = threading.Event()  # and the server's thread is done with `other`

        def lock_and_answer(connection: socket.socket) -> None:
            other.execute("BEGIN IMMEDIATE")
            hello(connection)
            answered.set()
            hold(connection)  # until the client has all of it and closes

        def saving(process: "subprocess.Popen[str]") -> None:
            assert answered.wait(PATIENCE)
            wait_until_open(process, store)

        stopped(mix, signal.SIGINT, serve(lock_and_answer), store, saving)
        other.execute("ROLLBACK")
    assert rows(store) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--framework", "twisted", "--fetch-with", "twisted[asyncio]"),
        ("--framework", "trio", "--fetch-with", "twisted[asyncio]", "--save-with", "twisted"),
        ("--framework", "nothing", "--fetch-with", "trio"),
        ("--framework", "all", "--save-with", "trio"),
        ("--framework", "gevent[patched]", "--fetch-with", "trio"),
    ],
)
def test_a_mix_that_one_process_cannot_have_is_a_usage_error_in_one_line(words: tuple[str, ...]) -> None:
    line = [*PYTHON, "-m", "interop", "fetch", "http://127.0.0.1:1/", *words]
    done = subprocess.run(line, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (2, "")
    assert said(done.stderr).startswith("interop: Usage: cannot fetch with ")
    assert said(done.stderr).count("\n") == 1


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("uvloop", ("--framework", "asyncio[uvloop]")),
        ("httpcore", ("--framework", "trio")),
        ("trio", ("--framework", "asyncio", "--save-with", "trio")),
        ("uvloop", ("--framework", "asyncio[uvloop]", "--fetch-with", "trio")),
    ],
)
def test_a_package_that_cannot_be_imported_is_a_usage_error_in_one_line(
    package: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / f"{package}.py").write_text("raise ImportError('made for another Python')")
    line = [*PYTHON, "-m", "interop", "fetch", "http://127.0.0.1:1/", *words]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (2, "")
    assert said(done.stderr).startswith("interop: Usage: cannot fetch with ")
    assert said(done.stderr).endswith("ImportError: made for another Python\n")
    assert said(done.stderr).count("\n") == 1
