"""What saving costs: pages a second into one SQLite store, each framework beside a plain writer with group commit.

    python -m benchmarks.store [--rows 4000] [--waiting 100] [--rounds 5] [--framework asyncio,trio] [--journals]

The plain writer is what somebody writes by hand: tasks of asyncio put their rows into a queue, one thread commits what is in it,
and calls them back; it knows no deadline, no cancelling, no other process and no row that fails. Each turn is a process of its
own and a new file; turns alternate, and what counts is the median of the ratios within a round. `--journals` compares SQLite's
ways to be durable instead, with the plain writer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import inspect
import queue
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.fetch_and_save import FRAMEWORKS, sqlite_store, table
from scenarios.fetch_and_save.contract import Errand, Job, Page, Store

BODY = b"x" * 2000
JOURNALS = {
    "delete+extra": "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA",
    "delete+full": "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL",
    "truncate+extra": "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA",
    "wal+full": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
}
UPSERT = table.upsert(f"VALUES ({', '.join('?' * len(table.COLUMNS))})")


def page(url: str) -> Page:
    """A page that needs no fetching."""
    return Page(url, url, 200, (), BODY)


def plain(path: Path, rows: int, waiting: int, journal: str = "delete+extra") -> float:
    """The writer by hand. Returns seconds."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(JOURNALS[journal])
            connection.execute(sqlite_store._CREATE)
            while (first := inbox.get()) is not None:
                batch = [first]
                with contextlib.suppress(queue.Empty):
                    while True:
                        batch.append(inbox.get_nowait())
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(UPSERT, [row for row, *_ in batch])
                connection.execute("COMMIT")
                for _, loop, saved in batch:
                    loop.call_soon_threadsafe(saved.set_result, None)

    async def save(urls: Any) -> None:
        loop = asyncio.get_running_loop()
        for url in urls:
            saved = loop.create_future()
            inbox.put((table.row(page(url), "plain"), loop, saved))
            await saved

    async def main() -> None:
        urls = iter([f"http://a/{number}" for number in range(rows)])
        await asyncio.gather(*(save(urls) for _ in range(waiting)))

    writer = threading.Thread(target=write)
    began = time.perf_counter()
    writer.start()
    asyncio.run(main())
    inbox.put(None)
    writer.join()
    return time.perf_counter() - began


def scenario(path: Path, rows: int, waiting: int, framework: str) -> float:
    """A framework's own save(), by as many of the scenario's own tasks as wait; each saves one page after the other. Seconds."""
    module = FRAMEWORKS[framework].load()
    each = rows // waiting

    def at_once(url: str, store: Store, *, timeout: Any, **_: Any) -> Any:
        for number in range(each):
            module.save(page(f"{url}/{number}"), store, timeout=timeout)
        return page(url)

    def by_callback(url: str, store: Store, *, timeout: Any, **_: Any) -> Any:
        from twisted.internet.defer import Deferred

        return Deferred.fromCoroutine(awaited(url, store, timeout=timeout))

    async def awaited(url: str, store: Store, *, timeout: Any, **_: Any) -> Page:
        for number in range(each):
            await module.save(page(f"{url}/{number}"), store, timeout=timeout)
        return page(url)

    is_coroutine = inspect.iscoroutinefunction(module.save)
    save_only: Any = awaited if is_coroutine else by_callback if "twisted" in framework else at_once
    vars(module)["fetch_and_save"] = save_only
    store = Store(path, framework)
    store.open()
    job = Job(framework, [Errand(f"http://a/{number}") for number in range(waiting)], _count, store=store, concurrency=waiting)
    run: Callable[..., None] = module.run
    began = time.perf_counter()
    if framework == "gevent":
        run(job, save_only)
    else:
        run(job)
    return time.perf_counter() - began


def _count(errand: Errand, outcome: Any) -> None:
    if not isinstance(outcome, Page):
        raise outcome


def turn(contender: str, rows: int, waiting: int) -> float:
    """One contender in a process of its own. Returns pages a second."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        command = [sys.executable, "-m", "benchmarks.store", "--turn", contender, folder, str(rows), str(waiting)]
        return rows / float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _turn(contender: str, folder: str, rows: str, waiting: str) -> float:
    path, journal = Path(folder) / "pages.db", contender.removeprefix("plain ")
    measure = plain if journal in JOURNALS else scenario
    seconds = measure(path, int(rows), int(waiting), journal)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM pages").fetchone() == (int(rows),)
    return seconds


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--waiting", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--framework", default=",".join(name for name in FRAMEWORKS if name != "nothing"))
    parser.add_argument("--journals", action="store_true")
    parser.add_argument("--turn", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        print(_turn(*options.turn))
        return
    first = "plain delete+extra"
    others = [f"plain {name}" for name in JOURNALS] if options.journals else options.framework.replace(",", ", ").split(", ")
    others = [name for name in _joined(others) if name != first]
    rates: dict[str, list[float]] = {name: [] for name in [first, *others]}
    for _ in range(options.rounds):
        for name, measured in rates.items():
            measured.append(turn(name, options.rows, options.waiting))
    for name, measured in rates.items():
        ratio = statistics.median(plain / own for plain, own in zip(rates[first], measured, strict=True))
        print(f"{name:34}{statistics.median(measured):8.0f} pages/s   {ratio:5.2f} times the plain writer's time")


def _joined(names: list[str]) -> list[str]:
    """Put names with a comma in their brackets together again."""
    whole: list[str] = []
    for name in names:
        if whole and whole[-1].count("[") > whole[-1].count("]"):
            whole[-1] += f",{name}"
        else:
            whole.append(name)
    return whole


if __name__ == "__main__":
    main()
