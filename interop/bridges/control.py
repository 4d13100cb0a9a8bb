"""The control: no bridge at all. A framework's own code calls its own function, so what fails here is the framework's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.calling import natively
from interop.bridges.crossing import ALONE, NAMES, Crossing
from interop.portal import find


class Control(Bridge):
    """A plain call, a plain loop, a plain `with`, a plain wait; nothing is started, and nothing is caught."""

    name = "control"
    crossings = tuple(Crossing(name, name, ALONE) for name in NAMES)
    has = frozenset({"cancel", "stream", "enter", "wrap", "many"})
    blocks = False

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The framework's loop."""
        adapter, flavour = find(self.crossing.caller)

        async def program() -> None:
            self.blocks = not adapter.current().coroutines
            await main()

        adapter.run(program, flavour)

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call it, and await what it gives if that is to be awaited."""
        return (fn if self.blocks else natively(fn))(*args, **kwargs)

    def stream(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Its iterator."""
        return fn(*args, **kwargs)

    def enter(self, manager: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Its context manager."""
        return manager(*args, **kwargs)

    def wrap(self, session: Any, foreign: Any) -> Any:
        """What waits for itself."""
        return foreign
