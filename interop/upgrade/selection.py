"""Which checks touch which packages: an upgrade runs those and no others, so that it is quick.

A check touches a package that moved if anything it names (its subject, a flavour in brackets, a side of its crossing, a module it
imports) comes from a distribution that is that package or needs it, however far down. If Python moved, it touches everything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from interop.bridges import known
from interop.harness import planner
from interop.probes.probe import Probe
from interop.probes.probe import catalogue as probes
from interop.upgrade.environments import Environment

PYTHON = "python"


@dataclass(frozen=True)
class Touch:
    """What moved between two environments, and what that reaches."""

    before: Environment
    after: Environment
    moved: Collection[str]

    @cached_property
    def distributions(self) -> set[str]:
        """The installed distributions that moved or need one that did."""
        if PYTHON in self.moved:
            return {*self.before.distributions, *self.after.distributions}
        return {
            name
            for environment in (self.before, self.after)
            for name in environment.distributions
            if environment.needs(name) & set(self.moved)
        }

    def reaches(self, names: Iterable[str]) -> bool:
        """Whether a check that names these frameworks and modules can see a difference."""
        words = {word for name in names for word in words_in(name)}
        there = [environment.providers[word] for environment in self._both for word in words if word in environment.providers]
        if PYTHON in self.moved:
            return bool(there) or not (words - STANDARD)
        return any(name in self.distributions for name in there)

    def probes(self, asked: Sequence[str] = (), *, everything: bool = False) -> list[Probe]:
        """The probes that can see a difference, of those that are asked for by id or as the chapter P; without any, of all."""
        return [
            probe
            for probe in probes().values()
            if (not asked or probe.id in asked or "P" in asked) and (everything or self.reaches([probe.subject, *probe.imports]))
        ]

    def laws(self, asked: Sequence[str] = (), *, everything: bool = False) -> list[dict[str, Any]]:
        """The cells that can see a difference: our portals' crossings that have a side which moved, and bridges that did.

        Raises:
            InteropError: no law or chapter is called like that.
        """
        wanted = [name for name in asked if not name.startswith("P")]
        if asked and not wanted:
            return []
        ids = list(planner.laws(wanted))
        return [
            {"bridge": name, "crossing": str(crossing), "ids": ids}
            for name, (_, kind) in known().items()
            for crossing in kind.crossings
            if self._installed([kind.package or "asyncio", crossing.caller, crossing.callee])
            and (everything or self.reaches([kind.package or crossing.caller, crossing.caller, crossing.callee]))
        ]

    def imports(self, environment: Environment) -> Mapping[str, list[str]]:
        """The modules to import on this side, by distribution."""
        reached = sorted(self.distributions & environment.distributions.keys())
        return {name: modules for name in reached if (modules := environment.modules(name))}

    def _installed(self, names: Iterable[str]) -> bool:
        """Whether all that a check names is there on one side at least."""
        words = {word for name in names for word in words_in(name)} - STANDARD
        return all(any(word in environment.providers for environment in self._both) for word in words)

    @property
    def _both(self) -> tuple[Environment, Environment]:
        return self.before, self.after


STANDARD = {"asyncio", "threads", "threading", "concurrent", "contextvars", "python", "signal", "selectors", "nothing"}


def words_in(subject: str) -> list[str]:
    """The modules that a subject names: 'trio->twisted[asyncio]/thread' -> trio, twisted, asyncio; 'zope.interface' -> zope."""
    place = re.sub(r"/\w+$", "", subject) if "->" in subject else subject
    return [word.partition(".")[0] for word in re.findall(r"[\w.]+", place.replace("->", " ").replace("-", "_"))]
