"""Fetch and save, as chapter F of the laws sees it: the native functions of both sides, and where to fetch."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from interop.bridges.crossing import Crossing
from interop.laws.world import World
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.contract import Store

BEHAVIORS = ("hello", "status-404", "refused", "stall-in-body")


@contextlib.contextmanager
def served() -> Iterator[Mapping[str, str]]:
    """A local origin, as the URLs of the behaviors that the laws use; empty where there can be none."""
    from scenarios import origin

    if origin.missing():
        yield {}
        return
    with origin.Origin() as running:
        yield {behavior.name: running.url(behavior) for behavior in origin.BEHAVIORS if behavior.name in BEHAVIORS}


class Scenario:
    """What a world has of the scenario.

    Args:
        urls: of the origin's behaviors, by their names.
        folder: for stores; whoever gives it removes it.

    Attributes:
        prepared: clients, drivers and pools have been used once.
    """

    def __init__(self, crossing: Crossing, urls: Mapping[str, str], folder: Path) -> None:
        self.caller, self.callee, self.topology, self.urls = crossing.caller, crossing.callee, crossing.topology, urls
        self._folder = folder
        self._stores = 0
        self.prepared = False

    def missing(self) -> str | None:
        """Why there is none here, in words."""
        if not self.urls:
            from scenarios import origin

            return origin.missing() or "no local origin was started"
        if self.topology == "thread" and self.caller.startswith("twisted") and self.callee.startswith("twisted"):
            return "the scenario needs the process's own reactor: the callee would use the caller's, from another thread"
        if self.caller == self.callee == "eventlet":
            return "eventlet's tpool serves one hub of a process at a time, and here are two"
        for name in (self.caller, self.callee):
            if name not in FRAMEWORKS:
                return f"the scenario of {name} needs the process's own reactor"
            if (name, self.topology) == ("twisted[asyncio]", "guest"):
                return "the scenario needs the process's own reactor, and each guest brings one on a loop of its own"
            if missing := FRAMEWORKS[name].missing():
                return f"{name}: {missing}"
        return None

    async def prepare(self, world: World) -> None:
        """Fetch and save once: what clients, drivers and pools open at their first use stays open."""
        self.prepared = True
        page = await world.caller.call(world.session, self.fetch, self.url("hello"))
        await world.caller.call(world.session, self.save, page, self.store())
        await self.save_here(page, self.store())

    @property
    def fetch(self) -> Any:
        """The callee's native fetch()."""
        return self._file(self.callee).fetch

    @property
    def save(self) -> Any:
        """The callee's native save()."""
        return self._file(self.callee).save

    async def save_here(self, page: Any, store: Store) -> None:
        """The caller's native save()."""
        saved = self._file(self.caller).save(page, store)
        if hasattr(saved, "__await__"):
            await saved

    def url(self, what: str) -> str:
        """Where a behavior is."""
        return self.urls[what]

    def store(self) -> Store:
        """A new one."""
        self._stores += 1
        return Store(str(self._folder / f"{self._stores}.db"), self.callee)

    def bad_store(self) -> Store:
        """One that cannot be used: it is a directory."""
        return Store(str(self._folder), self.callee)

    def rows(self, store: Store) -> list[tuple[int, bytes]]:
        """Status and body of each row."""
        with contextlib.closing(sqlite3.connect(os.fspath(store.target))) as connection:
            return connection.execute("SELECT status, body FROM pages").fetchall()

    @staticmethod
    def _file(name: str) -> ModuleType:
        return FRAMEWORKS[name].load()
