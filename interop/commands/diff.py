"""`interop diff`: what changed between two records."""

import argparse
import json
import sys
from pathlib import Path

from interop.record import Record, RecordError, read
from interop.record.diff import Difference, compare

EXAMPLES = """examples:
  interop diff before.json after.json
  interop diff before.json after.json --markdown >> "$GITHUB_STEP_SUMMARY"
  interop diff before.json,before-again.json after.json,after-again.json    (what differs within a side is noise)

Exit code 1 for a regression: a law that was kept and is not any more, an import that fails, a new hang or crash;
with --fail-on change for any change of behavior.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop diff` takes."""
    parser.epilog = EXAMPLES
    for name, side in (("before", "the old"), ("after", "the new")):
        parser.add_argument(name, metavar=name.upper(), help=f"a record of {side} environment, or several of it: A.json,B.json")
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that say in which form a difference is printed, and when it fails."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for a pull request")
    form.add_argument("--json", action="store_true", help="changes, moved, kit_changes, noise, not_comparable")
    parser.add_argument(
        "--fail-on", choices=("regression", "change"), default="regression", help="what gives exit code 1 (%(default)s)"
    )


def main(options: argparse.Namespace) -> int:
    """Compare. Returns 0, 1 for a regression (or a change, if asked), 2 for what is no record."""
    try:
        difference = compare(_records(options.before), _records(options.after))
    except RecordError as error:
        sys.stderr.write(f"interop: Usage: {error}\n")
        return 2
    show(difference, options)
    return exit_code(difference, options)


def show(difference: Difference, options: argparse.Namespace, title: str = "", **more: object) -> None:
    """Print the difference in the form that was asked for; `more` goes into the JSON only."""
    from interop.report import changes

    if options.json:
        sys.stdout.write(json.dumps({**difference.document(), **more}, indent=1) + "\n")
    else:
        form = changes.markdown if options.markdown else changes.text
        sys.stdout.write(form(difference, title) + "\n")


def exit_code(difference: Difference, options: argparse.Namespace) -> int:
    """1 if there is something to fail on."""
    against = difference.changes if options.fail_on == "change" else difference.regressions
    return 1 if against else 0


def _records(names: str) -> list[Record]:
    """A path, or several with commas between; a path with a comma in it is one path."""
    try:
        one = Path(names).exists()
    except (OSError, ValueError):  # Too long for a path: several, or none.
        one = False
    return [read(path) for path in ([names] if one else names.split(","))]
