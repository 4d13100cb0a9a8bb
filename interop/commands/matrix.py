"""`interop matrix`: the releases that the kit is checked with, every pair of them in as few environments as can be."""

import argparse
import json
import sys
from pathlib import Path

from interop.commands.numbers import positive
from interop.commands.upgrade import names, stopped
from interop.errors import InteropError

EXAMPLES = """examples:
  interop matrix                       the environments, a line each; `tox -m pairwise` runs them
  interop matrix --github              the same as the matrix of a GitHub workflow
  interop matrix --write               ask the index what goes together, cover it again, and write matrix.json and tox.ini
  interop matrix --results docs/matrix.md    run each release line, and write what changed at which
  interop matrix --results docs/matrix.md .tox/py3*-*-*/tmp/record.json    write what the environments have found
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop matrix` takes."""
    parser.epilog = EXAMPLES
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--github", action="store_true", help='print {"include": [{"toxenv": ..., "python": ...}, ...]}')
    what.add_argument("--write", action="store_true", help="needs a checkout of the project, and the index")
    what.add_argument("--results", metavar="FILE", help="run each release line, and write the page")
    parser.add_argument(
        "records", nargs="*", metavar="RECORD", help="of the environments: write the results' section on these instead"
    )
    parser.add_argument("--package", type=names, default=[], metavar="A,B", help="results of these only")
    parser.add_argument("--python", metavar="X.Y", help="the Python of the results (3.12: every line has a wheel for it)")
    parser.add_argument("--jobs", type=positive, default=2, metavar="N", help="processes at a time (%(default)s)")


def main(options: argparse.Namespace) -> int:
    """Print or write. Returns 0, or 2 where it cannot be."""
    from interop.upgrade import covering, tox

    try:
        if options.write:
            return _write()
        if options.results:
            return _results(options)
        matrix = covering.read()
    except InteropError as error:
        sys.stderr.write(f"interop: Usage: {error}\n")
        return 2
    except KeyboardInterrupt as stop:
        return stopped(stop)
    if options.github:
        sys.stdout.write(json.dumps(tox.github(matrix)) + "\n")
    else:
        sys.stdout.write("".join(f"{name}\n" for name in matrix.names()))
    return 0


def _write() -> int:
    from interop.upgrade import covering, tox

    file = tox.file()
    previous = covering.read() if covering.PLACE.exists() else None

    def say(done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[Kinterop: asking what goes together {done}/{total}")

    impossible = covering.measure(covering.LINES, say)
    matrix = covering.cover(covering.LINES, impossible, previous.rows if previous else ())
    text = tox.rewritten(file.read_text(encoding="utf-8"), matrix)
    covering.write(matrix)
    file.write_text(text, encoding="utf-8")
    new = len([row for row in matrix.rows if previous is None or row not in previous.rows])
    sys.stderr.write(
        f"\ninterop: {len(matrix.rows)} environments, {new} of them new; {len(impossible)} combinations are impossible\n"
    )
    return 0


def _results(options: argparse.Namespace) -> int:
    from interop.commands.upgrade import Progress, stoppable
    from interop.record import read
    from interop.upgrade import covering, results
    from interop.upgrade.requirements import NoRequirement

    for name in options.package:
        if name not in covering.LINES:
            raise NoRequirement(name, "package of the matrix", next(iter(covering.LINES)))
    stoppable()
    progress, file = Progress(), Path(options.results)
    previous = file.read_text(encoding="utf-8") if file.exists() else ""
    if options.records:
        file.write_text(results.together(previous, [read(path) for path in options.records]), encoding="utf-8")
        return 0
    for page in results.run(covering.LINES, options.package, options.python, jobs=options.jobs, say=progress, previous=previous):
        progress.clear()
        file.write_text(page, encoding="utf-8")
    return 0
