"""`interop laws`: the catalogue by chapter, or one law or probe explained."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from interop.commands.catalogue import CHAPTERS, Entry, entries

EXAMPLES = """examples:
  interop laws                the whole catalogue
  interop laws C              one chapter
  interop laws C2             one law: what promises it, where to look when it breaks, which faulty bridges break it
  interop laws P12 --json     for programs
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop laws` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("id", nargs="?", metavar="ID", help="a law's or a probe's id, or a chapter's letter")
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(options: argparse.Namespace) -> int:
    """Show. Returns 0, or 2 where nothing has that id."""
    known = entries()
    wanted = (options.id or "").upper()
    chosen = [entry for entry in known.values() if wanted in ("", entry.id, entry.chapter)]
    if not chosen:
        chapters = ", ".join(dict.fromkeys(entry.chapter for entry in known.values()))
        sys.stderr.write(f"interop: Usage: no law or probe is called {options.id!r}; the chapters are {chapters}: interop laws\n")
        return 2
    if options.json:
        json.dump([asdict(entry) for entry in chosen], sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        lines = _explained(chosen[0]) if wanted == chosen[0].id else _listed(chosen)
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _listed(chosen: Iterable[Entry]) -> Iterator[str]:
    chapter = ""
    for entry in chosen:
        if entry.chapter != chapter:
            yield from ([""] if chapter else [])
            chapter = entry.chapter
            yield f"{chapter}  {CHAPTERS[chapter]}"
        what = entry.subject if entry.strength == "PROBE" else entry.strength
        yield f"  {entry.id:<5} {what:<11} {entry.sentence}"


def _explained(entry: Entry) -> Iterator[str]:
    yield f"{entry.id}  {entry.sentence}"
    yield ""
    for name, text in (
        ("chapter", f"{entry.chapter}: {CHAPTERS[entry.chapter]}"),
        ("strength", "recorded, not judged" if entry.strength == "PROBE" else entry.strength),
        ("subject", entry.subject),
        ("area", entry.area),
        ("source", entry.source),
        ("look", entry.look),
        ("needs", ", ".join(entry.needs)),
        ("broken by", ", ".join(entry.broken_by)),
        ("check it", f"interop run --law {entry.id}"),
    ):
        if text:
            first, *rest = text.splitlines()
            yield f"  {name:<10} {first}"
            yield from (f"  {'':<10} {line}" for line in rest)
