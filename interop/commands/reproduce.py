"""`interop reproduce`: one file that shows a finding without this kit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from interop.errors import InteropError

EXAMPLES = """examples:
  interop reproduce 'C2@trio->asyncio/guest' --bridge trio-asyncio > c2.py
  interop reproduce 'M2@asyncio->threads/thread' --seeds 100 -o m2.py
  interop reproduce P67 -o p67.py && python p67.py

A finding is a law, an at sign and a crossing, or a probe's id; `interop report` names them.
The file's exit code: 1 it shows the finding, 0 it does not, 3 something is missing, 4 the file itself failed.
A probe's finding is what it sees here and now.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop reproduce` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("finding", metavar="FINDING", help="LAW@CALLER->CALLEE/TOPOLOGY, or a probe's id")
    parser.add_argument("--bridge", default="portal", metavar="NAME", help="the bridge under test (%(default)s)")
    parser.add_argument("--seeds", metavar="N", help="programs to try, for a law of chapter M; or FROM:TO")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="where the file goes (standard output)")


def main(options: argparse.Namespace) -> int:
    """Write the file. Returns 0, or 2 if there is no such finding."""
    from interop.bridges.crossing import Crossing
    from interop.harness import planner, reproducing

    check, _, where = options.finding.partition("@")
    try:
        seeds = planner.seeds(options.seeds) if options.seeds else range(0)
        text = reproducing.law(check, Crossing.parse(where), options.bridge, seeds) if where else reproducing.probe(check)
        if options.output == "-":
            sys.stdout.write(text)
        else:
            Path(options.output).write_text(text, encoding="utf-8")
    except (InteropError, ValueError, OSError) as error:
        sys.stderr.write(f"interop: Usage: {error}\n")
        return 2
    return 0
