"""The command `interop`. Everything that a command needs beyond argparse is imported when it runs."""

import argparse
import sys
from collections.abc import Sequence

from interop import __version__

_EXAMPLES = """examples:
  interop fetch https://example.org/ --framework trio --store pages.db
  interop fetch https://example.org/ https://example.com/ --framework all
  interop run --record record.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 as expected, 1 findings, 2 usage, 3 nothing ran, 4 kit error, 130 Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="interop",
        description="The interop kit for asynchronous Python.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"interop {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_fetch(commands)
    _add_run(commands)
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = parser.parse_args(words)
    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        sys.stderr.write("interop: Interrupted: stopped by SIGINT\n")
        return 130


def _add_fetch(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("fetch", help="fetch URLs with one framework, or with all, and save their bodies")
    parser.set_defaults(command=_fetch, parser=parser)


def _fetch(options: argparse.Namespace) -> int:
    raise NotImplementedError


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    raise NotImplementedError
