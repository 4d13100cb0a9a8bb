"""A difference in words: regressions, changes, mends, old and new side by side; for a terminal or a pull request."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interop.record.diff import Apart, Change, Difference, Move, Noise
from interop.report.facts import printable

MOST_APART = 8  # lines of a section that is not about behavior; --json has them all
COLORS = {"✗": "31", "~": "33", "✓": "32"}


def text(difference: Difference, title: str = "") -> str:
    """For a terminal."""
    lines = [*([printable(title)] if title else []), summary(difference)]
    for mark, head, changes in _sections(difference):
        lines += ["", f"{head}:"]
        for change in changes:
            lines.append(_colored(mark, printable(f"{mark} {_place(change)}: {_sentence(change)}")))
            lines += [printable(f"    {side:7} {said}") for side, said in sides(change)]
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
        return "; ".join(f"{name}: {in_words(inner)}" for name, inner in value.items()) or "{}"
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
    old, new = change.before, change.after
    same = 0
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        same = sum(old[name] == new[name] for name in old.keys() & new.keys())
        old, new = (
            {name: one[name] for name in one if one[name] != other.get(name, _Absent)} for one, other in ((old, new), (new, old))
        )
    tail = f" ({same} more {'is' if same == 1 else 'are'} the same)" if same else ""
    yield "before:", in_words(old) + _because(change.before_reason)
    yield "after:", in_words(new) + _because(change.after_reason) + tail


class _Absent:
    """No value is this."""


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
    sides = (" or ".join(dict.fromkeys(in_words(value) for value in values)) for values in (noise.before, noise.after))
    return f"{noise.id} {where(noise)}: " + " → ".join(sides)


def _colored(mark: str, line: str) -> str:
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return line
    return f"\x1b[{COLORS[mark]}m{line}\x1b[0m"


def cell(words: str) -> str:
    """Words that stay in their cell, whatever stands in them."""
    for character, harmless in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        words = words.replace(character, harmless)
    return words
