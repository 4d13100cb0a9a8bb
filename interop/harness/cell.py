"""Cell: one crossing and bridge, and the laws to check there; what a worker process is told."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

from interop.bridges.bridge import Bridge
from interop.bridges.crossing import Crossing


@dataclass(frozen=True)
class Cell:
    """What one worker is for.

    Args:
        bridge: where its class is, "interop.bridges.portals:Portals".
        crossing: the crossing.
        laws: ids, in the order in which they are checked.
        modules: what else is imported first: a file with laws or bridges of one's own.
        urls: of the local origin, for chapter F.
        alone: no two laws share a session.
        seeds: of the programs that each law of chapter M runs, instead of its own few.
        program: the one program, as text, that it runs instead.
        reported: what earlier workers of this cell heard while a law was kept.
    """

    bridge: str
    crossing: Crossing
    laws: tuple[str, ...]
    modules: tuple[str, ...] = ()
    urls: tuple[tuple[str, str], ...] = ()
    alone: bool = False
    seeds: range = range(0)
    program: str = ""
    reported: tuple[str, ...] = ()

    @property
    def kind(self) -> type[Bridge]:
        """The bridge's class; imports its file, not its library."""
        module, _, name = self.bridge.partition(":")
        kind: Any = importlib.import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
        return kind  # type: ignore[no-any-return]

    @property
    def missing(self) -> str | None:
        """What is not installed here, in words."""
        package = self.kind.package
        if package and importlib.util.find_spec(package.replace("-", "_")) is None:
            return f"{package} is not installed"
        return self.crossing.missing
