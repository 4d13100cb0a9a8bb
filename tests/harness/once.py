"""A bridge that starts a loop for each call, and ends it after the call: asyncio.run() in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
