"""Fetch in one framework, save in another, driven by a third: the native functions of fetch_and_save, called through portals.

A driver is ordinary code of its own framework (driven_by_*.py): it opens two portals, and calls the native fetch() behind the
one and the native save() behind the other. The deadline is one object that all three look at. A cancel of the driver's is passed
on, and the driver goes on when the others have cleaned up. What they raise arrives as the object that was raised.
"""

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from interop.portal import BlockingPortal
from interop.runtime import Runtime
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.contract import Deadline, Errand, Job, Page, Store
from scenarios.mixed import RUNTIMES


@dataclass(frozen=True)
class Mix:
    """Who drives, who fetches, who saves; str() is what the saved rows say: "trio(twisted+asyncio)"."""

    driver: str
    fetcher: str
    saver: str

    def __str__(self) -> str:
        return f"{self.driver}({self.fetcher}+{self.saver})"

    def impossible(self) -> str | None:
        """Why one process cannot have this mix, in words; None if it can. Imports nothing."""
        names = (self.driver, self.fetcher, self.saver)
        if unknown := [name for name in names if name not in RUNTIMES]:
            return f"{unknown[0]!r} is no runtime that can be mixed; there are {', '.join(RUNTIMES)}"
        if {"twisted", "twisted[asyncio]"} <= set(names):
            return "a process has one default reactor, so it cannot be 'twisted' and 'twisted[asyncio]' at once"
        return next((f"{name}: {missing}" for name in names if (missing := FRAMEWORKS[name].missing())), None)

    def run(self, job: Job) -> None:
        """Do a whole job."""
        for name in (self.fetcher, self.saver, self.driver):  # In this thread: of their imports, some are not for any other.
            FRAMEWORKS[name].load()
        _file(self.driver).run(job, self)

    def where_to_fetch(self, here: Runtime) -> str | Runtime:
        """What the driver opens its first portal to: another framework, or itself."""
        return here if self.fetcher == self.driver else self.fetcher

    def where_to_save(self, here: Runtime, fetcher: Runtime) -> str | Runtime:
        """And the second: another one, the one that fetches, or itself."""
        return here if self.saver == self.driver else fetcher if self.saver == self.fetcher else self.saver

    @property
    def fetch(self) -> Any:
        """The native fetch() of the one who fetches."""
        return FRAMEWORKS[self.fetcher].load().fetch

    @property
    def save(self) -> Any:
        """The native save() of the one who saves."""
        return FRAMEWORKS[self.saver].load().save


class AwaitedPortal(Protocol):
    """A portal whose call() is awaited, be it a coroutine or a Deferred."""

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Awaitable[Any]:
        """Run fn in the callee's loop."""


class Opening(Store):
    """The store, as one that saves nothing and is opened: so the native save() opens it, before the network is touched."""

    def __init__(self, store: Store) -> None:
        self.store, self.is_postgres = store, store.is_postgres

    def begin(self, page: Page | None, deadline: Deadline, done: Any) -> None:
        """Begin to open it."""
        self.store.begin(None, deadline, done)


async def make_room(mix: Mix, fetcher: AwaitedPortal, saver: AwaitedPortal, job: Job) -> None:
    """Have both make room for so many pages at once."""
    await fetcher.call(_file(mix.fetcher).settle, job.concurrency)
    await saver.call(_file(mix.saver).settle, job.concurrency)


async def attempt(mix: Mix, fetcher: AwaitedPortal, saver: AwaitedPortal, job: Job, errand: Errand) -> None:
    """One page, driven by coroutines: what a portal's call() gives is native to whichever framework runs this."""
    with job.attempt(errand) as attempt:
        deadline = attempt.limits["timeout"]
        if job.store is not None:
            await saver.call(mix.save, None, Opening(job.store), timeout=deadline)
        page = await fetcher.call(mix.fetch, errand.url, **attempt.limits)
        if job.store is not None:
            await saver.call(mix.save, page, job.store, timeout=deadline)
        attempt.page = page


def make_room_blocking(mix: Mix, fetcher: BlockingPortal, saver: BlockingPortal, job: Job) -> None:
    """make_room() where calls block."""
    fetcher.call(_file(mix.fetcher).settle, job.concurrency)
    saver.call(_file(mix.saver).settle, job.concurrency)


def attempt_blocking(mix: Mix, fetcher: BlockingPortal, saver: BlockingPortal, job: Job, errand: Errand) -> None:
    """attempt() where calls block the greenlet or the thread."""
    if job.stopped:
        return
    with job.attempt(errand) as attempt:
        deadline = attempt.limits["timeout"]
        if job.store is not None:
            saver.call(mix.save, None, Opening(job.store), timeout=deadline)
        page = fetcher.call(mix.fetch, errand.url, **attempt.limits)
        if job.store is not None:
            saver.call(mix.save, page, job.store, timeout=deadline)
        attempt.page = page


def _file(name: str) -> ModuleType:
    return importlib.import_module(f"scenarios.mixed.{RUNTIMES[name]}")
