"""asyncio's default executor where gevent or eventlet has patched threads: what it starts are greenlets of this thread anyway.

concurrent.futures takes a lock that all threads of the process share, and gevent's locks lose a wake-up now and then when system
threads contend (https://github.com/gevent/gevent/issues/1744): asyncio.to_thread() in 30 threads at once hung one of them
within a few rounds. This executor has no lock, and a greenlet for each job.
"""

from __future__ import annotations

import _thread
import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class InGreenlets(ThreadPoolExecutor):
    """A ThreadPoolExecutor, since asyncio wants one, that starts no thread of a pool."""

    def __init__(self, loop: Any) -> None:
        super().__init__(1)
        self.running: set[Future[Any]] = set()
        self.loop = loop
        loop.set_default_executor(self)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it in a greenlet."""
        future: Future[Any] = Future()
        self.running.add(future)

        def job() -> None:
            try:
                if future.set_running_or_notify_cancel():
                    future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)
            finally:
                self.running.discard(future)

        _thread.start_new_thread(job, ())  # The patched one.
        return future

    async def end(self) -> None:
        """Wait for what runs."""
        while self.running:
            await asyncio.wait([asyncio.wrap_future(future) for future in self.running])
        if self.loop._default_executor is self:
            self.loop._default_executor = None  # Its shutdown would take a thread, and the locks of threads.
