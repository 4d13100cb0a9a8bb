"""What a bridge is: a small class, one object a crossing.

An author writes run() and call(), and what the library has of stream(), enter(), open(), wrap(); the laws do the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from interop.bridges.crossing import Crossing

CAPABILITIES = {
    "cancel": "a native cancel of the caller reaches the callee",
    "stream": "it has stream()",
    "enter": "it has enter()",
    "open": "it has open(): sessions are opened and closed by themselves",
    "back": "it has here() and back(): the callee can call the caller",
    "wrap": "it has wrap()",
    "wrap-any": "its wrap() also takes coroutines, objects with __await__() and concurrent.futures.Futures",
    "wrap-back": "it has wrap_back(): the callee can wrap what the caller waits for",
    "inward": "it has inward(): a blocking session into the loop that runs here",
    "many": "any number of plain functions may wait at once: there is no pool with a limit",
    "drop": "a session that nobody has closed, and nobody can any more, says so and ends what it has started, at the latest when "
    "the caller's loop ends; a stream reports what fails in its clean-up",
    "refuse": "it has refused(): crossings that cannot be are refused when they are opened",
    "dies": "it says what becomes of calls whose peer's loop dies; one that is stopped as its users do it lets them clean up",
}


class Bridge:
    """One library on one crossing; subclass it.

    Attributes:
        name: the library's.
        package: the distribution that has to be installed.
        crossings: where it can be used.
        has: what it can do beside call(), of CAPABILITIES.
        errors: what its callers get, if it says so: "closed", "gone", "cancelled" (the callee, by itself), "thread" (another's),
            "refused" (what cannot be opened), "stop" (an error that would end a generator or an iterator).
        words: of those errors, if it says so: a pattern each.
        fresh: it changes the whole process: give it an interpreter of its own.
    """

    name = ""
    package = ""
    crossings: tuple[Crossing, ...] = ()
    has: frozenset[str] = frozenset()
    errors: Mapping[str, type[BaseException]] = MappingProxyType({})
    words: Mapping[str, str] = MappingProxyType({})
    fresh = False

    def __init__(self, crossing: Crossing) -> None:
        self.crossing = crossing

    @property
    def topology(self) -> str:
        """The crossing's."""
        return self.crossing.topology

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start the caller's loop, and what the bridge needs; drive main() natively in it; end all of it.

        A blocking caller drives main() with interop.runtime.drive.
        """
        raise NotImplementedError

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run fn, native to the callee, in the callee; gives the caller's native awaitable, or blocks and gives the value."""
        raise NotImplementedError

    def open(self) -> Any:
        """A context manager, native to the caller, for a session that has call() and the rest. By default the bridge itself."""
        return Itself(self)

    def refused(self) -> Iterable[tuple[Any, str]]:
        """Called in the caller, with a session open and with none: as open(), of what cannot be, and a pattern of its words."""
        raise NotImplementedError

    def here(self) -> Any:
        """Called in the caller: what back() needs."""
        raise NotImplementedError

    def back(self, here: Any) -> Any:
        """Called in the callee: as open(), in the other direction."""
        raise NotImplementedError

    def inward(self) -> Any:
        """Called in the callee: a session of the blocking caller's kind into the very loop that runs here."""
        raise NotImplementedError

    def wrap(self, session: Any, foreign: Any) -> Any:
        """Called in the caller: its native awaitable for one of the callee's."""
        raise NotImplementedError

    def wrap_back(self, here: Any, mine: Any) -> Any:
        """Called in the callee: its native awaitable for one of the caller's."""
        raise NotImplementedError


class Itself:
    """A bridge that is open as long as it runs."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    def __enter__(self) -> Bridge:
        return self.bridge

    def __exit__(self, *exc: object) -> None: ...

    async def __aenter__(self) -> Bridge:
        return self.bridge

    async def __aexit__(self, *exc: object) -> None: ...
