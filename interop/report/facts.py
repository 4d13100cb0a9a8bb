"""What every report says about a record, said once: how a finding counts, how often, in which words, and how to see it again."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from interop.record import NEUTRAL, VERDICTS, Finding, Record
from interop.record.crossing import crossing

MARKS = {
    "kept": "✓", "broken": "✗", "hung": "∞", "crashed": "†", "blocked": "⊘", "kit-error": "‼", "not-applicable": "-",
    "observed": "●", "departure": "≈", "inconclusive": "?",
}  # fmt: skip
MEANINGS = {
    "kept": "it was checked, and it holds",
    "broken": "it was checked, and it does not hold",
    "hung": "it did not end in time",
    "crashed": "its process died",
    "blocked": "it could not be checked, because something before it failed",
    "kit-error": "the kit itself failed",
    "not-applicable": "it has no place here",
    "observed": "a probe saw it; there is no right or wrong in it",
    "inconclusive": "the machine was too busy to tell",
    "departure": "it does not hold, which is known and has a reason",
}
MOST_NAMED = 3  # subjects on one line
OURS = ("", "portal")  # bridges that a run checks without being told


@dataclass(frozen=True)
class About:
    """What the catalogue says about a check, beside what its findings say themselves.

    Args:
        sentence: the promise, or what is looked at.
        source: what promises it: a link, or a title in somebody's documentation.
        look: where to look when it breaks.
    """

    sentence: str = ""
    source: str = ""
    look: str = ""


def outcome(finding: Finding) -> str:
    """How the finding counts: its verdict, or "departure" where what it says against somebody is known and excused."""
    excused = finding.departure and finding.verdict not in (*NEUTRAL, "kit-error")
    return "departure" if excused else finding.verdict


def counts(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings have each verdict; verdicts that nothing has are left out."""
    found = Counter(finding.verdict for finding in findings)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


def departures(record: Record) -> list[Finding]:
    """The findings that are excused."""
    return [finding for finding in record.findings if outcome(finding) == "departure"]


def against(record: Record) -> list[Finding]:
    """The findings that speak against somebody."""
    return [finding for finding in record.findings if finding.against]


def sentence(finding: Finding, about: Mapping[str, About] | None = None) -> str:
    """The check's sentence in words; empty where nobody says one."""
    if about and finding.check in about and about[finding.check].sentence:
        return about[finding.check].sentence
    return finding.name.replace("_", " ")


def label(finding: Finding) -> str:
    """The subject, and the bridge where it is not ours."""
    return finding.subject if finding.bridge in OURS else f"{finding.subject} ({finding.bridge})"


def grouped(findings: Sequence[Finding], state: str, words: Callable[[Finding], str]) -> list[str]:
    """The findings in this state (a word of MARKS): a line for each different thing that they say, with the subjects in front."""
    said: dict[str, dict[str, None]] = {}
    for finding in findings:
        if outcome(finding) == state:
            said.setdefault(words(finding), {})[label(finding)] = None
    lines = []
    for what, subjects in said.items():
        names = list(subjects)
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        lines.append(f"{', '.join(names[:MOST_NAMED])}{more}: {what}")
    return lines


def why(finding: Finding) -> str:
    """The reason, and which of the frameworks does it by itself, too, with no bridge."""
    control = finding.evidence.get("control")
    if not isinstance(control, Mapping):
        return finding.reason
    alone = [name for name, said in control.items() if not str(said).startswith(("kept", "not-applicable"))]
    if not alone:
        return finding.reason
    verb = "does" if len(alone) == 1 else "do"
    return f"{finding.reason}; {' and '.join(alone)} {verb} so without a bridge, too"


def totals(record: Record) -> str:
    """One line: how many findings have which verdict."""
    words = [f"{count:,} {verdict}" for verdict, count in counts(record.findings).items()]
    excused = len(departures(record))
    if excused:
        words.append(f"{excused:,} of these known departures")
    return ", ".join(words) or "no findings"


def unfinished(record: Record) -> str:
    """A sentence for a record in which findings are missing; empty for a whole one."""
    if record.complete:
        return ""
    return f"interrupted: {len(record.findings):,} of {record.expected:,} findings"


def passed(record: Record) -> bool:
    """Whether the record is whole, has findings, none of them speaks against anybody, and each could be told."""
    told = not any(finding.against or finding.verdict == "inconclusive" for finding in record.findings)
    return record.complete and bool(record.findings) and told


def inconclusive(record: Record) -> list[Finding]:
    """The findings that the machine was too busy to tell."""
    return [finding for finding in record.findings if finding.verdict == "inconclusive"]


def again(finding: Finding) -> tuple[str, str]:
    """The command that runs this one finding again, in two parts: up to where it runs, and what is checked there."""
    if finding.strength == "PROBE":
        return "interop run", f"--law {shlex.quote(finding.check)}"
    place = crossing(finding.subject)
    if place is None and not re.fullmatch(r"[A-Z]+[0-9]+", finding.check):
        return f"interop run --framework {shlex.quote(finding.subject)}", f"--behavior {shlex.quote(finding.check)}"
    words = f"interop run --caller {shlex.quote(place.caller if place else finding.subject)}"
    words += f" --callee {shlex.quote(place.callee if place else finding.subject)}"
    if place and place.topology:
        words += f" --topology {shlex.quote(place.topology)}"
    if finding.bridge not in OURS:
        words += f" --bridge {shlex.quote(finding.bridge)}"
    return words, f"--law {shlex.quote(finding.check)}"


def printable(text: str) -> str:
    """The text without what could command a terminal: control characters become visible escapes; newlines and tabs stay."""
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
