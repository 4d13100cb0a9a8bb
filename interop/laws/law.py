"""What a law is, and the catalogue.

A law is a coroutine; each framework's driver knows how to run it, so it is written once. Its sentence is its name, its
docstring says where to look when it breaks, and it holds one promise.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interop.laws.world import World

MUST, SHOULD = "MUST", "SHOULD"
CHAPTERS = {
    "V": "values and errors",
    "C": "cancellation and time",
    "X": "context and identity",
    "L": "liveness",
    "R": "resources and lifecycle",
    "S": "streams and context managers",
    "H": "hybrid futures",
    "M": "sequences",
    "F": "fetch and save",
    "P": "probes",
}
FILES = (
    "values", "odd_values", "cancellation", "cancel_moments", "context", "at_home", "liveness", "peers", "resources", "growth",
    "endings", "sessions", "streams", "stream_ends", "stream_starts", "afterwards", "hybrids", "wrapped", "sequences",
    "fetching",
)  # fmt: skip
LAWS: dict[str, Law] = {}
Check = Callable[["World"], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Law:
    """One numbered sentence that every bridge must keep.

    Args:
        id: permanent: never reused, never renumbered; a chapter's letter and a number.
        strength: MUST or SHOULD.
        needs: what either side or the bridge has to be able to do; see interop/laws/needs.py.
        source: what it rests on, in Python's or a framework's documentation.
        check: raises Broken where it does not hold.
        once: it is run in the first flavour of the callee's functions only, since it is about something else.
        modules: those that are a part of it beside its own function.
        hears: the letters of chapters: it is about what frameworks report while the laws of these are checked and kept.
            It is checked after all others.
        ends: it ends the callee's loop for good. It is checked last, and what would come after it, in another process.
    """

    id: str
    strength: str
    needs: frozenset[str]
    source: str
    check: Check
    once: bool = False
    modules: tuple[str, ...] = ()
    hears: str = ""
    ends: bool = False

    @property
    def turn(self) -> int:
        """When it is checked: 0, then 1, then 2."""
        return 2 if self.ends else int(bool(self.hears))

    @property
    def name(self) -> str:
        """The function's name."""
        return self.check.__name__

    @property
    def sentence(self) -> str:
        """The function's name in words."""
        return self.name.replace("_", " ").replace("callees", "callee's").replace("callers", "caller's")

    @property
    def chapter(self) -> str:
        """Its letter."""
        return self.id[0]

    @property
    def look(self) -> str:
        """Where to look when it breaks."""
        return inspect.cleandoc(self.check.__doc__ or "")

    @property
    def revision(self) -> str:
        """Ten hexadecimal digits that change when the law does."""
        text = self.id + self.strength + inspect.getsource(self.check) + "".join(map(_source, self.modules))
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def number(self) -> int:
        """Its number in the chapter."""
        return int(self.id[1:])


@functools.cache
def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


def law(
    id: str,
    strength: str = MUST,
    *,
    needs: tuple[str, ...] = (),
    source: str = "",
    once: bool = False,
    modules: tuple[str, ...] = (),
    hears: str = "",
    ends: bool = False,
) -> Callable[[Check], Check]:
    """Put a law into the catalogue."""

    def add(check: Check) -> Check:
        if id in LAWS:
            raise ValueError(f"law id {id} is already taken by {LAWS[id].name}()")
        if id[0] not in CHAPTERS:
            raise ValueError(f"law {id}: no chapter has this letter; there are {', '.join(CHAPTERS)}")
        LAWS[id] = Law(id, strength, frozenset(needs), source, check, once, modules, hears, ends)
        return check

    return add


def catalogue() -> dict[str, Law]:
    """Every law by its id, chapter by chapter; a reproducer has one of these files only."""
    for name in FILES:
        try:
            importlib.import_module(f"interop.laws.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"interop.laws.{name}":
                raise
    order = list(CHAPTERS)
    return dict(sorted(LAWS.items(), key=lambda item: (order.index(item[1].chapter), item[1].number)))


def revision() -> str:
    """Ten hexadecimal digits that change when any law changes."""
    text = "".join(law.revision for law in catalogue().values())
    return hashlib.sha256(text.encode()).hexdigest()[:10]
