"""The turns of an asyncio guest: it runs in a greenlet, and while it does not, nothing in the thread may tell that it exists.

The running loop, the async generator hooks, sniffio's name and Trio's current task belong to the thread: they are the guest's in
its turn, and the host's again outside. A turn has three ends. The guest parks in its selector; it is over; or, on a hub, code in
the middle of a step blocks the greenlet (time.sleep() in a patched process does), and siblings run before that code goes on.
Source:     gevent and eventlet call switch_out() of the greenlet that switches to their hub.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from interop.unpatched import get_ident, running_loop, set_running_loop


class Turns:
    """One guest's.

    Args:
        live: the guest's whole life, which is called in its greenlet.

    Raises:
        ImportError: greenlet is not installed.
    """

    def __init__(self, live: Callable[[], Any]) -> None:
        self._live = live
        self._state: tuple[Any, ...] = (None, (None, None), None, None)
        self._inside = False
        self._host: Any = None
        self._ident = get_ident()
        from greenlet import getcurrent

        self._getcurrent = getcurrent
        self._greenlet = _kind()(self._whole)
        self._greenlet.turns = self

    @property
    def over(self) -> bool:
        """Whether the guest has ended."""
        return bool(self._greenlet.dead)

    def next(self) -> Any:
        """In the host: one turn; the seconds after which the guest wants the next one, or what live() has returned."""
        self._host = self._getcurrent()
        try:
            return self._greenlet.switch()
        finally:
            self.leave()

    def park(self, seconds: float | None) -> None:
        """In the guest: the host's turn."""
        self.leave()
        self._host.switch(seconds)

    def _whole(self) -> Any:
        try:
            return self._live()
        finally:
            self._greenlet.parent = self._host  # eventlet makes its hub the parent of whoever waits; the last word is the host's.

    def enter(self) -> None:
        """Make the thread look as the guest left it, if it can go on: gevent's locks try greenlets of other threads, too."""
        if not self._inside and not self.over and get_ident() == self._ident:
            self._state, self._inside = _swap(self._state), True

    def leave(self) -> None:
        """Make the thread look as it did before."""
        if self._inside:
            self._state, self._inside = _swap(self._state), False


@lru_cache
def _kind() -> Any:
    from greenlet import greenlet

    class Guest(greenlet):  # type: ignore[misc]
        turns: Turns

        def switch_out(self) -> None:
            """The guest waits on the hub, in the middle of a step."""
            self.turns.leave()

        def switch(self, *values: Any) -> Any:
            """It goes on."""
            self.turns.enter()
            return super().switch(*values)

        def throw(self, *error: Any) -> Any:
            """It goes on, with an error."""
            self.turns.enter()
            return super().throw(*error)

    return Guest


def _swap(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Make the thread look like state, and return how it looked before."""
    loop, hooks, name, task = state
    # Another thread may be importing either of them just now: then they are not whole.
    library = getattr(sys.modules.get("sniffio"), "thread_local", None)
    trio = getattr(sys.modules.get("trio._core._run"), "GLOBAL_RUN_CONTEXT", None)
    run = vars(trio) if trio is not None else {}
    before = running_loop(), sys.get_asyncgen_hooks(), library.name if library is not None else None, run.pop("task", None)
    set_running_loop(loop)
    sys.set_asyncgen_hooks(*hooks)
    if library is not None:
        library.name = name
    if task is not None:
        run["task"] = task
    return before
