"""What came of each mutant, kept in results.json so that a change costs its own mutants only.

A result is still good while the function or class around the mutant and the crossings of its file are the same, and, if a law
killed it, that law; if it survived, all laws. A change elsewhere may change it, too: `--fresh` tries all again.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from interop.laws.law import catalogue, revision
from tests.mutants.crossings import FILES
from tests.mutants.known import EQUIVALENT
from tests.mutants.mutant import ROOT, Mutant, digest
from tests.mutants.trial import Outcome

HERE = Path(__file__).with_name("results.json")
POWER = ROOT / "interop/laws/power.json"
KINDS = ("killed", "tested", "equivalent", "survived", "unreached", "inconclusive")


class Results:
    """Read from a file, and written to it again."""

    def __init__(self, path: Path = HERE) -> None:
        self.path = path
        self.found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def good(self, mutant: Mutant) -> Outcome | None:
        """The outcome that is known and still good."""
        one = self.found.get(mutant.id)
        if one is None or one["on"] != _on(mutant) or one["laws"] != _laws(one["by"]) or one["verdict"] == "inconclusive":
            return None
        return Outcome(one["verdict"], one["by"], one["crossing"], one["how"])

    def put(self, mutant: Mutant, outcome: Outcome) -> Outcome:
        """Keep one. What survives new laws is seen by the test that saw it before."""
        before = self.found.get(mutant.id)
        if (
            outcome.verdict in ("survived", "unreached")
            and before
            and (before["verdict"], before["on"]) == ("tested", _on(mutant))
        ):
            outcome = Outcome("tested", before["by"])
        self.found[mutant.id] = {
            "file": mutant.file,
            "place": mutant.place,
            "operator": mutant.operator,
            "before": mutant.before,
            "after": mutant.after,
            "on": _on(mutant),
            "laws": _laws(outcome.by),
            "verdict": outcome.verdict,
            "by": outcome.by,
            "crossing": outcome.crossing,
            "how": outcome.how,
        }
        return outcome

    def write(self, there: Iterable[str] | None = None) -> None:
        """Write the file, without the mutants of these files that are not there any more."""
        every = sorted(self.found.items(), key=lambda item: (item[1]["file"], item[1]["place"], item[0]))
        lines = [f"{json.dumps(id)}: {json.dumps(one)}" for id, one in every]
        self.path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _on(mutant: Mutant) -> str:
    return digest(mutant.whole + "".join(FILES[mutant.file]))


def _laws(by: str) -> str:
    one = catalogue().get(by)
    return one.revision if one is not None else revision()


def kind(mutant: Mutant, outcome: Outcome) -> str:
    """How it counts: one of KINDS."""
    if outcome.verdict in ("survived", "unreached") and any(entry.names(mutant) for entry in EQUIVALENT):
        return "equivalent"
    return outcome.verdict


def score(outcomes: Mapping[Mutant, Outcome]) -> dict[str, Counter[str]]:
    """For each file, how many of each kind."""
    found: dict[str, Counter[str]] = {}
    for mutant, outcome in outcomes.items():
        found.setdefault(mutant.file, Counter())[kind(mutant, outcome)] += 1
    return dict(sorted(found.items()))


def share(counts: Mapping[str, int]) -> float:
    """Of those that are not equivalent, the part that a law kills."""
    whole = sum(counts.values()) - counts.get("equivalent", 0)
    return counts.get("killed", 0) / whole if whole else 1.0


def write_written(whole: Mapping[str, int]) -> None:
    """What docs/laws.md says of those that a person has written."""
    power = json.loads(POWER.read_text(encoding="utf-8"))
    power["written"] = {name: whole.get(name, 0) for name in KINDS}
    POWER.write_text(json.dumps(power, indent=1) + "\n", encoding="utf-8")


def write_power(files: Mapping[str, Mapping[str, int]], seed: str, of: int) -> None:
    """What docs/laws.md says of it."""
    power = json.loads(POWER.read_text(encoding="utf-8")) | {
        "date": datetime.date.today().isoformat(),
        "sample": sum(sum(counts.values()) for counts in files.values()),
        "of": of,
        "seed": seed,
        "files": {file: {name: counts.get(name, 0) for name in KINDS} for file, counts in files.items()},
    }
    POWER.write_text(json.dumps(power, indent=1) + "\n", encoding="utf-8")
