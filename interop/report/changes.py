"""A difference in words: regressions, changes, mends, old and new side by side; for a terminal or a pull request."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interop.record.diff import ABSENT, Apart, Change, Difference, Move, Noise
from interop.report.facts import printable

MOST_APART = 8  # lines of a section that is not about behavior; --json has them all
MOST_PARTS = 12  # of one value

COLORS = {"✗": "31", "~": "33", "✓": "32"}


def text(difference: Difference, title: str = "") -> str:
    """For a terminal."""
    lines = [*([printable(title)] if title else []), summary(difference)]
    for mark, head, changes in _sections(difference):
        lines += ["", f"{head}:"]
        for change in changes:
            lines.append(_colored(mark, printable(f"{mark} {_place(change)}: {_sentence(change)}")))
            lines += [printable(f"    {line}") for line in _lines(change)]
            lines += [printable(f"    source: {change.source}")] if change.source else []
    for head, entries in _rest(difference):
        lines += ["", f"{head}:", *(printable(f"  {entry}") for entry in entries)]
    return "\n".join(lines)


def markdown(difference: Difference, title: str = "") -> str:
    """For a pull request: a table for each kind of change, the rest folded."""
    lines = [*([f"### {cell(title)}", ""] if title else []), cell(summary(difference))]
    for mark, head, changes in _sections(difference):
        lines += ["", f"**{mark} {head}**", "", "| check | where | before | after |", "| --- | --- | --- | --- |"]
        for change in changes:
            words = [f"{change.id}: {_sentence(change)}", where(change), *(said for _, said in sides(change))]
            lines.append("| " + " | ".join(cell(word) for word in words) + " |")
    for head, entries in _rest(difference):
        lines += [
            "",
            f"<details><summary>{cell(head)}</summary>",
            "",
            *(f"- {cell(entry)}" for entry in entries),
            "",
            "</details>",
        ]
    return printable("\n".join(lines))


def summary(difference: Difference) -> str:
    """One line: how many of each."""
    counts = (
        (len(difference.regressions), "regression", "regressions"),
        (len(difference.others), "change", "changes"),
        (len(difference.mends), "mend", "mends"),
    )
    words = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts)
    return f"{words}; {difference.compared:,} findings compared, {len(difference.moved)} packages moved"


def in_words(value: Any) -> str:
    """A probe's value, as short as it can be said."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping):
        words = (f"({in_words(inner)})" if isinstance(inner, Mapping) else in_words(inner) for inner in value.values())
        return "; ".join(f"{name}: {said}" for name, said in zip(value, words, strict=True)) or "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        if all(isinstance(inner, str | int | float | None) for inner in value):
            return ", ".join(in_words(inner) for inner in value) or "nothing"
        return " | ".join(f"[{in_words(inner)}]" for inner in value)
    return value if isinstance(value, str) and value else json.dumps(value)


def _sections(difference: Difference) -> Iterator[tuple[str, str, Sequence[Change]]]:
    sections = (
        ("✗", "Regressions", difference.regressions),
        ("~", "Changes", difference.others),
        ("✓", "Mends", difference.mends),
    )
    yield from (section for section in sections if section[2])


def _rest(difference: Difference) -> Iterator[tuple[str, list[str]]]:
    if difference.moved:
        yield "Packages that moved", [_move(move) for move in difference.moved]
    if difference.kit_changes:
        yield "The kit itself changed, so these were not compared", _apart(difference.kit_changes)
    if difference.not_comparable:
        yield "On one side only", _apart(difference.not_comparable)
    if difference.noise:
        yield "Noise: these differ between two runs of one environment", [_noise(noise) for noise in difference.noise]


def _place(change: Change) -> str:
    return f"{change.id} {where(change)}"


def where(entry: Change | Noise | Apart) -> str:
    """The subject, and the bridge where it is not ours."""
    return entry.subject if entry.bridge in ("", "portal") else f"{entry.subject} ({entry.bridge})"


def _sentence(change: Change) -> str:
    return f"{change.sentence} (the trace)" if change.kind == "trace" else change.sentence or change.kind


def sides(change: Change) -> Iterator[tuple[str, str]]:
    """The two values in words, without what is the same in both."""
    parts = list(differences(change.before, change.after))
    for side, number, reason in (("before:", 1, change.before_reason), ("after:", 2, change.after_reason)):
        named = "; ".join(f"{part[0]}: {in_words(part[number])}" if part[0] else in_words(part[number]) for part in parts)
        yield side, named + _because(reason)


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where the two values differ, by name, down to the smallest part that has one; what is not there is ABSENT."""
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        yield path, old, new
        return
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name, ABSENT), new.get(name, ABSENT)
        if one != other:
            yield from differences(one, other, f"{path}, {name}" if path else str(name))


def _lines(change: Change) -> Iterator[str]:
    """A line for each part that differs, or the two values under each other."""
    parts = list(differences(change.before, change.after))
    if not parts or not parts[0][0] or change.before_reason or change.after_reason:
        yield from (f"{side:7} {said}" for side, said in sides(change))
        return
    yield from (f"{name}: {in_words(old)} → {in_words(new)}" for name, old, new in parts[:MOST_PARTS])
    if len(parts) > MOST_PARTS:
        yield f"and {len(parts) - MOST_PARTS} more"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _move(move: Move) -> str:
    return f"{move.package} {move.before or '(not installed)'} → {move.after or '(not installed)'}"


def _apart(entries: Sequence[Apart]) -> list[str]:
    """Alike ones on one line: what is said once, and the checks behind it."""
    by_reason: dict[str, list[str]] = {}
    for entry in entries:
        by_reason.setdefault(entry.why, []).append(f"{entry.id} {where(entry)}".rstrip())
    lines = []
    for why, names in by_reason.items():
        more = f" and {len(names) - MOST_APART} more" if len(names) > MOST_APART else ""
        lines.append(f"{', '.join(names[:MOST_APART])}{more}: {why}")
    return lines


def _noise(noise: Noise) -> str:
    """Only the parts that are unsteady: what is seen once, and what another time."""
    words: dict[str, None] = {}
    for values in (noise.before, noise.after):
        other = next((value for value in values if value != values[0]), values[0])
        for name, one, another in differences(values[0], other):
            if one != another:
                words[
                    f"{name}: {in_words(one)} or {in_words(another)}" if name else f"{in_words(one)} or {in_words(another)}"
                ] = None
    return f"{noise.id} {where(noise)}: " + "; ".join(words)


def _colored(mark: str, line: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return line
    return f"\x1b[{COLORS[mark]}m{line}\x1b[0m"


def cell(words: str) -> str:
    """Words that stay in their cell, whatever stands in them."""
    for character, harmless in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        words = words.replace(character, harmless)
    return words
