"""asyncio's own crossings: to_thread(), and run_coroutine_threadsafe() into a loop of another thread.

Source: https://docs.python.org/3/library/asyncio-task.html#scheduling-from-other-threads
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, natively
from interop.bridges.crossing import Crossing
from interop.portal import find


class AsyncioRunInThread(Bridge):
    """The Future of run_coroutine_threadsafe() is waited for with result() in threads, with wrap_future() in asyncio."""

    name = "asyncio-run-in-thread"
    crossings = (
        Crossing("asyncio", "asyncio", "thread"),
        Crossing("threads", "asyncio", "thread"),
        Crossing("asyncio", "threads", "thread"),
    )

    def __init__(self, crossing: Crossing) -> None:
        super().__init__(crossing)
        self.has = frozenset({"back"} | ({"cancel"} if crossing.caller == crossing.callee else set()))

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The caller's loop; the callee's in a thread beside it."""
        caller, flavour = find(self.crossing.caller)
        if self.crossing.callee == "threads":
            caller.run(main, flavour)
            return
        import asyncio

        self.loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self.loop.run_forever, name="asyncio")
        thread.start()
        try:
            caller.run(main, flavour)
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join()
            self.loop.close()

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Into the loop, or into a thread."""
        if self.crossing.callee == "threads":
            return _to_thread(fn, *args, **kwargs)
        return self._into(self.loop, self.crossing.caller, fn, *args, **kwargs)

    def _into(self, loop: Any, caller: str, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        import asyncio

        future = asyncio.run_coroutine_threadsafe(natively(fn)(*args, **kwargs), loop)
        return future.result() if caller == "threads" else asyncio.wrap_future(future)

    def here(self) -> Any:
        """The caller's loop; nothing for a thread."""
        import asyncio

        return None if self.crossing.caller == "threads" else asyncio.get_running_loop()

    def back(self, here: Any) -> Way:
        """The same in the other direction."""
        if here is None:
            return Way(_to_thread)
        return Way(lambda fn, *args, **kwargs: self._into(here, self.crossing.callee, fn, *args, **kwargs))


def _to_thread(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    import asyncio

    return asyncio.to_thread(fn, *args, **kwargs)
