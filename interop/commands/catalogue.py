"""Everything that can be checked, from one place: laws, probes, and the behaviors of the local origin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from interop.laws.law import CHAPTERS
from interop.laws.law import catalogue as laws
from interop.probes.probe import catalogue as probes
from interop.report.facts import About

__all__ = ["CHAPTERS", "Entry", "about", "entries"]


@dataclass(frozen=True)
class Entry:
    """A law or a probe, as `interop laws` shows it.

    Args:
        subject: the framework or library that a probe observes; empty for a law.
        area: what a probe is about; empty for a law.
        look: where to look when a law breaks.
        needs: what a side or the bridge has to be able to do.
        broken_by: the faulty bridges that show that the law can fail.
    """

    id: str
    chapter: str
    strength: str
    sentence: str
    source: str
    subject: str = ""
    area: str = ""
    look: str = ""
    needs: tuple[str, ...] = ()
    broken_by: tuple[str, ...] = ()


def entries() -> dict[str, Entry]:
    """Every law and every probe by its id, chapter by chapter; imports no framework."""
    kills = _kills()
    found = [
        Entry(
            law.id, law.chapter, law.strength, law.sentence, law.source, look=law.look, needs=tuple(sorted(law.needs)),
            broken_by=tuple(kills.get(law.id, ())),
        )
        for law in laws().values()
    ]  # fmt: skip
    found += [Entry(p.id, p.id[0], "PROBE", p.sentence, p.source, p.subject, p.area) for p in probes().values()]
    return {entry.id: entry for entry in found}


def _kills() -> Mapping[str, list[str]]:
    """Which faulty bridges break which law; known where the tests wrote it down."""
    pinned = resources.files("interop.laws") / "kills.json"
    if not pinned.is_file():
        return {}
    known: dict[str, list[str]] = json.loads(pinned.read_text(encoding="utf-8"))
    return known


def about() -> dict[str, About]:
    """What the catalogue says about each check, by its id; behaviors only where the local origin is installed."""
    known = {entry.id: About(entry.sentence, entry.source, entry.look) for entry in entries().values()}
    try:
        from scenarios.origin import BEHAVIORS
    except ImportError:
        return known
    contract = "docs/fetch-contract.md"
    return {**known, **{behavior.name: About(behavior.says, contract) for behavior in BEHAVIORS}}
