"""Twisted, where it is special: cancelled at every turn of the reactor, exact requests, silence; three writings, two reactors."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from interop import __version__
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.origin import BEHAVIORS, Origin
from tests.conftest import Server

VARIANTS = [name for name in FRAMEWORKS if name.startswith("twisted")]
CHECKS = (
    "cancelled_at_every_turn",
    "cancelled_at_every_turn_of_tls",
    "cancelled_twice_at_every_turn",
    "a_deadline_is_a_timeout_in_every_phase",
    "a_cancelled_save_does_not_wait_for_the_lock",
    "errors_of_others_do_not_count",
    "fetches_run_at_once",
    "two_hundred_fetches_leave_nothing",
)
# What the checks call them, and what the origin does.
URLS = {
    "redirect": "redirect-body-chunked",
    "tls": "tls-chunked",
    "unaccepted": "stall-unaccepted",
    "tls-hold": "tls-hold",
    "before-status": "stall-before-status",
    "in-body": "stall-in-body",
    "tls-in-body": "tls-stall-in-body",
    "in-body-cut": "fin-in-body",
    "reset": "reset-in-body",
    "refused": "refused",
    "expired": "tls-expired",
    "loop": "loop-self",
    "bomb": "bomb-endless",
    "status": "status-404",
}
TARGETS = ("/", "/?", "/x/../y", "/a;b=c/d;?", "//x//", "/%7e%2F?a=b?c&d=%e2", "/-._~!$&'()*+,;=:@")
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

if missing := FRAMEWORKS["twisted"].missing():
    pytest.skip(missing, allow_module_level=True)


class Checked:
    """One variant's checks, made in its process."""

    def __init__(self, name: str, origin: Origin, folder: Path) -> None:
        barrier = threading.Barrier(10)

        def meet(connection: socket.socket) -> None:
            barrier.wait(30)
            connection.sendall(HELLO)

        self.server = Server(lambda connection: connection.sendall(HELLO))
        meeting = Server(meet)
        by_name = {behavior.name: behavior for behavior in BEHAVIORS}
        urls = {name: origin.url(by_name[behavior]) for name, behavior in URLS.items()}
        urls |= {f"request{target}": self.server.url + target for target in TARGETS}
        urls["request-login"] = self.server.url.replace("//", "//user:pw@")
        urls |= {"barrier": meeting.url, "no-address": "http://a_b.invalid/", "invalid": "nonsense"}
        order = {"framework": name, "urls": urls, "store": str(folder / f"{name}.db")}
        try:
            process = subprocess.run(
                [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.scenarios.twisted_checks", json.dumps(order)],
                capture_output=True,
                text=True,
                timeout=120,
                env={**os.environ, "SSL_CERT_FILE": origin.ca_file},
            )
        finally:
            self.server.close()
            meeting.close()
        self.says: dict[str, Any] = dict(json.loads(line) for line in process.stdout.splitlines())
        self.errors = process.stderr


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, "Future[Checked]"]]:
    with Origin() as origin, ThreadPoolExecutor(2) as processes:
        folder = tmp_path_factory.mktemp("stores")
        yield {name: processes.submit(Checked, name, origin, folder) for name in VARIANTS}


@pytest.fixture(params=VARIANTS)
def checked(request: pytest.FixtureRequest, everywhere: dict[str, "Future[Checked]"]) -> Checked:
    return everywhere[request.param].result()


@pytest.mark.parametrize("check", CHECKS)
def test_it_is_kept(checked: Checked, check: str) -> None:
    assert checked.says.get(check, checked.errors) is None, checked.says.get(check, checked.errors)


def test_nothing_is_said_in_development_mode(checked: Checked) -> None:
    assert checked.errors == ""


def test_the_request_is_the_visit_s_and_nothing_else(checked: Checked) -> None:
    assert checked.says["requests"] is None
    host = checked.server.url.removeprefix("http://")
    fields = f"Host: {host}\r\nUser-Agent: interop/{__version__}\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
    expected = [f"GET {target} HTTP/1.1\r\n{fields}\r\n" for target in TARGETS]
    expected.append(f"GET / HTTP/1.1\r\n{fields}Authorization: Basic dXNlcjpwdw==\r\n\r\n")
    assert [head.decode() for head in checked.server.heads] == expected


def test_the_three_writings_are_alike_on_both_reactors(everywhere: dict[str, "Future[Checked]"]) -> None:
    outcomes = {name: checked.result().says["outcomes"] for name, checked in everywhere.items()}
    assert len(outcomes["twisted"]) == 11, outcomes["twisted"]
    for name in VARIANTS:
        assert outcomes[name] == outcomes["twisted"]


A_JOB = """
import sys
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.job import Errand, Job

def report(errand, outcome):
    if errand.url == "last":
        raise ZeroDivisionError

FRAMEWORKS[sys.argv[1]].load().run(Job(sys.argv[1], [*[Errand("nonsense")] * 2000, Errand("last")], report, concurrency=1))
"""


@pytest.mark.parametrize("name", ["twisted", "twisted[asyncio,callbacks]"])
def test_many_errands_may_fail_at_once_and_a_bug_is_not_lost(name: str) -> None:
    process = subprocess.run([sys.executable, "-c", A_JOB, name], capture_output=True, text=True, timeout=120)
    assert process.stderr.splitlines()[-1] == "ZeroDivisionError"
    assert "Unhandled" not in process.stderr


@pytest.mark.parametrize("name", ["twisted", "twisted[callbacks]", "twisted[asyncio,inlineCallbacks]"])
def test_a_script_fetches_and_saves(
    name: str, serve: Callable[[Callable[[socket.socket], None]], Server], tmp_path: Path
) -> None:
    server = serve(lambda connection: connection.sendall(HELLO))
    module = FRAMEWORKS[name].module
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", f"scenarios.fetch_and_save.{module}", server.url]
    command += ["--framework", name, "--store", str(tmp_path / "pages.db")]
    process = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert process.stderr == ""
    line = json.loads(process.stdout)
    assert (line["framework"], line["bytes"], line["stored"]) == (name, 5, True)
