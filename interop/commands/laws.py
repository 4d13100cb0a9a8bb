"""`interop laws`: the catalogue by chapter, or one law or probe explained."""

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from interop.commands.catalogue import CHAPTERS, Entry, entries
from interop.laws.untestable import UNTESTABLE, Rule

EXAMPLES = """examples:
  interop laws                the whole catalogue
  interop laws C              one chapter
  interop laws C2             one law: what promises it, where to look when it breaks, which faulty bridges break it
  interop laws untestable     the rules that no law can check, each with the reason
  interop laws P12 --json     for programs
"""
WIDTH = 110  # columns, of which the reasons take the right-hand part


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop laws` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("id", nargs="?", metavar="ID", help="a law's or a probe's id, a chapter's letter, or untestable")
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(options: argparse.Namespace) -> int:
    """Show. Returns 0, or 2 where nothing has that id."""
    known = entries()
    wanted = (options.id or "").upper()
    if wanted == "UNTESTABLE":
        return _show([asdict(rule) for rule in UNTESTABLE] if options.json else list(_unchecked(UNTESTABLE)))
    chosen = [entry for entry in known.values() if wanted in ("", entry.id, entry.chapter)]
    if not chosen:
        chapters = ", ".join(dict.fromkeys(entry.chapter for entry in known.values()))
        sys.stderr.write(f"interop: Usage: no law or probe is called {options.id!r}; the chapters are {chapters}: interop laws\n")
        return 2
    if options.json:
        return _show([asdict(entry) for entry in chosen])
    return _show(list(_explained(chosen[0]) if wanted == chosen[0].id else _listed(chosen)))


def _show(what: list[str] | list[dict[str, object]]) -> int:
    if what and isinstance(what[0], dict):
        json.dump(what, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("\n".join(map(str, what)).rstrip() + "\n")
    return 0


def _listed(chosen: Iterable[Entry]) -> Iterator[str]:
    for chapter in dict.fromkeys(entry.chapter for entry in chosen):
        yield from _head(chapter)
        for entry in chosen:
            if entry.chapter == chapter:
                what = entry.subject if entry.strength == "PROBE" else entry.strength
                yield f"  {entry.id:<5} {what:<11} {entry.sentence}"
        yield from _rules(UNTESTABLE, chapter)
        yield ""


def _unchecked(rules: Iterable[Rule]) -> Iterator[str]:
    for chapter in dict.fromkeys(rule.chapter for rule in rules):
        yield from _head(chapter)
        yield from _rules(rules, chapter)
        yield ""


def _head(chapter: str) -> Iterator[str]:
    yield f"{chapter}  {CHAPTERS[chapter]}"


def _rules(rules: Iterable[Rule], chapter: str) -> Iterator[str]:
    for rule in rules:
        if rule.chapter == chapter:
            yield f"  {'-':<5} {'not checked':<11} {rule.sentence}"
            yield from textwrap.indent(textwrap.fill(rule.reason, WIDTH - 22, break_on_hyphens=False), " " * 22).splitlines()


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
