"""The record on a terminal: a table of subjects and chapters, then everything that is not as it should be, in words."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from interop.record import Record
from interop.record.crossing import crossing
from interop.report.facts import MARKS, again, against, grouped, label, printable, totals, unfinished, why
from interop.report.grid import grid
from interop.report.summary import summary

MOST_SHOWN = 40  # findings in words; the record has them all
COLORS = {"✓": "green", "✗": "red", "≈": "yellow", "●": "cyan", "?": "yellow"}


def table(record: Record) -> str:
    """Subjects down, chapters across, or a matrix where there are many crossings; in each cell how many checks were kept."""
    matrix = grid(record)
    listed = [finding for finding in record.findings if matrix is None or crossing(finding.subject) is None]
    tables = [] if matrix is None else [_drawn(*matrix), "  (laws kept over all topologies of a caller and a callee)"]
    if listed:
        found = summary(replace(record, findings=listed))
        rows = [[printable(label), *(cell.text for cell in cells)] for label, cells in found.rows]
        tables.append(_drawn(["", *(printable(chapter) for chapter in found.chapters)], rows))
    return "\n".join([*tables, *_in_words(record), *_summary(record)])


def _drawn(heads: list[str], rows: list[list[str]]) -> str:
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return _plain(heads, rows)
    drawing = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        drawing.add_column(Text(head), justify="left" if not head else "right", no_wrap=True)
    for row in rows:
        drawing.add_row(Text(row[0]), *(Text(cell, style=COLORS.get(cell[:1], "")) for cell in row[1:]))
    width = sum(max(len(row[n]) for row in [heads, *rows]) + 3 for n in range(len(heads)))
    to_terminal = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    console = Console(file=io.StringIO(), width=width, force_terminal=to_terminal, no_color=not to_terminal)
    console.print(drawing)
    return console.file.getvalue().rstrip()  # type: ignore[attr-defined, no-any-return]


def _plain(heads: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [heads, *rows]
    )


def _in_words(record: Record) -> Iterator[str]:
    # A law that does not apply to a crossing says so in the record; what could not run at all is said here.
    there = {label(finding) for finding in record.findings if finding.verdict != "not-applicable"}
    absent = [finding for finding in record.findings if label(finding) not in there]
    yield from _shortened([f"- {line}" for line in grouped(absent, "not-applicable", lambda finding: finding.reason)])
    excused = grouped(record.findings, "departure", lambda finding: f"{finding.check}: {finding.departure}")
    yield from _shortened([f"{MARKS['departure']} {line}" for line in excused])
    untold = grouped(record.findings, "inconclusive", lambda finding: f"{finding.check}: {finding.reason}")
    yield from _shortened([f"{MARKS['inconclusive']} {line}" for line in untold])
    wrong = against(record)
    yield from _shortened(
        [f"{MARKS['broken']} {label(f)}, {f.chapter}, {f.check}: {f.verdict}: {why(f)}" for f in wrong],
        "; the record has them all",
    )
    if wrong:
        yield printable(f"  the first of them again: {' '.join(again(wrong[0]))}")


def _shortened(lines: list[str], more: str = "") -> Iterator[str]:
    yield from (printable(line) for line in lines[:MOST_SHOWN])
    if len(lines) > MOST_SHOWN:
        yield f"  ... and {len(lines) - MOST_SHOWN} more{more}"


def _summary(record: Record) -> Iterator[str]:
    yield totals(record)
    if not record.complete:
        yield unfinished(record)
    for name, figure in record.header["figures"].items():
        yield printable(f"{name}: {figure}")


@contextlib.contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, a line for each step elsewhere; on standard error."""
    if sys.stderr.isatty():
        with contextlib.suppress(ImportError):
            from rich.console import Console
            from rich.progress import MofNCompleteColumn, Progress

            with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
                task = bar.add_task(what, total=total)
                yield lambda step: bar.update(task, advance=1, description=step)
                return
    done: list[str] = []

    def advance(step: str) -> None:
        done.append(step)
        sys.stderr.write(f"[{len(done)}/{total}] {step}\n")

    yield advance
