"""`interop fetch`: the scenario on real URLs, in one framework, in a mix of them, or in all of them and compared."""

import argparse
import os
import sys

from scenarios.fetch_and_save import FRAMEWORKS, command
from scenarios.mixed import RUNTIMES

EXAMPLES = """examples:
  interop fetch https://example.org/ --framework asyncio
  interop fetch https://example.org/ https://example.com/ --framework 'twisted[asyncio]' --store pages.db --concurrency 50
  interop fetch https://example.org/ --framework trio --fetch-with twisted --save-with asyncio --store pages.db
  interop fetch https://example.org/ --framework all      (a difference between two frameworks is an error)
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop fetch` takes."""
    parser.epilog = EXAMPLES
    command.add_arguments(parser)
    names = [*FRAMEWORKS, "all"]
    parser.add_argument("--framework", required=True, choices=names, metavar="NAME", help="one of " + ", ".join(names))
    mixed = "another framework that shall %s, called through a portal: one of " + ", ".join(RUNTIMES)
    parser.add_argument("--fetch-with", choices=RUNTIMES, metavar="NAME", help=mixed % "fetch")
    parser.add_argument("--save-with", choices=RUNTIMES, metavar="NAME", help=mixed % "save")


def main(options: argparse.Namespace) -> int:
    """Fetch. Returns 0 if every page came, and from every framework the same."""
    if options.fetch_with or options.save_with:
        return _fetch_mixed(options)
    return _fetch_everywhere(options) if options.framework == "all" else command.fetch(options.framework, options)


def _fetch_mixed(options: argparse.Namespace) -> int:
    from scenarios.mixed.anywhere import Mix

    mix = Mix(options.framework, options.fetch_with or options.framework, options.save_with or options.framework)
    if reason := mix.impossible():
        return command.complain("Usage", f"cannot fetch with {mix}: {reason}", 2)
    return command.perform(str(mix), options, mix.run)


def _fetch_everywhere(options: argparse.Namespace) -> int:
    from scenarios.fetch_and_save.everywhere import differences, everywhere

    names = []
    for name, framework in FRAMEWORKS.items():
        if missing := framework.missing():
            sys.stderr.write(f"interop: Skipped: {name}: {missing}\n")
        else:
            names.append(name)
    exit_code = 0
    outcomes = []
    processes = os.cpu_count() or 1
    for outcome in everywhere(
        names, command.errands(options), store=options.store, concurrency=options.concurrency, processes=processes
    ):
        outcomes.append(outcome)
        if outcome.kind == "ok":
            line = {**outcome.details, "framework": outcome.framework, "stored": options.store is not None}
            exit_code = exit_code if command.say_page(line) else 1
        else:
            where = f"{outcome.framework}: {outcome.shown_url}"
            exit_code = command.complain(outcome.kind, outcome.details["says"], 1, where=where)
    for url, values in differences(outcomes):
        said = "; ".join(f"{same[0]} in {', '.join(o.framework for o in same)}" for same in values.values())
        exit_code = command.complain("Difference", said, 1, where=url)
    return exit_code
