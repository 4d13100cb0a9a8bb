"""Departures: known broken laws, each with a reason and a link; laws/departures.toml is the list.

A departure excuses a broken law and nothing else: never a hang, a crash or the kit's own error.
"""

from __future__ import annotations

import fnmatch
import importlib.metadata
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interop.errors import InteropError

FILE = Path(__file__).with_name("departures.toml")


class DepartureError(InteropError):
    """An entry of a list of departures that is wrong, stale or contradicts another one."""


@dataclass(frozen=True)
class Departure:
    """One entry.

    Args:
        laws: ids.
        bridge, crossings: patterns with * and ?.
        versions: of packages, like {"trio": "<0.30,>=0.23"}; empty for every release.
        race: it breaks now and then: that it did not break says nothing.
    """

    laws: tuple[str, ...]
    bridge: str
    crossings: tuple[str, ...]
    reason: str
    link: str
    versions: Mapping[str, str]
    race: bool = False

    @property
    def said(self) -> str:
        """The reason, and where it is documented."""
        return f"{self.reason}. See {self.link}"

    def covers(self, law: str, crossing: str, bridge: str) -> bool:
        """Whether it is about this finding, as far as the names go."""
        return law in self.laws and _like(bridge, self.bridge) and any(_like(crossing, pattern) for pattern in self.crossings)

    def applies(self, installed: Mapping[str, str]) -> bool:
        """Whether it is about these releases."""
        return all(package in installed and _within(installed[package], wanted) for package, wanted in self.versions.items())


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _within(version: str, wanted: str) -> bool:
    """A release against "<1.2,>=1"; plain numbers, since the kit depends on nothing."""
    for condition in filter(None, (part.strip() for part in wanted.split(","))):
        match = re.fullmatch(r"(<=|>=|==|!=|<|>)\s*([0-9.]+)", condition)
        if match is None:
            raise DepartureError(f"no version condition: {condition!r}; write one of < <= == != >= > and a number")
        have, limit = _numbers(version), _numbers(match[2])
        size = max(len(have), len(limit))
        have, limit = have + (0,) * (size - len(have)), limit + (0,) * (size - len(limit))
        truths = {"<": have < limit, "<=": have <= limit, "==": have == limit, "!=": have != limit}
        truths |= {">=": have >= limit, ">": have > limit}
        if not truths[match[1]]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0]))


def read(path: Path = FILE) -> list[Departure]:
    """The entries of a file.

    Raises:
        DepartureError: one of them lacks a reason or a link, or says a thing that nobody knows.
    """
    entries = _parsed(path.read_text(encoding="utf-8")).get("departure", [])
    found = []
    for entry in entries:
        unknown = set(entry) - {"law", "bridge", "crossing", "reason", "link", "versions", "race"}
        if unknown or not all(entry.get(key) for key in ("law", "bridge", "crossing", "reason", "link")):
            raise DepartureError(
                f"{path.name}: an entry needs law, bridge, crossing, reason and link, and may have versions and race: {entry!r}"
            )
        found.append(
            Departure(
                _many(entry["law"]),
                entry["bridge"],
                _many(entry["crossing"]),
                entry["reason"],
                entry["link"],
                entry.get("versions", {}),
                entry.get("race", False) is True,
            )
        )
    return found


def _many(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _parsed(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(text)
    return _parsed_by_hand(text)


def _parsed_by_hand(text: str) -> dict[str, Any]:
    """TOML as far as this file uses it, for Python 3.10: tables of strings, true, lists of strings and tables of strings."""
    import ast

    entries: list[dict[str, Any]] = []
    for line in text.splitlines():
        line = line.strip()
        if line == "[[departure]]":
            entries.append({})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            value = (
                re.sub(r"([{,]\s*)([A-Za-z0-9_-]+)\s*=", r'\1"\2":', value.strip())
                if value.strip().startswith("{")
                else value.strip()
            )
            entries[-1][key.strip()] = value.strip() == "true" or ast.literal_eval(value)
    return {"departure": entries}


def find(
    departures: Sequence[Departure], law: str, crossing: str, bridge: str, packages: Mapping[str, str] | None = None
) -> Departure | None:
    """The entry that lets this law be broken there, with these packages; by default with those that are installed."""
    for departure in departures:
        there = _installed(departure) if packages is None else packages
        if departure.covers(law, crossing, bridge) and departure.applies(there):
            return departure
    return None


def _installed(departure: Departure) -> dict[str, str]:
    found = {}
    for package in departure.versions:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def stale(departures: Sequence[Departure], checked: Sequence[tuple[str, str, str, bool]]) -> list[str]:
    """Entries that covered something that was checked, and nothing of it was broken, unless by luck.

    Args:
        checked: law, crossing, bridge, and whether it was broken.
    """
    found = []
    for departure in departures:
        if not departure.race and departure.applies(_installed(departure)):
            covered = [broken for law, crossing, bridge, broken in checked if departure.covers(law, crossing, bridge)]
            if covered and not any(covered):
                found.append(f"{', '.join(departure.laws)} on {', '.join(departure.crossings)}: {departure.reason}")
    return found
