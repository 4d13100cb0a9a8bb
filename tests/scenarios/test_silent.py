"""Servers that never answer: no page waits for the deadline of another one."""

import socket
import subprocess
import sys

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.mixed import RUNTIMES

PAGES = 60
SECONDS = 60  # in which none of the deadlines passes
SOME = [("asyncio",), ("twisted",), ("gevent",), ("trio", "asyncio")]  # Who drives, and who fetches for it.
# "nothing" fetches one page after the other.
ALL = [*((name,) for name in FRAMEWORKS if name != "nothing"), *((name, "asyncio") for name in RUNTIMES)]


@pytest.mark.parametrize(
    "fetched_by", [pytest.param(names, id="-".join(names), marks=[] if names in SOME else pytest.mark.campaign) for names in ALL]
)
def test_pages_of_silent_servers_are_all_under_way_at_once(fetched_by: tuple[str, ...]) -> None:
    for name in fetched_by:
        if missing := FRAMEWORKS[name].missing():
            pytest.skip(missing)
    framework, *more = fetched_by
    with socket.create_server(("127.0.0.1", 0), backlog=PAGES) as server:
        server.settimeout(SECONDS)
        host, port = server.getsockname()
        urls = [f"http://{host}:{port}/{number}" for number in range(PAGES)]
        command = [sys.executable, "-m", "interop", "fetch", *urls, "--framework", framework, "--concurrency", str(PAGES)]
        command += [*(f"--fetch-with={name}" for name in more), "--timeout", str(2 * SECONDS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            open_at_once = []
            try:
                for _ in range(PAGES):
                    open_at_once.append(server.accept()[0])
                for connection in open_at_once:
                    connection.settimeout(SECONDS)
                    assert connection.recv(4) == b"GET "
            finally:
                for connection in open_at_once:
                    connection.close()
                said, complaints = process.communicate()
    assert said == ""
    assert [line.partition(":")[2].split()[0] for line in complaints.splitlines()] == ["BadResponse:"] * PAGES
