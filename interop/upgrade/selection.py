"""Which checks touch which packages: an upgrade runs those and no others, so that it is quick.

A check touches a package that moved if anything it names (its subject, a flavour in brackets, a side of its crossing, a module it
imports) comes from a distribution that is that package or needs it, however far down. If Python moved, it touches everything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

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

    def imports(self, environment: Environment) -> Mapping[str, list[str]]:
        """The modules to import on this side, by distribution."""
        reached = sorted(self.distributions & environment.distributions.keys())
        return {name: modules for name in reached if (modules := environment.modules(name))}

    @property
    def _both(self) -> tuple[Environment, Environment]:
        return self.before, self.after


STANDARD = {"asyncio", "threads", "threading", "concurrent", "contextvars", "python", "signal", "selectors", "nothing"}


def words_in(subject: str) -> list[str]:
    """The modules that a subject names: 'trio->twisted[asyncio]/thread' -> trio, twisted, asyncio; 'zope.interface' -> zope."""
    place = re.sub(r"/\w+$", "", subject) if "->" in subject else subject
    return [word.partition(".")[0] for word in re.findall(r"[\w.]+", place.replace("->", " "))]
