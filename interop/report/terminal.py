"""The record on a terminal: a table of subjects and chapters, then everything that is not as it should be, in words."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator

from interop.record import Finding, Record

MOST_SHOWN = 40  # findings in words; the record has them all


def table(record: Record) -> str:
    """Subjects down, chapters across; in each cell how many checks were kept of how many."""
    chapters = list(dict.fromkeys(finding.chapter for finding in record.findings))
    subjects = list(dict.fromkeys(finding.subject for finding in record.findings))
    cells: dict[tuple[str, str], list[Finding]] = {}
    for finding in record.findings:
        cells.setdefault((finding.subject, finding.chapter), []).append(finding)
    rows = [[subject, *(_cell(cells.get((subject, chapter), [])) for chapter in chapters)] for subject in subjects]
    return "\n".join([_drawn(["", *chapters], rows), *_in_words(record), *_summary(record)])


def _cell(findings: list[Finding]) -> str:
    if not findings:
        return ""
    if all(finding.verdict == "not-applicable" for finding in findings):
        return "-"
    kept = sum(finding.verdict == "kept" for finding in findings)
    return f"✓ {kept}" if kept == len(findings) else f"✗ {kept}/{len(findings)}"


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
        drawing.add_column(head, justify="left" if not head else "right", no_wrap=True)
    for row in rows:
        drawing.add_row(*(Text(cell, style="red" if "✗" in cell else "green" if "✓" in cell else "") for cell in row))
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
    reasons = dict.fromkeys(f"{f.subject}: {f.reason}" for f in record.findings if f.verdict == "not-applicable")
    yield from (f"- {reason}" for reason in reasons)
    against = [finding for finding in record.findings if finding.verdict not in ("kept", "not-applicable")]
    for finding in against[:MOST_SHOWN]:
        yield f"✗ {finding.subject}, {finding.chapter}, {finding.check}: {finding.verdict}: {finding.reason}"
    if len(against) > MOST_SHOWN:
        yield f"  ... and {len(against) - MOST_SHOWN} more; the record has them all"


def _summary(record: Record) -> Iterator[str]:
    counts = {verdict: record.count(verdict) for verdict in dict.fromkeys(finding.verdict for finding in record.findings)}
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "no findings"
    if not record.complete:
        yield f"interrupted: {len(record.findings)} of {record.expected} findings"
    for name, figure in record.header["figures"].items():
        yield f"{name}: {figure}"


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
