"""docs/laws.md: all laws by chapter, then what cannot be tested. Write it with: python -m interop.laws.page > docs/laws.md"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from interop.laws.law import CHAPTERS, Law, catalogue
from interop.laws.untestable import UNTESTABLE

HEAD = """# The laws

Numbered sentences that a bridge between two frameworks has to keep, our own portals and everybody else's. `MUST`: a bridge
that breaks it surprises its users badly; `SHOULD`: it is better kept. Each is checked on every crossing to which it applies;
what it needs of a side or of the bridge is in `interop/laws/needs.py`. Ids are permanent.

Every law is known to be able to fail: *broken by* names faulty bridges in `tests/faulty/` that break it, first the one that is
made for it. Which fault breaks which laws is pinned in `tests/faulty/kills.json`; a law that nothing breaks fails the build.

The laws of chapter M run random programs of 5 to 40 statements and steps on the bridge, beside a model of a crossing
(`interop/laws/model/`); the others look at one call, stream or manager each. `interop run` has a few programs for each law;
`--seeds 2000` asks for more, and `--seeds 67:68` for number 67. A program that differs is shrunk, and stands in the record in the
caller's own words.

This page is generated: `python -m interop.laws.page > docs/laws.md`.
"""
TAIL = """
## Rules that cannot be tested

Each is true, or should be, and no law checks it, for the reason given.

| chapter | rule | why no law checks it |
| --- | --- | --- |
"""
POWER = """
## Power

Mutants of the adapters, the topologies and the portals' own modules: small changes, made by the operators of cosmic-ray and
mutmut. A law *kills* a mutant if it is kept without it and not kept with it, on one of two to four crossings that fit the file.
Measured on {date}: {sample} mutants out of {of}, chosen by chance (seed {seed}). Of those that are not equivalent, the laws kill
**{share}**; the laws and our own tests together {both}.

{hand}*By a test*: no law sees it, but a test of ours does: the words of errors, refusals, signals, forks, patched processes.
*Equivalent*: no user could see it, for the reason in `tests/mutants/known.py`. *Not run*: no law runs that line, and no test sees
it; these are survivors, too. Measure again: `tox -e mutants`.

| file | mutants | killed by a law | by a test | equivalent | survived | not run | inconclusive |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
HAND = """Of {of} mistakes that a person wrote without sight of the laws (`tox -e mutants -- --written`), they kill {killed}.

"""
KINDS = ("killed", "tested", "equivalent", "survived", "unreached", "inconclusive")
FAULTS = 3  # shown of each law


def killers() -> dict[str, list[str]]:
    """The faulty bridges that break each law; first those that are made for it."""
    found: dict[str, list[str]] = json.loads(files("interop.laws").joinpath("kills.json").read_text(encoding="utf-8"))
    return found


def power() -> dict[str, Any]:
    """How many mutants of each file the laws kill; `python -m tests.mutants --write` measures it."""
    found: dict[str, Any] = json.loads(files("interop.laws").joinpath("power.json").read_text(encoding="utf-8"))
    return found


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_chapters()) + "".join(_power(power())) + TAIL + "".join(_rules())


def _chapters() -> Iterator[str]:
    broken_by, chapter = killers(), ""
    for law in catalogue().values():
        if law.chapter != chapter:
            chapter = law.chapter
            yield f"\n## {chapter}. {CHAPTERS[chapter].capitalize()}\n"
        yield _law(law, broken_by.get(law.id, []))


def _law(law: Law, broken_by: list[str]) -> str:
    more = f" and {len(broken_by) - FAULTS} more" if len(broken_by) > FAULTS else ""
    facts = [
        " ".join(law.look.split()),
        f"*Source:* {law.source}",
        "*Needs:* " + ", ".join(sorted(law.needs)) if law.needs else "",
        "*Broken by:* " + ", ".join(broken_by[:FAULTS]) + more,
    ]
    return f"\n### {law.id} {law.sentence}\n\n{law.strength}. " + "  \n".join(fact for fact in facts if fact) + "\n"


def _power(measured: Mapping[str, Any]) -> Iterator[str]:
    counts: Mapping[str, Mapping[str, int]] = measured["files"]
    whole = {kind: sum(one[kind] for one in counts.values()) for kind in KINDS}
    real = sum(whole.values()) - whole["equivalent"]
    shares = {"share": f"{whole['killed'] / real:.0%}", "both": f"{(whole['killed'] + whole['tested']) / real:.0%}"}
    hand = measured.get("written")
    shares["hand"] = HAND.format(of=sum(hand.values()), killed=hand["killed"]) if hand else ""
    yield POWER.format_map({**measured, **shares})
    for file, one in {**counts, "all": whole}.items():
        yield f"| {file} | {sum(one.values())} | " + " | ".join(str(one[kind]) for kind in KINDS) + " |\n"


def _rules() -> Iterator[str]:
    for rule in UNTESTABLE:
        yield f"| {rule.chapter} | {rule.sentence} | {rule.reason} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())
