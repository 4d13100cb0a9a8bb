"""crochet: blocking programs call Twisted, whose reactor it runs in a thread of its own.

Source: https://crochet.readthedocs.io/
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from interop.adapters import threads
from interop.bridges.bridge import Bridge
from interop.bridges.calling import deferring
from interop.bridges.crossing import Crossing

SECONDS = 1000.0  # wait_for() wants a limit


class Crochet(Bridge):
    """setup() and wait_for()."""

    name = package = "crochet"
    crossings = (Crossing("threads", "twisted", "thread"),)

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """This thread, and the reactor's, which crochet ends with the process."""
        import crochet

        crochet.setup()
        threads.run(main)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Its decorator."""
        import crochet

        return crochet.wait_for(timeout=SECONDS)(deferring(fn))(*args, **kwargs)
