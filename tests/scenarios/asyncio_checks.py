"""What holds for every framework that lives on an asyncio loop: what is left behind, and how to cancel at each moment."""

import asyncio
import contextlib
import functools
import gc
import os
import selectors
import socket
import sqlite3
import subprocess
import sys
import threading
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from interop import __version__
from scenarios.fetch_and_save.contract import Deadline, Errand, FetchAndSaveError, Job, Page, Store, Visit
from scenarios.origin import BEHAVIORS, Origin
from tests.conftest import open_sockets

Result = TypeVar("Result")
FetchAndSave = Callable[..., Coroutine[Any, Any, Page]]
FAULTS = (  # a quick one of every sort, for what they make a client say aloud
    "hello",
    "chunked",
    "until-close",
    "redirect-301",
    "redirect-body-endless",
    "loop-self",
    "upgrade-offered",
    "refused",
    "no-such-host",
    "redirect-to-404",
    "length-word",
    "bomb-gzip",
    "gzip-bad-crc",
    "fin-before-status",
    "reset-before-status",
    "reset-in-value",
    "fin-in-body",
    "reset-in-body",
    "reset-between-chunks",
    "reset-until-close",
    "extra-response",
    "stall-connect",
    "stall-before-status",
    "stall-in-body",
    "tls",
    "tls-until-close",
    "tls-untrusted",
    "tls-mutual",
    "tls-fin",
    "tls-reset",
    "tls-alert",
    "tls-garbage",
    "tls-hold",
    "tls-plain-http",
    "tls-stall-in-body",
    "tls-reset-in-body",
    "tls-unclean-until-close",
    "tls-garbage-in-body",
)


def sockets() -> set[int]:
    """Inodes of the TCP sockets that this process has open; the resolver's, in a thread that nothing can cancel, are others."""
    found = set()
    for one in open_sockets():
        if one.type == socket.SOCK_STREAM and one.family in (socket.AF_INET, socket.AF_INET6):
            found.add(os.fstat(one.fileno()).st_ino)
    return found


def rows(store: Path) -> list[str]:
    """The URLs in the store. It is not locked, and each row is whole."""
    with contextlib.closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("SELECT url, body, sha256 FROM pages").fetchall()
        connection.execute("DELETE FROM pages")
        connection.execute("COMMIT")
    assert all(sha256(body).hexdigest() == digest for _, body, digest in found)
    return [url for url, _, _ in found]


class Turns(selectors.DefaultSelector):
    """The selector of an asyncio loop, which does something in its n-th turn."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 0
        self._then: Callable[[], object] = int

    def select(self, timeout: float | None = None) -> Any:
        self._left -= 1
        if self._left == 0:
            self._then()
            timeout = 0
        return super().select(timeout)

    def after(self, turns: int, then: Callable[[], object]) -> None:
        self._left, self._then = turns, then


def run_in_turns(main: Callable[[Turns], Coroutine[Any, Any, Result]]) -> Result:
    turns = Turns()
    loop = asyncio.SelectorEventLoop(turns)
    try:
        return loop.run_until_complete(main(turns))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@types.coroutine
def in_steps(coroutine: Coroutine[Any, Any, Result], step: int, then: Callable[[], object]) -> Generator[Any, Any, Result]:
    """Await the coroutine, and do something when it has been suspended for the n-th time."""
    resume: Callable[[], Any] = functools.partial(coroutine.send, None)
    while True:
        try:
            awaited = resume()
        except StopIteration as stop:
            result: Result = stop.value
            return result
        step -= 1
        if step == 0:
            then()
        try:
            resume = functools.partial(coroutine.send, (yield awaited))
        except BaseException as error:
            resume = functools.partial(coroutine.throw, error)


async def cancelled_at_each_suspension(fetch_and_save: FetchAndSave, url: str, path: Path, framework: str) -> int:
    """Cancel after suspension 1, 2, ... of the task until it is quicker. Returns how many there are."""

    def begin(moment: int, caller: Coroutine[Any, Any, Page]) -> "asyncio.Task[Page]":
        loop = asyncio.get_running_loop()

        async def stepping() -> Page:
            return await in_steps(caller, moment, lambda: loop.call_soon(task.cancel))

        task = asyncio.ensure_future(stepping())
        return task

    return await _cancelled_at_each_moment(fetch_and_save, url, path, framework, begin)


async def cancelled_in_each_turn(fetch_and_save: FetchAndSave, url: str, path: Path, framework: str, turns: Turns) -> int:
    """Cancel in turn 1, 2, ... of the loop until the task is quicker. Returns how many there are."""

    def begin(moment: int, caller: Coroutine[Any, Any, Page]) -> "asyncio.Task[Page]":
        task = asyncio.ensure_future(caller)
        turns.after(moment, task.cancel)
        return task

    return await _cancelled_at_each_moment(fetch_and_save, url, path, framework, begin)


async def _cancelled_at_each_moment(
    fetch_and_save: FetchAndSave,
    url: str,
    path: Path,
    framework: str,
    begin: Callable[[int, Coroutine[Any, Any, Page]], "asyncio.Task[Page]"],
) -> int:
    store = Store(path, framework)
    await fetch_and_save(url, store)
    assert rows(path) == [url]
    before, tasks = sockets(), asyncio.all_tasks()
    left: list[object] = []

    async def caller() -> Page:
        try:
            return await fetch_and_save(url, store)
        finally:
            left.extend(sockets() - before)
            left.extend(asyncio.all_tasks() - tasks - {asyncio.current_task()})

    for moment in range(1, 1000):
        task = begin(moment, caller())
        await asyncio.wait({task})
        assert left == [], f"left behind at moment {moment}: {left}"
        saved = rows(path)
        if not task.cancelled():
            assert task.result().url == url
            assert saved == [url]
            return moment - 1
        assert saved in ([], [url])
    raise AssertionError("it never came to its end")


async def leaves_nothing_behind(fetch: Callable[[], Awaitable[object]], times: int = 200) -> None:
    """After it has run so often, there are no more sockets, tasks, and objects than before."""
    for _ in range(20):
        await fetch()
    before = _left()
    for _ in range(times):
        await fetch()
    after = _left()
    assert after[0] <= before[0]
    assert after[1] == before[1]
    assert after[2] - before[2] < times / 2, "an object or more for each second fetch"


async def no_visit_is_left(fetch: Callable[[], Awaitable[object]]) -> None:
    """A visit, which holds the body, is gone with its fetch: it is in no reference cycle."""

    def visits() -> dict[int, Visit]:
        return {id(thing): thing for thing in gc.get_objects() if type(thing) is Visit}

    await fetch()
    gc.collect()
    others = visits()  # Hypothesis keeps those of its last examples.
    gc.disable()
    try:
        await fetch()
        assert visits().keys() - others.keys() == set()
    finally:
        gc.enable()


def _left() -> tuple[set[int], int, int]:
    gc.collect()
    return sockets(), len(asyncio.all_tasks()), len(gc.get_objects())


SILENCE = """
import sys
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.job import Errand, Job
from scenarios.fetch_and_save.store import Store

framework, path, *urls = sys.argv[1:]
errands = [Errand(url, {"timeout": 1.0, "max_body": 1 << 20}) for url in urls]
outcomes = []
job = Job(framework, errands, lambda *outcome: outcomes.append(outcome), store=Store(path, framework), concurrency=8)
FRAMEWORKS[framework].load().run(job)
assert len(outcomes) == len(urls)
"""


def said_in_development_mode(framework: str, path: Path, origin: Origin) -> str:
    """All that a job writes, with every sort of fault in it."""
    by_name = {behavior.name: behavior for behavior in BEHAVIORS}
    urls = [origin.url(by_name[name]) for name in FAULTS]
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", SILENCE, framework, str(path), *urls]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return f"{done.stdout}{done.stderr}" + (f"exit code {done.returncode}" if done.returncode else "")


class Crowd:
    """Answers when so many are there at once; `most` is how many there ever were."""

    def __init__(self, size: int) -> None:
        self._barrier, self._lock = threading.Barrier(size, timeout=20), threading.Lock()
        self._here = self.most = 0

    def __call__(self, connection: socket.socket) -> None:
        with self._lock:
            self._here += 1
            self.most = max(self.most, self._here)
        self._barrier.wait()
        with self._lock:
            self._here -= 1
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def bodies(run: Callable[[Job], None], framework: str, url: str, errands: int, concurrency: int) -> list[object]:
    """What a job of so many errands brings home."""
    found: list[object] = []

    def report(errand: Errand, outcome: Page | FetchAndSaveError) -> None:
        found.append(outcome.body if isinstance(outcome, Page) else outcome)

    run(Job(framework, [Errand(f"{url}/{n}") for n in range(errands)], report, concurrency=concurrency))
    return found


def stopped_when(asked: threading.Semaphore, framework: str, urls: list[str]) -> Job:
    """A job that is stopped, from another thread as a signal would, when each of its requests is there; none is to end."""

    def report(errand: Errand, outcome: object) -> None:
        raise AssertionError(f"{errand} ended with {outcome!r}")

    job = Job(framework, [Errand(url) for url in urls], report, concurrency=len(urls))

    def stop() -> None:
        for _ in urls:
            assert asked.acquire(timeout=20)
        job.stop()

    threading.Thread(target=stop).start()
    return job


class SlowToBegin(Store):
    """A store that says when its writer has a page to save."""

    def __init__(self, target: Path, framework: str) -> None:
        super().__init__(target, framework)
        self.began = threading.Event()

    def begin(self, page: Page | None, deadline: Deadline, done: Any) -> None:
        super().begin(page, deadline, done)
        if page is not None:
            self.began.set()


async def cancelled_while_the_store_is_locked(save: Callable[..., Coroutine[Any, Any, None]], path: Path, framework: str) -> None:
    """A save that waits for a lock gives up when it is cancelled, at once, and for good."""
    store = SlowToBegin(path, framework)
    store.open()
    page = Page("http://127.0.0.1/", "http://127.0.0.1/", 200, (), b"hello")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.ensure_future(save(page, store, timeout=60))
        await asyncio.get_running_loop().run_in_executor(None, store.began.wait)
        task.cancel()
        task.get_loop().call_soon(task.cancel)  # and once more, while it is waited for
        await asyncio.wait({task}, timeout=20)
        assert task.cancelled()
        other.execute("ROLLBACK")
    assert rows(path) == []


def request(url: str, host: str, *more: bytes) -> bytes:
    """The exact bytes of the one request that the contract makes of a URL's target."""
    lines = [
        b"GET %s HTTP/1.1" % url.encode(),
        b"Host: %s" % host.encode(),
        b"User-Agent: interop/%s" % __version__.encode(),
        b"Accept: */*",
        b"Accept-Encoding: gzip, deflate",
        *more,
    ]
    return b"\r\n".join([*lines, b"", b""])


TARGETS = ("/", "/?", "/x/../y", "/x/%2e%2e/y", "//two", "/a?b=c&d=%7e%E2&&", "/;p=1?q=/?", "/%41%2f")
