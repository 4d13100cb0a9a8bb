"""What a probe is, and the catalogue of all of them.

A probe is a function without arguments that returns a small JSON value: types, order, counts, identities as equalities; the
same on every run and machine. Never a time, an address, an id or a message text.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import interop.probes

AREAS = (
    "cancellation", "contextvars", "exceptions", "timeouts", "threads", "streams", "lifecycle", "converters", "detection",
    "warnings", "signatures",
)  # fmt: skip
PROBES: dict[str, Probe] = {}


@dataclass(frozen=True)
class Probe:
    """One observation.

    Args:
        id: permanent: never reused, never renumbered.
        subject: the framework or library whose behavior it is; its file has that name.
        area: one of AREAS.
        imports: the modules that have to be there; what is missing makes it not applicable.
        source: what promises the behavior, or the release or issue that changed it.
        fn: observes; its name is the sentence.
    """

    id: str
    subject: str
    area: str
    imports: tuple[str, ...]
    source: str
    fn: Callable[[], Any]

    @property
    def sentence(self) -> str:
        """The function's name in words."""
        return self.fn.__name__.replace("_", " ")

    @property
    def revision(self) -> str:
        """Ten hexadecimal digits that change when the probe does."""
        return hashlib.sha256((self.id + inspect.getsource(self.fn)).encode()).hexdigest()[:10]


def probe(id: str, subject: str, area: str, *imports: str, source: str = "") -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Put a function into the catalogue; `imports` are the modules beside the subject that it needs."""

    def add(fn: Callable[[], Any]) -> Callable[[], Any]:
        if id in PROBES:
            raise ValueError(f"probe id {id} is already taken by {PROBES[id].fn.__name__}()")
        if area not in AREAS:
            raise ValueError(f"probe {id}: no area is called {area!r}; there are {', '.join(AREAS)}")
        PROBES[id] = Probe(id, subject, area, imports, source, fn)
        return fn

    return add


def catalogue() -> dict[str, Probe]:
    """Every probe by its id, in the order of ids; imports no framework."""
    for module in pkgutil.iter_modules(interop.probes.__path__):
        if module.name not in ("probe", "one", "observe"):
            importlib.import_module(f"interop.probes.{module.name}")
    return dict(sorted(PROBES.items(), key=lambda item: int(item[0][1:])))
