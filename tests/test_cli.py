"""The command line as a stranger meets it: exit codes, one line a failure, nothing imported that was not asked for."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from tests.conftest import Server

PATIENCE = 120
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
# httpcore imports both of its backends, Eventlet whatever it has a green copy of, geventhttpclient before 2.5 urllib3.
CLIENTS_BRING = {"trio": {"anyio"}, "anyio": {"trio"}, "eventlet": {"OpenSSL"}, "gevent": {"urllib3"}}


def interop(
    *arguments: str, environment: dict[str, str] | None = None, stdout: int = subprocess.PIPE
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "interop", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **(environment or {})},
    )


def hello(connection: socket.socket) -> None:
    connection.sendall(HELLO)


def imported_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


PACKAGES = {package for framework in FRAMEWORKS.values() for package in framework.needs}


def test_help_imports_no_framework_and_nothing_that_is_not_standard() -> None:
    modules = imported_by("import interop.cli\ntry: interop.cli.main(['--help'])\nexcept SystemExit: pass")
    assert not modules & (PACKAGES | {"asyncio", "ssl", "sqlite3", "rich"})
    # What site-packages' own .pth files import is not ours.
    assert modules - imported_by("") <= set(sys.stdlib_module_names) | {"interop"}


def test_a_framework_is_imported_only_when_it_is_asked_for(framework: str) -> None:
    name = framework.partition("[")[0]
    modules = imported_by(f"import scenarios.fetch_and_save as s; s.FRAMEWORKS[{framework!r}].load()")
    assert modules & PACKAGES <= {*FRAMEWORKS[framework].needs, *CLIENTS_BRING.get(name, ())}


def test_a_page_is_one_json_line_and_a_whole_row(framework: str, tmp_path: Path, serve: Callable[..., Server]) -> None:
    server = serve(hello)
    store = tmp_path / "pages.db"
    asked = server.url.replace("//", "//user:secret@") + "/x?q"
    done = interop("fetch", asked, "--framework", framework, "--store", str(store))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "url": server.url + "/x?q",
        "final_url": server.url + "/x?q",
        "framework": framework,
        "status": 200,
        "bytes": 5,
        "sha256": SHA256,
        "stored": True,
    }
    with contextlib.closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT url, status, body, sha256, framework FROM pages").fetchall()
    assert rows == [(server.url + "/x?q", 200, b"hello", SHA256, framework)]
    assert b"secret" not in store.read_bytes()


@pytest.mark.campaign
def test_a_failure_is_one_line_and_exit_code_1(framework: str, tmp_path: Path) -> None:
    with socket.socket() as nobody:  # It has the port, so that no other test gets it, and does not listen.
        nobody.bind(("127.0.0.1", 0))
        done = interop("fetch", f"http://user:secret@127.0.0.1:{nobody.getsockname()[1]}/", "--framework", framework)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("interop: ConnectError: ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


@pytest.mark.campaign
@pytest.mark.parametrize("count", [15])
def test_many_pages_are_fetched_at_once(count: int, framework: str, tmp_path: Path, serve: Callable[..., Server]) -> None:
    """All requests are there before any is answered: more than the clients' own limits of 1, 2 or 10 would let through."""
    if framework == "nothing":
        pytest.skip("plain blocking code does one thing at a time")
    all_are_here = threading.Barrier(count)

    def when_all_are_here(connection: socket.socket) -> None:
        all_are_here.wait(PATIENCE)
        connection.sendall(HELLO)

    server = serve(when_all_are_here)
    urls = [f"{server.url}/{number}" for number in range(count)]
    store = str(tmp_path / "pages.db")
    done = interop("fetch", *urls, "--framework", framework, "--concurrency", str(count), "--store", store, "--timeout", "100")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(json.loads(line)["url"] for line in done.stdout.splitlines()) == sorted(urls)


@pytest.mark.campaign
def test_the_environment_decides_nothing(framework: str, tmp_path: Path, serve: Callable[..., Server]) -> None:
    server = serve(hello)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user password secret\n")
    proxy = "http://127.0.0.1:1"
    environment = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy", "https_proxy"), proxy)
    done = interop(
        "fetch", server.url, "--framework", framework, environment={**environment, "HOME": str(tmp_path), "no_proxy": ""}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert server.heads == [
        b"GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: interop/0.1.0\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
        % server.url.removeprefix("http://").encode()
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is always full")
@pytest.mark.campaign
def test_standard_output_that_is_full_is_a_failure_without_a_traceback(
    framework: str, tmp_path: Path, serve: Callable[..., Server]
) -> None:
    with open("/dev/full", "w") as full:
        done = interop(
            "fetch", serve(hello).url, "--framework", framework, "--store", str(tmp_path / "pages.db"), stdout=full.fileno()
        )
    assert done.returncode == 1
    assert done.stderr == "interop: Output: cannot write to standard output: No space left on device\n"


def test_a_long_reason_does_not_cost_the_line_its_url(serve: Callable[..., Server]) -> None:
    def busy(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n" % (b"9" * 400))

    url = serve(busy).url + "/" + "a" * 500
    done = interop("fetch", url, "--framework", "nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("interop: StatusError: status 503, retry after 999")
    assert done.stderr.endswith(f"... [{url}]\n")


def test_every_framework_at_once_and_a_difference_is_an_error(serve: Callable[..., Server]) -> None:
    """Of the two pages one is the same for all; that this alone is exit code 0 is in the README, whose commands run, too."""
    counts = iter(range(10**6))

    def different(connection: socket.socket) -> None:
        body = b"%d" % (next(counts) // 4)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    same, other = serve(hello).url, serve(different).url
    done = interop("fetch", same, other, "--framework", "all")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    here = sorted(name for name, framework in FRAMEWORKS.items() if not framework.missing())
    assert sorted(line["framework"] for line in found if line["url"].startswith(same)) == here
    assert done.returncode == 1
    assert done.stderr.startswith("interop: Difference: ")
    assert other in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("fetch",),
        ("fetch", "http://127.0.0.1/"),
        ("fetch", "http://127.0.0.1/", "--framework", "curio"),
        ("fetch", "http://127.0.0.1/", "--framework", "nothing", "--timeout", "0"),
        ("fetch", "http://127.0.0.1/", "--framework", "nothing", "--timeout", "nan"),
        ("run", "--framework", "curio"),
        ("run", "--group", "nonsense"),
        ("run", "--jobs", "0"),
        ("run", "--repeat", "0"),
        ("upgrade", "trio", "--jobs", "-1"),
        ("matrix", "--results", "page.md", "--jobs", "0"),
        ("nonsense",),
        (),
    ],
)
def test_a_usage_error_is_exit_code_2_without_a_traceback(arguments: tuple[str, ...]) -> None:
    done = interop(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_a_readable_record_of_what_was_done(tmp_path: Path, number: signal.Signals) -> None:
    record = tmp_path / "record.json"
    command = [sys.executable, "-m", "interop", "run", "--law", "V1", "--jobs", "1", "--record", str(record)]

    def as_a_terminal_has_it() -> None:  # a background job inherits SIGINT as ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)

    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, preexec_fn=as_a_terminal_has_it) as run:
        assert run.stderr is not None
        assert run.stderr.readline().startswith("[1/")
        run.send_signal(number)
        out, err = run.communicate()
    assert run.returncode == 128 + number, err
    document = json.loads(record.read_text())
    assert 0 < document["footer"]["written"] < document["footer"]["expected"]
    assert "unfinished" in out or "interrupted" in out
