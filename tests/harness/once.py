"""Bridges that start a loop for each call, and end it after the call: asyncio.run() in a thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import natively
from interop.bridges.crossing import Crossing


class RunsALoopForEachCall(Bridge):
    """As asgiref's async_to_sync(), or `asyncio.run()` in a worker thread."""

    name = "a-loop-for-each-call"
    crossings = (Crossing("asyncio", "asyncio", "thread"), Crossing("threads", "asyncio", "thread"))

    def run(self, main: Any) -> None:
        if self.crossing.caller == "asyncio":
            asyncio.run(main())
        else:
            from interop.runtime import drive

            drive(main())

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            return asyncio.run(partial(natively(fn), *args, **kwargs)())

        return asyncio.to_thread(run) if self.crossing.caller == "asyncio" else run()


class GrowsItsPool(RunsALoopForEachCall):
    """Its pool has one thread more after each 30 calls, until there are six: as one that grows where no thread is free yet."""

    every, most = 30, 6

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._calls, self._pool, self._more = 0, ThreadPoolExecutor(1), list[ThreadPoolExecutor]()

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self._calls += 1
        if self._calls % self.every == 0 and len(self._more) + 1 < self.most:
            self._more.append(ThreadPoolExecutor(1))
            self._more[-1].submit(threading.get_ident).result()
        run = partial(contextvars.copy_context().run, lambda: asyncio.run(partial(natively(fn), *args, **kwargs)()))
        called = self._pool.submit(run)
        return asyncio.wrap_future(called) if self.crossing.caller == "asyncio" else called.result()


class LeavesThreads(GrowsItsPool):
    """Every other call leaves a thread behind, for as long as there are calls."""

    every, most = 2, 1_000_000
