"""docs/matrix.md: for each package, which release line keeps how many laws, and what changed at which; all from real runs.

Each line runs in an environment with that package, what its probes need beside it, and nothing else; neighbors are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from interop.bridges.portals import Portals
from interop.laws import departures
from interop.record import Finding, Record
from interop.record.diff import BAD, Change, Difference
from interop.report.changes import cell, sides, where
from interop.upgrade.comparison import Answer, Question, Say, answer
from interop.upgrade.covering import LINES, PYTHONS, requirement
from interop.upgrade.pythons import find

BESIDE = {"anyio": ("trio",), "uvloop": (), "trio": (), "tornado": (), "twisted": (), "gevent": (), "eventlet": ()}
MOST = 300  # characters of a value; the records have all of it
HEAD = """# What changed at which release

What releases changed, from real runs: both releases in environments of their own, on Python 3.11 or 3.12, every probe of the
package, and what differed run again, a law four times more. Laws, where they are counted, are those on every crossing with the
framework on one side. No pair is here that was not run. `interop matrix --results docs/matrix.md --package tornado,...` runs
the release lines of [matrix.json](../interop/upgrade/matrix.json), with the laws, and writes a package's section anew. What a
probe sees is neither right nor wrong; ✗ marks a new hang, crash or import that fails, ✓ one that is gone. How to ask the same
about your own environment: [upgrading.md](upgrading.md).
"""
TOGETHER = "every pair of releases"
WHAT_TOGETHER = """Each pair of (Python, release line) is in at least one of these environments. `tox -m pairwise` runs them, and
`interop matrix --results docs/matrix.md .tox/py3*-*-*/tmp/record.json` writes this section.
"""


@dataclass(frozen=True)
class Step:
    """Two neighboring lines of one package, compared."""

    line: str
    answer: Answer


def run(
    lines: Mapping[str, Sequence[str]], only: Sequence[str], python: str | None, *, jobs: int, say: Say, previous: str = ""
) -> Iterator[str]:
    """Run every line of one package after the other, and yield the page each time; what is not run stays as it was."""
    chosen = find(python or PYTHONS[-2])
    for package, values in lines.items():
        if not only or package in only:
            previous = _with(previous, package, _package(package, _steps(package, values, chosen.line, jobs, say)))
            yield previous


def together(previous: str, records: Sequence[Record]) -> str:
    """The page with its section on the covering set, from a record of each of its environments, with the departures of today."""
    records = [_excused(record) for record in records]
    table = [["Python", *LINES, "laws kept", "fetch and save as it should", "not kept"]]
    table += [["---"] * len(table[0]), *sorted(map(_environment, records))]
    lines = [TOGETHER, "", WHAT_TOGETHER, *(f"| {' | '.join(row)} |" for row in table), ""]
    lines += sorted({f"- {it.check}: {cell(it.departure)}" for record in records for it in record.findings if it.departure})
    lines += [line for record in records for line in _against(record)]
    return _with(previous, TOGETHER, "\n".join(lines))


def _with(page: str, name: str, section: str) -> str:
    sections = {part.split("\n", 1)[0].strip(): part for part in page.split("\n## ")[1:]}
    sections[name] = section
    there = [sections[name].rstrip("\n") for name in (*LINES, TOGETHER) if name in sections]
    return "\n## ".join([HEAD, *(f"{text}\n" for text in there)])


def _steps(package: str, values: Sequence[str], python: str, jobs: int, say: Say) -> list[Step]:
    steps = []
    for old, new in pairwise(values):
        question = Question(
            [requirement(package, new)],
            [requirement(package, old)],
            BESIDE.get(package, ()),
            python=python,
            alone=True,
            jobs=jobs,
        )

        def of_this(phase: str, done: int, total: int, what: str, new: str = new) -> None:
            say(f"{package} {new}: {phase}", done, total, what)

        steps.append(Step(new, answer(question, of_this)))
    return steps


def _package(package: str, steps: Sequence[Step]) -> str:
    lines = [package, ""]
    records = [steps[0].answer.before[0], *(step.answer.after[0] for step in steps)]
    if any(finding.bridge for record in records for finding in record.findings):
        lines += ["| release | laws kept | not kept |", "| --- | --- | --- |", *(_row(package, record) for record in records), ""]
    for step in steps:
        lines += compared(package, step.answer.before[0], step.answer.after[0], step.answer.difference)
    return "\n".join(lines)


def compared(package: str, before: Record, after: Record, difference: Difference) -> list[str]:
    """The part of the page about two releases."""
    changes = difference.changes
    many = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    title = f"### {package} {_version(package, before)} → {_version(package, after)}: {many}"
    if not changes:
        return [title, "", f"{difference.compared} findings compared, and none differs.", ""]
    return [title, "", "| check | where | before | after |", "| --- | --- | --- | --- |", *map(_change, changes), ""]


def _row(package: str, record: Record) -> str:
    kept, bad = _laws(record)
    return f"| {_version(package, record)} | {kept} | {', '.join(bad) or 'none'} |"


def _laws(record: Record) -> tuple[str, list[str]]:
    """How many our portals keep, and what they do not."""
    laws = [finding for finding in record.findings if finding.bridge == Portals.name]
    kept = sum(finding.verdict == "kept" for finding in laws)
    bad = [finding for finding in laws if finding.verdict in BAD]
    said = [f"{finding.check} ({'departure' if finding.departure else finding.verdict})" for finding in bad]
    return f"{kept:,} of {kept + len(bad):,}", list(dict.fromkeys(said))


def _excused(record: Record) -> Record:
    known = departures.read()

    def excuse(it: Finding) -> Finding:
        if it.verdict != "broken" or not it.bridge or it.departure:
            return it
        entry = departures.find(known, it.check, it.subject, it.bridge, record.header["packages"])
        return replace(it, departure=entry.said) if entry else it

    return replace(record, findings=[excuse(finding) for finding in record.findings])


def _environment(record: Record) -> list[str]:
    kept, bad = _laws(record)
    contract = [it for it in record.findings if it.strength != "PROBE" and not it.bridge and it.verdict != "not-applicable"]
    good = sum(finding.verdict == "kept" for finding in contract)
    bad += dict.fromkeys(f"{finding.check} ({finding.verdict})" for finding in contract if finding.against)
    return [*_versions(record), kept, f"{good:,} of {len(contract):,}", ", ".join(bad) or "none"]


def _against(record: Record) -> Iterator[str]:
    bad: dict[str, list[Finding]] = {}
    for finding in record.findings:
        if finding.against:
            bad.setdefault(finding.check, []).append(finding)
    for check, found in bad.items():
        where = f"{found[0].subject}{f' and {len(found) - 1} more' if found[1:] else ''}"
        words = f"{check}, {where}: {found[0].verdict}: {found[0].reason[:MOST]}"
        yield f"- ✗ Python, {', '.join(LINES)} {' '.join(_versions(record))}: {cell(words)}"


def _versions(record: Record) -> list[str]:
    return [str(record.header["python"]), *(_version(package, record) for package in LINES)]


def _version(package: str, record: Record) -> str:
    return str(record.header["packages"].get(package, "(not installed)"))


def _change(change: Change) -> str:
    before, after = (said if len(said) <= MOST else f"{said[:MOST]}..." for _, said in sides(change))
    mark = "✗ " if change.regression else "✓ " if change.mend else ""
    return (
        "| " + " | ".join(cell(word) for word in (f"{mark}{change.id}: {change.sentence}", where(change), before, after)) + " |"
    )
