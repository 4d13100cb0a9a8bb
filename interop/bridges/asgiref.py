"""asgiref: what Django crosses between blocking and asyncio code with.

By default every blocking function of a program runs in one thread, in turn ("asgiref"); thread_sensitive=False gives each one
of a pool ("asgiref-pool"). The way back is async_to_sync(). In a thread that sync_to_async() did not start, that makes a loop for
each call: a callee that is gone when its call is back is nothing that laws can be about, so that crossing is not here.

Source: https://docs.djangoproject.com/en/stable/topics/async/
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from interop.adapters import asyncio
from interop.bridges.bridge import Bridge
from interop.bridges.calling import Way, natively
from interop.bridges.crossing import Crossing


class Asgiref(Bridge):
    """sync_to_async() as it is by default."""

    name = "asgiref"
    package = "asgiref"
    crossings = (Crossing("asyncio", "threads", "thread"),)
    has = frozenset({"back"})
    sensitive = True

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """asyncio's own."""
        asyncio.run(main)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """In the one thread, or in one of the pool."""
        from asgiref.sync import sync_to_async

        return sync_to_async(fn, thread_sensitive=self.sensitive)(*args, **kwargs)

    def here(self) -> None:
        """Nothing: the thread knows its loop."""

    def back(self, here: None) -> Way:
        """In the loop that the blocking function was called from."""
        from asgiref.sync import async_to_sync

        return Way(lambda fn, *args, **kwargs: async_to_sync(natively(fn))(*args, **kwargs))


class AsgirefPool(Asgiref):
    """sync_to_async(thread_sensitive=False)."""

    name = "asgiref-pool"
    sensitive = False
