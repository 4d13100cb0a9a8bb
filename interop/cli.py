"""The command `interop`: names its commands, and imports the one that is asked for."""

import argparse
import importlib
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

from interop import __version__

COMMANDS = {
    "fetch": "fetch URLs with one framework, or with all, and save their bodies",
    "report": "show a record: as a page, JUnit XML, Markdown, a badge, or a table",
    "run": "run the matrix: every framework against everything that can go wrong",
    "laws": "show the catalogue of laws and probes, or explain one of them",
    "doctor": "say what is installed, what is missing and why, and what can be run",
    "reproduce": "write one file that shows a finding without this kit",
    "diff": "say what changed between two records: regressions, changes and mends of behavior",
    "upgrade": "say what will change: build the environments before and after an upgrade, run both, compare",
    "bisect": "find the release of a package in which a check sees something else",
    "matrix": "list, cover and run the releases that the kit is checked with",
    "completion": "print a script that completes this command in bash, zsh or fish",
}
EXAMPLES = """examples:
  interop fetch https://example.org/ --framework trio --store pages.db
  interop fetch https://example.org/ --framework all
  interop run

`interop COMMAND --help` has more of them. Exit codes: 0 as expected, 1 findings against you, 2 usage, 3 nothing ran,
4 the kit's own error, 5 nothing against you, but inconclusive: the machine was too busy to tell, 130 Ctrl-C.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; argparse exits by itself for --help and usage errors."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser(words[:1]).parse_args(words)
    options.parser = lambda: _parser(COMMANDS)  # for who has to know all of them
    return int(_module(options.command).main(options))


def _parser(declared: Iterable[str]) -> argparse.ArgumentParser:
    """The parser, with the options of these commands: declaring them imports their modules."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="interop", description="The interop kit for asynchronous Python.", epilog=EXAMPLES, formatter_class=formatter
    )
    parser.add_argument("--version", action="version", version=f"interop {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, does in COMMANDS.items():
        command = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.", formatter_class=formatter)
        if name in declared:
            _module(name).declare(command)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"interop.commands.{name}")
