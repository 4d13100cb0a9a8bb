"""`interop bisect`: the release of a package that changed what a check sees."""

import argparse
import json
import sys
from dataclasses import asdict

from interop.commands.upgrade import stoppable, stopped
from interop.errors import InteropError

EXAMPLES = """examples:
  interop bisect tornado --law P12 --good 6.3 --bad 6.6.1
  interop bisect trio --law C8 --crossing 'asyncio->trio/guest' --good 0.23 --bad 0.35
  interop bisect anyio --law P90 --good 4.3.0 --bad 4.9.0 --with trio==0.25.0 --python 3.12

Only releases that have a wheel for that Python are run. Exit code 0 if the release was found, 2 if there is nothing to find.
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop bisect` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("package", metavar="PACKAGE", help="as the index spells it")
    parser.add_argument("--law", required=True, metavar="ID", help="the probe, or the law, that sees the difference")
    parser.add_argument("--crossing", default="", metavar="A->B/T", help="where a law is checked: 'asyncio->trio/thread'")
    parser.add_argument("--bridge", default="portal", metavar="NAME", help="another library's bridge instead of our portal")
    parser.add_argument("--good", required=True, metavar="VERSION", help="a release that is as it should be")
    parser.add_argument("--bad", required=True, metavar="VERSION", help="a release that is not")
    parser.add_argument(
        "--with", dest="specs", action="extend", nargs="+", default=[], metavar="SPEC", help="what every environment has, too"
    )
    parser.add_argument("--python", metavar="X.Y", help="one of this machine; the current one if it is not given")
    parser.add_argument("--json", action="store_true", help="first, last, before, after, page, ran, skipped, between")


def main(options: argparse.Namespace) -> int:
    """Bisect. Returns 0 if the release was found, 2 if it cannot be."""
    from interop.report.changes import differences, in_words
    from interop.upgrade.bisection import bisect

    stoppable()

    def say(version: str) -> None:
        sys.stderr.write(f"interop: {options.law} with {options.package} {version}\n")

    try:
        found = bisect(
            options.package, options.law, options.good, options.bad, crossing=options.crossing, bridge=options.bridge,
            specs=options.specs, python=options.python, say=say,
        )  # fmt: skip
    except InteropError as error:
        sys.stderr.write(f"interop: Usage: {error}\n")
        return 2
    except KeyboardInterrupt as stop:
        return stopped(stop)
    if options.json:
        sys.stdout.write(json.dumps({**asdict(found), "page": found.page}, indent=1) + "\n")
        return 0
    sys.stdout.write(f"{found.package} {found.first} is the first release in which {found.check} sees something else\n")
    sys.stdout.write(f"  {found.check}: {found.sentence}\n")
    for name, old, new in differences(found.before, found.after):
        part = f"{name}: " if name else ""
        sys.stdout.write(f"  {found.last}: {part}{in_words(old)}\n  {found.first}: {part}{in_words(new)}\n")
    for version, why in found.skipped.items():
        sys.stdout.write(f"  {version} was passed over: {why}\n")
    sys.stdout.write(f"  {len(found.ran)} of {found.between} releases run; {found.page}\n")
    return 0
