"""`interop report`: a record, or the shards of one, as a page, JUnit XML, Markdown, a badge, or on the terminal."""

import argparse
import json
import sys
from collections.abc import Iterator

from interop.commands.catalogue import CHAPTERS, about
from interop.record import INCONCLUSIVE, Record, RecordError, read, write
from interop.record.files import put
from interop.record.merge import merge

EXAMPLES = """examples:
  interop report interop-record.json                          the table again
  interop report interop-record.json --html matrix.html       one page to click through; it needs nothing from anywhere
  interop report shard-*.json --record whole.json --junit junit.xml --markdown summary.md --badge badge.svg
  interop report interop-record.json --markdown - >> "$GITHUB_STEP_SUMMARY"
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop report` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("records", nargs="+", metavar="RECORD", help="what `interop run` wrote; several are merged")
    for format, what in (
        ("html", "one self-contained page"),
        ("junit", "JUnit XML"),
        ("markdown", "Markdown for a pull request; - is standard output"),
        ("badge", "a small SVG"),
        ("record", "the merged record"),
    ):
        parser.add_argument(f"--{format}", metavar="FILE", help=f"write {what}")
    parser.add_argument("--json", action="store_true", help="totals and what speaks against somebody, as JSON on standard output")


def main(options: argparse.Namespace) -> int:
    """Report. Returns 0 if nothing speaks against anybody, 1 if something does or is missing, 2 for no record, 3 if none ran,
    5 if nothing does, but something is inconclusive.
    """
    files = [options.html, options.junit, options.markdown, options.badge]
    if files.count("-") + options.json > 1:
        sys.stderr.write("interop: Usage: two of --json and the formats both want standard output\n")
        return 2
    try:
        record = merge([read(path) for path in options.records])
        to_terminal = not list(_written(record, options))
    except RecordError as error:
        sys.stderr.write(f"interop: Usage: {error}\n")
        return 2
    if options.json:
        json.dump(_summary(record), sys.stdout, indent=1)
        sys.stdout.write("\n")
    elif to_terminal:
        from interop.report import terminal

        sys.stdout.write(terminal.table(record) + "\n")
    return _exit_code(record)


def _exit_code(record: Record) -> int:
    from interop.report.facts import against, passed, unfinished

    if not record.findings and record.complete:
        sys.stderr.write("interop: nothing ran\n")
        return 3
    if not record.complete:
        sys.stderr.write(f"interop: {unfinished(record)}\n")
    if passed(record):
        return 0
    return INCONCLUSIVE if record.complete and not against(record) else 1


def _written(record: Record, options: argparse.Namespace) -> Iterator[str]:
    """Write every file that was asked for, and yield its name."""
    if options.record:
        write(record, options.record)
        yield options.record
    for format, path in (
        ("html", options.html),
        ("junit", options.junit),
        ("markdown", options.markdown),
        ("badge", options.badge),
    ):
        if path == "-":
            sys.stdout.write(text(record, format))
        elif path:
            try:
                put(path, text(record, format))
            except OSError as error:
                raise RecordError(f"cannot write the report {path!r}: {error.strerror}") from error
        if path:
            yield path


def text(record: Record, format: str) -> str:
    """The record in a format: html, junit, markdown or badge."""
    if format == "html":
        from interop.report import html

        return html.page(record, about(), CHAPTERS)
    if format == "junit":
        from interop.report import junit

        return junit.xml(record, about())
    if format == "markdown":
        from interop.report import markdown

        return markdown.markdown(record, about())
    from interop.report import badge

    return badge.svg(record)


def _summary(record: Record) -> dict[str, object]:
    from interop.report.facts import again, against, counts, departures, passed

    return {
        "passed": passed(record),
        "findings": len(record.findings),
        "expected": record.expected,
        "verdicts": counts(record.findings),
        "departures": len(departures(record)),
        "against": [
            {
                "check": finding.check,
                "subject": finding.subject,
                "bridge": finding.bridge,
                "verdict": finding.verdict,
                "reason": finding.reason,
                "again": " ".join(again(finding)),
            }
            for finding in against(record)
        ],
    }
