"""The checks of test_with_twisted.py in a process of their own, since a stopped reactor cannot start again.

`python -m tests.scenarios.twisted_checks ORDER`, an order being JSON; each line of the output is a check and what came of it.
"""

import gc
import json
import os
import selectors
import sqlite3
import sys
import traceback
from collections.abc import Awaitable, Callable
from hashlib import sha256
from itertools import count
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.task import deferLater

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.contract import ConnectError, Errand, Job, Page, Store, Timeout, TooLarge, Visit
from scenarios.fetch_and_save.twisted_client import Hop, Watch
from scenarios.fetch_and_save.twisted_reactor import attempts

Check = Callable[["Process"], Awaitable[Any]]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


class Turns:
    """Counts the reactor's turns, and does something after so many of them."""

    def __init__(self, asyncio: bool) -> None:
        self._left = 0
        self._then: Callable[[], object] = int
        (self._count_asyncio if asyncio else self._count_default)()

    def _count_asyncio(self) -> None:
        from asyncio import SelectorEventLoop

        from twisted.internet import asyncioreactor

        turn = self._turn

        class Selector(selectors.DefaultSelector):
            def select(self, timeout: float | None = None) -> Any:
                events = super().select(timeout)
                turn()
                return events

        loop = SelectorEventLoop(Selector())
        loop.slow_callback_duration = 60.0
        asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
        self.close = loop.close

    def _count_default(self) -> None:
        from twisted.internet import reactor

        anything: Any = reactor
        poll = anything.doIteration

        def iteration(delay: float | None) -> None:
            poll(delay)
            self._turn()

        anything.doIteration = iteration
        self.close = lambda: None

    def _turn(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.reactor.callLater(0, self._then)

    @property
    def reactor(self) -> Any:
        from twisted.internet import reactor

        return reactor

    def after(self, turns: int, then: Callable[[], object]) -> None:
        self._left, self._then = turns, then


class Process:
    def __init__(self, order: dict[str, Any]) -> None:
        self.name: str = order["framework"]
        self.urls: dict[str, str] = order["urls"]
        self.path: str = order["store"]
        self.store = Store(self.path, self.name)
        self.module = FRAMEWORKS[self.name].load()
        self.turns = Turns("asyncio" in self.name)
        self.reactor = self.turns.reactor

    def fetch(self, url: str, **limits: Any) -> Deferred[Page]:
        return maybeDeferred(self.module.fetch, self.urls[url], **limits)

    def left(self) -> list[object]:
        """Sockets and timers; not what is due already, as with the call that Twisted's connector leaves, which does nothing."""
        timers = [call for call in self.reactor.getDelayedCalls() if call.getTime() > self.reactor.seconds()]
        return [set(self.reactor.getReaders()), self.reactor.getWriters(), timers]

    def rows(self) -> int:
        """How many there are; each is whole."""
        connection = sqlite3.connect(self.path)
        try:
            rows = connection.execute("SELECT body, sha256 FROM pages").fetchall()
            connection.execute("DELETE FROM pages")
            connection.commit()
        finally:
            connection.close()
        assert all(sha256(body).hexdigest() == digest for body, digest in rows)
        return len(rows)

    async def run(self) -> None:
        for function in CHECKS:
            says: object
            try:
                before = self.left()
                says = await function(self)
                assert self.left() == before, f"left behind: {before} {self.left()}"
            except BaseException:
                says = traceback.format_exc()
            print(json.dumps([function.__name__, says]), flush=True)

    async def cancel_at_every_turn(self, url: str, cancel: Callable[[Deferred[Page]], object]) -> int:
        for turn in count(1):
            before = self.left()
            done = maybeDeferred(self.module.fetch_and_save, self.urls[url], self.store)
            self.turns.after(turn, lambda done=done: cancel(done))  # type: ignore[misc]
            try:
                await done
            except CancelledError:
                assert self.left() == before, f"left behind at turn {turn}: {before} {self.left()}"
                assert self.rows() <= 1
            else:
                break
        self.turns.after(0, int)
        assert self.rows() == 1
        return turn


@check
async def cancelled_at_every_turn(process: Process) -> None:
    assert await process.cancel_at_every_turn("redirect", lambda done: done.cancel()) > 4


@check
async def cancelled_at_every_turn_of_tls(process: Process) -> None:
    assert await process.cancel_at_every_turn("tls", lambda done: done.cancel()) > 4


def cancel_twice(done: Deferred[Page]) -> None:
    done.cancel()
    done.cancel()


@check
async def cancelled_twice_at_every_turn(process: Process) -> None:
    assert await process.cancel_at_every_turn("redirect", cancel_twice) > 4


@check
async def a_deadline_is_a_timeout_in_every_phase(process: Process) -> None:
    phases = {
        "unaccepted": "answer",
        "tls-hold": "connection",
        "before-status": "answer",
        "in-body": "body",
        "tls-in-body": "body",
    }
    for url, phase in phases.items():
        before = process.left()
        for timeout in (0.1, 0.5, 2.5, 12.5):  # the phase is to be reached, on a busy machine too
            try:
                await process.fetch(url, timeout=timeout)
            except Timeout as error:
                assert process.left() == before, (url, before, process.left())
                if error.phase == phase:
                    break
        else:
            raise AssertionError(f"{url}: no timeout in phase {phase!r}")


@check
async def a_cancelled_save_does_not_wait_for_the_lock(process: Process) -> None:
    page = await process.fetch("tls")
    lock = sqlite3.connect(process.path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    done = maybeDeferred(process.module.save, page, process.store)
    cancel_twice(done)
    assert isinstance(done.result, Deferred), "it did not wait for its thread"
    try:
        await done
    except CancelledError:
        pass
    else:
        raise AssertionError("the cancellation was lost")
    finally:
        lock.execute("COMMIT")
        lock.close()
    assert process.rows() == 0


@check
async def errors_of_others_do_not_count(process: Process) -> None:
    try:
        raise TooLarge("somebody else's")
    except TooLarge:
        try:
            await process.fetch("refused")
        except ConnectError:
            return
    raise AssertionError("it was fetched")


@check
async def fetches_run_at_once(process: Process) -> None:
    pages: list[Page] = []
    job = Job(process.name, [Errand(process.urls["barrier"])] * 10, lambda _, page: pages.append(page), concurrency=10)  # type: ignore[arg-type]
    await attempts(job, process.module.attempt)
    assert [page.body for page in pages] == [b"hello"] * 10, pages


@check
async def two_hundred_fetches_leave_nothing(process: Process) -> None:
    urls = ["redirect", "tls", "in-body-cut", "refused"]
    errands = [Errand(process.urls[url]) for url in urls] * 25
    open_files = []
    for _ in range(2):
        await attempts(Job(process.name, errands, lambda *_: None, concurrency=10), process.module.attempt)
        await deferLater(process.reactor, 0)  # the last one's stack is below us
        gc.collect()
        open_files.append(len(os.listdir("/dev/fd")))
    assert open_files[1] <= open_files[0], open_files
    alive = [each for each in gc.get_objects() if isinstance(each, Watch | Hop | Visit)]
    assert not alive, alive


@check
async def requests(process: Process) -> None:
    for url in process.urls:
        if url.startswith("request"):
            await process.fetch(url)


@check
async def outcomes(process: Process) -> object:
    values: list[tuple[object, ...]] = []
    for url in (
        "redirect",
        "tls",
        "in-body-cut",
        "reset",
        "refused",
        "no-address",
        "expired",
        "loop",
        "invalid",
        "bomb",
        "status",
    ):
        try:
            page = await process.fetch(url, max_body=100_000)
        except Exception as error:
            values.append((url, type(error).__name__, str(error)))
        else:
            values.append((url, page.final_url, page.sha256))
    return values


def main() -> None:
    process = Process(json.loads(sys.argv[1]))
    done = [Deferred[None]()]

    def start() -> None:
        done[0] = Deferred.fromCoroutine(process.run())
        done[0].addBoth(lambda _: process.reactor.stop())

    process.reactor.callWhenRunning(start)
    process.reactor.run(installSignalHandlers=False)
    process.turns.close()


if __name__ == "__main__":
    main()
