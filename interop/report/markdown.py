"""Markdown for a pull request: totals, then what speaks against somebody, and the rest folded away.

A comment on GitHub holds 65,536 characters; what does not fit is left out, and the text says so. Everything that a record says
is text here: nothing of it becomes markup, a mention or a link.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from interop.record import Finding, Record
from interop.report.facts import (
    MARKS,
    About,
    again,
    against,
    grouped,
    inconclusive,
    label,
    passed,
    printable,
    sentence,
    totals,
    unfinished,
    why,
)
from interop.report.summary import summary

LIMIT = 60_000  # characters
MOST_DETAILS = 2_000  # characters of one finding's evidence, trace and stacks


def markdown(record: Record, about: Mapping[str, About] | None = None) -> str:
    """The whole text."""
    parts = [_head(record)]
    room = LIMIT - len(parts[0])
    for title, lines in (
        ("", [_against(finding, about) for finding in against(record)]),
        ("Subjects and chapters", list(_table(record))),
        ("Known departures", _list(record, "departure", lambda f: f"{f.check}: {f.departure}")),
        ("Inconclusive: the machine was too busy to tell", _list(record, "inconclusive", lambda f: f"{f.check}: {f.reason}")),
        ("Not applicable", _list(record, "not-applicable", lambda f: f.reason)),
    ):
        if lines:
            parts.append(_section(title, lines, room))
            room -= len(parts[-1])
    return "\n".join(part for part in parts if part)


def _head(record: Record) -> str:
    wrong = len(against(record))
    untold = f"{len(inconclusive(record)):,} inconclusive" if inconclusive(record) else ""
    mark = MARKS["kept" if passed(record) else "inconclusive" if untold and not wrong and record.complete else "broken"]
    header = record.header
    lines = [
        f"### {mark} interop: {f'{wrong:,} against' if wrong else unfinished(record) or untold or 'nothing against'}",
        "",
        f"{totals(record)}. {_text(unfinished(record) + '. ' if unfinished(record) else '')}"
        f"{_text(header['implementation'])} {_text(header['python'])}, {_text(header['platform'])}, kit {_text(header['kit'])}.",
        *(f"\n{_text(name)}: {_text(figure)}" for name, figure in header["figures"].items()),
        "",
    ]
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str], room: int) -> str:
    """As many lines as there is room for, and how many there were more; folded, if it has a title."""
    kept: list[str] = []
    room -= 200
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if len(kept) < len(lines):
        kept.append(f"\n... and {len(lines) - len(kept):,} more; the record has them all.")
    text = "\n".join(kept)
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>\n" if title else f"{text}\n"


def _against(finding: Finding, about: Mapping[str, About] | None) -> str:
    known = (about or {}).get(finding.check, About())
    words = sentence(finding, about)
    line = f"- **{_text(finding.check)}**{f' {_text(words)}' if words else ''}: {finding.verdict} on {_code(label(finding))}"
    if finding.reason:
        line += f": {_text(why(finding))}"
    more = [f"Again: {' '.join(again(finding))}", f"Source: {known.source}" if known.source else ""]
    more += [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in finding.evidence.items()]
    more += ["Trace:", *(f"  {step}" for step in finding.trace)] if finding.trace else []
    more += [finding.stacks] if finding.stacks else []
    text = printable("\n".join(part for part in more if part))
    if len(text) > MOST_DETAILS:
        text = text[:MOST_DETAILS] + "\n... the record has all of it"
    return f"{line}\n  <details><summary>evidence, and how to run it again</summary>\n\n{_block(text)}\n\n  </details>"


def _table(record: Record) -> Iterator[str]:
    found = summary(record)
    yield f"| | {' | '.join(_text(chapter) for chapter in found.chapters)} |"
    yield f"| --- |{' ---: |' * len(found.chapters)}"
    for name, cells in found.rows:
        yield f"| {_text(name)} | {' | '.join(cell.text for cell in cells)} |"


def _list(record: Record, state: str, words: Callable[[Finding], str]) -> list[str]:
    return [f"- {_text(line)}" for line in grouped(record.findings, state, words)]


def _text(text: object) -> str:
    """Text that stays text: on one line, without markup, mentions or links."""
    line = re.sub(r"\s+", " ", printable(str(text)))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)
    return line.replace("@", "@\u200b").replace("#", "#\u200b").replace("://", ":\u200b//").replace("www.", "www\u200b.")


def _code(text: str) -> str:
    """A code span, whatever backticks are in it."""
    line = re.sub(r"\s+", " ", printable(text)).replace("|", "¦")
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _block(text: str) -> str:
    """A fenced block inside a list, whatever fences are in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return "\n".join(f"  {line}" for line in [f"{fence}text", *text.split("\n"), fence])
