"""What Trio's and AnyIO's scenarios are tested for alike: both cancel with scopes, and both fetch with httpcore."""

import contextlib
import functools
import gc
import itertools
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from interop import __version__
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.contract import Deadline, Errand, FetchAndSaveError, Job, Page, Store, StoreError, client_context
from tests.conftest import MARGIN, Server, hold, open_sockets

BODY = b"x" * 50_000
AT_ONCE = 12


class World(Protocol):
    """One framework: how to run in it, and how it cancels."""

    framework: str

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run an async function to its end."""

    def scope(self) -> Any:
        """A new cancel scope."""

    def soon(self, callback: Callable[[], object]) -> None:
        """Call back from the loop, once what runs now has been parked."""

    def nursery(self) -> Any:
        """What tasks are started in."""

    def in_thread(self, wait: Callable[[], Any]) -> Awaitable[Any]:
        """Wait for what blocks."""


class Origin(Server):
    """Plays what the path says."""

    def __init__(self) -> None:
        self.meeting = threading.Barrier(AT_ONCE)
        super().__init__(hold)
        self.port = int(self.url.rpartition(":")[2])

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, threading.BrokenBarrierError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := connection.recv(65536)):
                    return
                head += data
            self.heads.append(head)
            self.asked.release()
            self._play(head.split(b" ")[1].partition(b"?")[0], connection)
            hold(connection)

    def _play(self, path: bytes, connection: socket.socket) -> None:
        if path == b"/hops":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /page\r\nContent-Length: 5\r\n\r\n")
        elif path == b"/half":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY[1:])
        elif path == b"/interrupt":
            os.kill(os.getpid(), signal.SIGUSR1)
        elif path != b"/hold":
            if path == b"/meet":
                self.meeting.wait(60)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(5):
                connection.sendall(b"%x\r\n%s\r\n" % (len(BODY) // 5, BODY[::5]))
            connection.sendall(b"0\r\n\r\n")

    def close(self) -> None:
        self.meeting.abort()
        super().close()

    def forget(self) -> None:
        """Keep nothing of the connections that the clients have closed, once their threads are done: it is not the clients'."""
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._connections.clear()

    def clients(self) -> int:
        """How many connections to it this process has open."""
        return connections(self.port)


def connections(port: int) -> int:
    """How many this process has to that port."""
    found = 0
    for sock in open_sockets():
        with contextlib.suppress(OSError):  # it is not connected
            found += sock.getpeername()[:2] in (("127.0.0.1", port), ("::1", port))
    return found


class Steps:
    """Drives a coroutine and acts at one of the points at which it suspends itself; `taken` counts them."""

    def __init__(self, point: int, act: Callable[[], object]) -> None:
        self._point, self._act, self.taken = point, act, 0

    @types.coroutine
    def through(self, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, None]:
        answer, error = None, None
        while True:
            try:
                request = coroutine.send(answer) if error is None else coroutine.throw(error)
            except StopIteration:
                return
            self.taken += 1
            if self.taken == self._point:
                self._act()
            try:
                answer, error = (yield request), None
            except BaseException as raised:
                answer, error = None, raised


class Structured:
    """The tests. A subclass has a fixture `world`."""

    @pytest.fixture
    def origin(self) -> Iterator[Origin]:
        origin = Origin()
        yield origin
        origin.close()

    @pytest.fixture
    def store(self, tmp_path: Path, world: World) -> Store:
        """It has one row of another page."""
        store = Store(tmp_path / "pages.db", world.framework)
        store.save(Page("http://old/", "http://old/", 200, (), b"old"))
        return store

    @pytest.fixture
    def tls(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        """The origin of `interop run`, whose certificate this process then trusts."""
        pytest.importorskip("trustme", reason="the origin signs its certificates with trustme; install async-interop[run]")
        from scenarios import origin

        with origin.Origin() as running:
            monkeypatch.setenv("SSL_CERT_FILE", running.ca_file)
            client_context.cache_clear()
            yield running
        client_context.cache_clear()

    @pytest.mark.parametrize("when", ["at once", "once it is parked"])
    def test_a_cancellation_at_any_suspension_leaves_no_connection_and_no_half_row(
        self, world: World, origin: Origin, store: Store, when: str
    ) -> None:
        cancelled, saved = cancel_everywhere(world, store, when, origin.url + "/hops", origin.port, BODY)
        assert cancelled >= 15
        assert saved >= 1

    @pytest.mark.parametrize("when", ["at once", "once it is parked"])
    def test_a_cancellation_at_any_suspension_leaves_no_connection_over_tls(
        self, world: World, tls: Any, store: Store, when: str
    ) -> None:
        from scenarios.origin import BEHAVIORS

        hops = next(behavior for behavior in BEHAVIORS if behavior.name == "redirect-https")
        port = int(tls.https.rpartition(":")[2])
        cancelled, saved = cancel_everywhere(world, store, when, tls.url(hops), port, tls.body(hops))
        assert cancelled >= 20
        assert saved >= 1

    def test_the_caller_s_own_timeout_passes_through_unchanged(self, world: World, origin: Origin) -> None:
        script = FRAMEWORKS[world.framework].load()

        async def main() -> None:
            async with world.nursery() as nursery:
                for path in ("/hold", "/half"):
                    scope = world.scope()

                    async def fetch(scope: Any = scope, path: str = path) -> None:
                        with scope:
                            await script.fetch(origin.url + path)
                        assert scope.cancelled_caught

                    nursery.start_soon(fetch)
                    await world.in_thread(origin.asked.acquire)
                    scope.cancel()
            assert origin.clients() == 0

        world.run(main)

    def test_a_save_that_waits_for_a_lock_is_cancelled_at_once(self, world: World, store: Store) -> None:
        script = FRAMEWORKS[world.framework].load()
        page = Page("http://new/", "http://new/", 200, (), BODY)

        async def main() -> float:
            scope = world.scope()
            async with world.nursery() as nursery:

                async def save() -> None:
                    with scope:
                        await script.save(page, store)

                nursery.start_soon(save)
                await world.in_thread(waits_for(store).wait)
                begun = time.monotonic()
                scope.cancel()
            assert scope.cancelled_caught
            return time.monotonic() - begun

        with locked(store):
            assert world.run(main) < MARGIN
        assert list(rows(store)) == ["http://old/"]

    def test_a_locked_store_costs_no_request(
        self, world: World, origin: Origin, store: Store, lock_is_met: threading.Event
    ) -> None:
        script = FRAMEWORKS[world.framework].load()

        async def main() -> None:
            with pytest.raises(StoreError):
                await script.fetch_and_save(f"{origin.url}/page", store, timeout=deadline)

        with locked(store), another_waits(store, lock_is_met):
            deadline = Deadline(0.3)
            world.run(main)
        assert 0 < deadline.late < MARGIN
        assert origin.heads == []

    def test_a_job_fetches_all_at_once_up_to_its_concurrency(self, world: World, origin: Origin, store: Store) -> None:
        outcomes: list[Page | FetchAndSaveError] = []
        errands = [Errand(f"{origin.url}/meet?{n}", {"timeout": 60.0}) for n in range(3 * AT_ONCE)]
        job = Job(world.framework, errands, lambda errand, outcome: outcomes.append(outcome), store=store, concurrency=AT_ONCE)
        FRAMEWORKS[world.framework].load().run(job)
        assert [outcome.body for outcome in outcomes if isinstance(outcome, Page)] == [BODY] * len(errands), outcomes
        assert len(rows(store)) == len(errands) + 1

    def test_a_signal_stops_a_job_while_its_loop_is_idle(self, world: World, origin: Origin) -> None:
        job = Job(world.framework, [Errand(f"{origin.url}/interrupt")], lambda errand, outcome: None)
        told: list[float] = []

        def stop(signum: int, frame: object) -> None:
            told.append(time.monotonic())
            job.stop()

        before = signal.signal(signal.SIGUSR1, stop)
        try:
            FRAMEWORKS[world.framework].load().run(job)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert time.monotonic() - told[0] < MARGIN
        assert origin.clients() == 0

    def test_a_job_that_is_stopped_before_it_begins_does_nothing(self, world: World, origin: Origin) -> None:
        job = Job(world.framework, [Errand(f"{origin.url}/hold")], lambda errand, outcome: None)
        job.stop()
        FRAMEWORKS[world.framework].load().run(job)
        assert origin.clients() == 0

    def test_200_fetches_leave_nothing(self, world: World, origin: Origin, store: Store) -> None:
        script = FRAMEWORKS[world.framework].load()
        sizes = []

        async def main() -> None:
            for _ in range(3):
                for _ in range(100):
                    await script.fetch_and_save(f"{origin.url}/page", store)
                assert origin.clients() == 0
                origin.forget()
                store.close()  # else its writer is there or not, as the machine is fast or slow
                gc.collect()
                sizes.append(len(gc.get_objects()))

        world.run(main)
        assert sizes[2] - sizes[1] < 100, "objects that are alive after 100, 200 and 300 fetches: " + str(sizes)

    @pytest.mark.parametrize("target", ["/", "/?", "/a/../b/./%2e%2e/%7e?x=[]&%C3%A9#f", "//x//", "/\u00e9 ".rstrip()])
    def test_the_request_on_the_wire_is_the_visit_s_own(self, world: World, origin: Origin, target: str) -> None:
        script = FRAMEWORKS[world.framework].load()
        world.run(functools.partial(script.fetch, origin.url.replace("//", "//user:pass@") + target))
        sent = target.partition("#")[0].replace("[]", "%5B%5D").replace("\u00e9", "%C3%A9")
        assert origin.heads == [
            f"GET {sent} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{origin.port}\r\n"
            f"User-Agent: interop/{__version__}\r\n"
            "Accept: */*\r\n"
            "Accept-Encoding: gzip, deflate\r\n"
            "Authorization: Basic dXNlcjpwYXNz\r\n\r\n".encode()
        ]

    def test_the_file_is_a_script_and_silent_in_development_mode(self, world: World, origin: Origin, tmp_path: Path) -> None:
        path = FRAMEWORKS[world.framework].load().__file__
        assert path is not None
        command = [sys.executable, "-X", "dev", "-W", "error", path, "--framework", world.framework]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(path).parents[2])}
        for url, code, says in (("", 0, ""), ("ftp://x/", 1, "interop: InvalidURL: ")):
            urls = [f"{origin.url}/hops", *([url] if url else [])]
            done = subprocess.run(
                [*command, "--store", tmp_path / "pages.db", *urls], env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == code
            assert done.stderr.startswith(says)
            assert done.stderr.count("\n") == (1 if says else 0)
            assert done.stdout.count("\n") == 1


def cancel_everywhere(world: World, store: Store, when: str, url: str, port: int, body: bytes) -> tuple[int, int]:
    """Cancel at the first suspension, at the second, and so on. Returns how many were cancelled, and how many saved."""
    script = FRAMEWORKS[world.framework].load()

    async def main() -> tuple[int, int]:
        cancelled = 0
        for point in itertools.count(1):
            scope, asked = world.scope(), f"{url}?{point}"
            steps = Steps(point, scope.cancel if when == "at once" else functools.partial(world.soon, scope.cancel))
            with scope:
                await steps.through(script.fetch_and_save(asked, store))
            cancelled += scope.cancelled_caught
            assert connections(port) == 0, f"a connection is open after a cancellation at suspension {point}"
            found = rows(store)
            assert found.pop("http://old/") == b"old"
            assert found.get(asked, body) == body
            assert scope.cancelled_caught or asked in found
            if steps.taken < point:
                break
        assert (await script.fetch_and_save(url, store)).body == body
        return cancelled, len(found)

    outcome: tuple[int, int] = world.run(main)
    return outcome


def rows(store: Store) -> dict[str, bytes]:
    """The bodies that the store has by URL; nobody may be writing any more."""
    with contextlib.closing(sqlite3.connect(store.target, timeout=0, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        return dict(connection.execute("SELECT url, body FROM pages"))


@contextlib.contextmanager
def locked(store: Store) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def another_waits(store: Store, lock_is_met: threading.Event) -> Iterator[None]:
    """A page that the writer has in its hands, and so it knows of the lock, however short others wait."""
    deadline, told = Deadline(600), threading.Event()
    store.begin(Page("http://other/", "http://other/", 200, (), BODY), deadline, lambda error: told.set())
    assert lock_is_met.wait(60)
    yield
    deadline.expire()
    assert told.wait(60)


def waits_for(store: Store) -> threading.Event:
    """Set once the store's writer has a page to save."""
    inside, begin = threading.Event(), store.begin

    def tell(page: Page | None, deadline: Deadline, done: Any) -> None:
        begin(page, deadline, done)
        inside.set()

    store.begin = tell  # type: ignore[method-assign]
    return inside
