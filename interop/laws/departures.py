"""Departures: known broken laws, each with a reason and a link; laws/departures.toml is the list.

A departure excuses a broken law and nothing else: never a hang, a crash or the kit's own error.
"""

from __future__ import annotations

import fnmatch
import importlib.metadata
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interop.errors import InteropError
from interop.laws import toml

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
        DepartureError: it cannot be read; an entry lacks a reason or a link, or says a thing that nobody knows.
    """
    try:
        entries = toml.parsed(path.read_text(encoding="utf-8")).get("departure", [])
    except OSError as error:
        raise DepartureError(f"cannot read the departures {str(path)!r}: {error.strerror}") from error
    except (UnicodeDecodeError, toml.TomlError) as error:
        raise DepartureError(f"{path.name}: {error}") from error
    return [_entry(entry, path.name) for entry in (entries if isinstance(entries, list) else [entries])]


def _entry(entry: Any, file: str) -> Departure:
    forms: dict[str, Callable[[Any], bool]] = {
        "law": _are_words, "bridge": _is_word, "crossing": _are_words, "reason": _is_word, "link": _is_word,
        "versions": lambda value: isinstance(value, dict) and all(map(_is_word, value.values())),
        "race": lambda value: isinstance(value, bool),
    }  # fmt: skip
    optional = {"versions": {}, "race": False}
    whole = {**optional, **entry} if isinstance(entry, dict) else {}
    if whole.keys() != forms.keys() or not all(fits(whole[key]) for key, fits in forms.items()):
        raise DepartureError(
            f"{file}: an entry needs law, bridge, crossing, reason and link, and may have versions and race: {entry!r}"
        )
    for wanted in whole["versions"].values():
        _within("0", wanted)  # Says what is wrong with it.
    laws, crossings = _many(whole["law"]), _many(whole["crossing"])
    return Departure(laws, whole["bridge"], crossings, whole["reason"], whole["link"], whole["versions"], whole["race"])


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _are_words(value: Any) -> bool:
    return _is_word(value) or (isinstance(value, list) and bool(value) and all(map(_is_word, value)))


def _many(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


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
