"""`interop upgrade`: what will change, before somebody bumps a package or Python."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interop.commands.diff import add_output, exit_code, show
from interop.commands.numbers import positive
from interop.errors import InteropError
from interop.record import write

if TYPE_CHECKING:
    from interop.record.diff import Difference

EXAMPLES = """examples:
  interop upgrade tornado                                     from the version that is installed here to the newest
  interop upgrade 'tornado>=6.6' --from 'tornado==6.4.2' --with 'anyio==3.7.1' --python 3.12
  interop upgrade --python 3.13                               the same packages on another Python
  interop upgrade twisted -r requirements.txt --markdown      from a requirements file, uv.lock or pylock.toml

The old environment is the current one (or that of -r FILE); what is not named keeps its version where it can. Where packages are
named, --python is for both sides unless --from-python says otherwise. No interpreter is downloaded. Environments and records are
cached.

Exit code 1 for a regression (see `interop diff --help`), 2 if it cannot be asked like this, 3 if nothing moved.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop upgrade` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="what the new environment has: 'tornado', 'tornado>=6.6'")
    parser.add_argument(
        "--from", dest="from_specs", action="extend", nargs="+", default=[], metavar="SPEC", help="what the old one has"
    )
    parser.add_argument(
        "--with", dest="with_specs", action="extend", nargs="+", default=[], metavar="SPEC", help="what both of them have"
    )
    parser.add_argument("--python", metavar="X.Y", help="the new environment's Python, of those on this machine")
    parser.add_argument("--from-python", metavar="X.Y", help="the old environment's Python")
    base = parser.add_mutually_exclusive_group()
    base.add_argument("-r", dest="file", metavar="FILE", help="the old environment: requirements.txt, pylock.toml, uv.lock")
    base.add_argument(
        "--alone", action="store_true", help="only what is named here and its dependencies, nothing of what is installed"
    )
    parser.add_argument(
        "--law", type=names, default=[], metavar="A,B", help="only these laws, probes or chapters; P for the probes alone"
    )
    parser.add_argument("--all", action="store_true", help="run also what does not touch what moved")
    parser.add_argument(
        "--jobs", type=positive, default=(os.cpu_count() or 1) + 1, metavar="N", help="processes at a time (%(default)s)"
    )
    parser.add_argument("--fresh", action="store_true", help="run again what was run before")
    parser.add_argument("--record-dir", metavar="DIR", help="where the records of both sides go, for `interop diff`")
    add_output(parser)


def main(options: argparse.Namespace) -> int:
    """Compare. Returns 0, 1 for a regression (or a change, if asked), 2 for what cannot be compared, 3 if nothing moved."""
    from interop.upgrade.comparison import Question, answer

    stoppable()
    progress = Progress()
    try:
        question = Question(
            options.specs, options.from_specs, options.with_specs, options.python, options.from_python, options.file,
            options.alone, options.law, options.all, options.jobs, options.fresh,
        )  # fmt: skip
        found = answer(question, progress)
        progress.clear()
        if options.record_dir:
            folder = Path(options.record_dir)
            folder.mkdir(parents=True, exist_ok=True)
            for side, records in (("before", found.before), ("after", found.after)):
                for number, record in enumerate(records, 1):
                    write(record, folder / (f"{side}.json" if number == 1 else f"{side}-again-{number}.json"))
    except InteropError as error:
        progress.clear()
        sys.stderr.write(f"interop: Usage: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"interop: Usage: cannot write the records: {error.strerror}\n")
        return 2
    except KeyboardInterrupt as stop:
        progress.clear()
        return stopped(stop)
    words = "{probes} of {of} probes, {laws} laws on {crossings} crossings and {imports} imports touch what moved"
    ran = words.format_map(found.chosen)
    subjects = ", ".join(f"{name} {count}" for name, count in found.chosen["subjects"].items())
    for note in (*found.notes, f"{ran}; probes of {subjects}" if subjects else ran):
        sys.stderr.write(f"interop: {note}\n")
    show(
        found.difference,
        options,
        _title(found.difference, [*question.specs, *question.from_specs]),
        chosen=found.chosen,
        seconds=found.phases,
    )
    if not found.difference.moved and not found.difference.changes:
        return 3
    return exit_code(found.difference, options)


def _title(difference: "Difference", specs: Sequence[str]) -> str:
    """What was asked about, and what became of it."""
    from interop.upgrade.uv import name_of

    names = {"python", *(name_of(spec) for spec in specs)}
    moves = [move for move in difference.moved if move.package in names] or difference.moved[:3]
    return ", ".join(f"{move.package} {move.before or '(none)'} → {move.after or '(none)'}" for move in moves)


def stoppable() -> None:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt, so that what runs in the environments is ended, too."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def stopped(stop: KeyboardInterrupt) -> int:
    """Say which signal it was; returns the exit code for it."""
    number = signal.Signals(stop.args[0] if stop.args else signal.SIGINT)
    sys.stderr.write(f"interop: Interrupted: stopped by {number.name}\n")
    return 128 + number


def names(text: str) -> list[str]:
    """Split at commas."""
    return [name for name in text.split(",") if name]


class Progress:
    """On a terminal a line that changes, elsewhere a line for each phase; on standard error."""

    def __init__(self) -> None:
        self.phase = ""
        self.moving = sys.stderr.isatty()

    def __call__(self, phase: str, done: int, total: int, what: str) -> None:
        """Say how far it is."""
        if self.moving:
            count = f" {done}/{total}" if total else ""
            sys.stderr.write(f"\r\x1b[Kinterop: {phase}{count} {what}"[:100])
            sys.stderr.flush()
        elif phase != self.phase:
            sys.stderr.write(f"interop: {phase} {what}".rstrip() + "\n")
        self.phase = phase

    def clear(self) -> None:
        """Leave the line empty for what comes next."""
        if self.moving:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
