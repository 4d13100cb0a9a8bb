"""What changed between two environments: records compared, and everything that is no change of behavior kept apart.

A finding is compared by what it says, never by its words or its time: a law's verdict and trace, a probe's value. Where a
record of the same environment says something else, it is noise and no change; of a probe's value, that part of it. Where the
law or the probe itself changed, where it does not apply on one side, or was not run there, there is nothing to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from interop.record import Finding, Record, RecordError

Key = tuple[str, str, str]
BAD = ("broken", "hung", "crashed", "blocked")
STUCK = ("hung", "hang", "hangs", "stuck", "crash", "crashed", "crashes")  # how a probe says it inside a larger value
UNSTEADY, ABSENT = "(noise)", "(not there)"
ORDER = ("install", "import", "verdict", "value", "trace")


@dataclass(frozen=True)
class Change:
    """One check that sees something else than before.

    Args:
        id: the check's permanent id.
        kind: what changed: a word of ORDER.
        before: a probe's value, a law's verdict or trace; a probe that hung or crashed says only that.
        regression: it was well and is not any more: a law that was kept, an import, a new hang or crash.
        mend: the same the other way round.
        source: what promises the behavior, or the release or issue that changed it.
    """

    id: str
    subject: str
    bridge: str
    sentence: str
    kind: str
    before: Any
    after: Any
    regression: bool = False
    mend: bool = False
    before_reason: str = ""
    after_reason: str = ""
    source: str = ""


@dataclass(frozen=True)
class Noise:
    """A check that differs between runs of one and the same environment: all that was seen on each side."""

    id: str
    subject: str
    bridge: str
    sentence: str
    before: Sequence[Any]
    after: Sequence[Any]


@dataclass(frozen=True)
class Apart:
    """What cannot be compared, and why."""

    id: str
    subject: str
    bridge: str
    why: str


@dataclass(frozen=True)
class Move:
    """A package (or Python) with another version; None where it is not installed."""

    package: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Difference:
    """All that differs, regressions first."""

    changes: Sequence[Change]
    moved: Sequence[Move]
    kit_changes: Sequence[Apart]
    noise: Sequence[Noise]
    not_comparable: Sequence[Apart]
    compared: int

    @property
    def regressions(self) -> list[Change]:
        """What was well before."""
        return [change for change in self.changes if change.regression]

    @property
    def mends(self) -> list[Change]:
        """What is well now."""
        return [change for change in self.changes if change.mend]

    @property
    def others(self) -> list[Change]:
        """What is neither better nor worse, only different."""
        return [change for change in self.changes if not change.regression and not change.mend]

    def document(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


def compare(before: Sequence[Record], after: Sequence[Record]) -> Difference:
    """Compare one or more records of one environment with one or more of another; more than one show the noise.

    Raises:
        RecordError: a side has no record, or its records are not of the same environment.
    """
    for records in (before, after):
        _of_one_environment(records)
    old, new = _by_key(before), _by_key(after)
    apart, kit = dict(_not_on_both_sides(before, after, old, new)), {}
    for key in old.keys() & new.keys():
        if why := _check_itself_changed(before[0], after[0], old[key][0], new[key][0]):
            kit[key] = why
        elif why := _out_of_place(old[key][0], new[key][0]):
            apart[key] = why
    changes, noise = [], []
    compared = [key for key in old if key in new and key not in kit and key not in apart]
    for key in compared:
        if _unsteady(old[key]) or _unsteady(new[key]):
            noise.append(_noise(old[key], new[key]))
            change = _change_of_the_rest(old[key], new[key])
        else:
            change = _change(old[key][0], new[key][0])
        changes += [change] if change else []
    return Difference(
        sorted(changes, key=_rank),
        moved(before[0], after[0]),
        [*_kit_itself(before[0], after[0]), *(Apart(*key, why) for key, why in kit.items())],
        noise,
        [Apart(*key, why) for key, why in apart.items()],
        len(compared),
    )


def differing(before: Record, after: Record) -> list[Key]:
    """The findings that say something else in the other record: what has to be run again before it is called a change."""
    old, new = _by_key([before]), _by_key([after])
    return [key for key in old if key in new and seen(old[key][0]) != seen(new[key][0])]


def seen(finding: Finding) -> tuple[str, Any]:
    """What a finding says, without words, times and stacks."""
    if finding.strength == "PROBE":
        return finding.verdict, finding.evidence.get("value") if finding.verdict == "observed" else None
    return finding.verdict, list(finding.trace)


def moved(before: Record, after: Record) -> list[Move]:
    """Python and the packages whose versions differ, by name."""
    old, new = _packages(before), _packages(after)
    names = sorted(old.keys() | new.keys(), key=lambda name: (name != "python", name))
    return [Move(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _packages(record: Record) -> dict[str, str]:
    packages = {re.sub(r"[-_.]+", "-", name).lower(): str(version) for name, version in record.header["packages"].items()}
    return {"python": str(record.header["python"]), **packages}


def _of_one_environment(records: Sequence[Record]) -> None:
    if not records:
        raise RecordError("there is no record to compare")
    for number, record in enumerate(records[1:], 2):
        if differs := moved(records[0], record):
            what = f"{differs[0].package} is {differs[0].before} and {differs[0].after}"
            raise RecordError(f"records 1 and {number} of one side are not of the same environment: {what}")


def _by_key(records: Iterable[Record]) -> dict[Key, list[Finding]]:
    found: dict[Key, list[Finding]] = {}
    for record in records:
        for finding in record.findings:
            found.setdefault(finding.key, []).append(finding)
    return found


def _not_on_both_sides(
    before: Sequence[Record], after: Sequence[Record], old: Mapping[Key, Any], new: Mapping[Key, Any]
) -> Iterator[tuple[Key, str]]:
    for here, there, records, side in ((old, new, after, "before"), (new, old, before, "after")):
        cut = "" if all(record.complete for record in records) else "; the other run was interrupted"
        yield from ((key, f"only {side}{cut}") for key in here if key not in there)


def _check_itself_changed(before: Record, after: Record, old: Finding, new: Finding) -> str:
    revisions = [str(record.header.get("checks", {}).get(old.check, "")) for record in (before, after)]
    if all(revisions) and revisions[0] != revisions[1]:
        return "the check itself changed"
    if old.name != new.name:
        return f"the check itself changed: {old.name.replace('_', ' ')!r} is now {new.name.replace('_', ' ')!r}"
    return "" if old.strength == new.strength else f"it was {old.strength} and is {new.strength}"


def _kit_itself(before: Record, after: Record) -> Iterator[Apart]:
    for name in ("kit", "laws"):
        if before.header.get(name) != after.header.get(name):
            yield Apart(name, "", "", f"revision {before.header.get(name)} before, {after.header.get(name)} after")


def _out_of_place(old: Finding, new: Finding) -> str:
    for finding, side in ((old, "before"), (new, "after")):
        if finding.verdict == "kit-error":
            return f"the kit's own error {side}: {finding.reason}"
        if finding.verdict == "inconclusive":
            return f"inconclusive {side}: {finding.reason}"
    if (old.verdict == "not-applicable") != (new.verdict == "not-applicable"):
        finding, side = (old, "before") if old.verdict == "not-applicable" else (new, "after")
        return f"does not apply {side}: {finding.reason}"
    return ""


def _unsteady(findings: Sequence[Finding]) -> bool:
    return any(seen(finding) != seen(findings[0]) for finding in findings[1:])


def _noise(old: Sequence[Finding], new: Sequence[Finding]) -> Noise:
    values = [[_shown(finding) for finding in findings] for findings in (old, new)]
    return Noise(*old[0].key, old[0].name.replace("_", " "), *values)


def _change_of_the_rest(old: Sequence[Finding], new: Sequence[Finding]) -> Change | None:
    """The change in what is steady of a probe's value, if only parts of it are noise."""
    if any(finding.verdict != "observed" for finding in (*old, *new)):
        return None
    before, after = _steady([_shown(finding) for finding in old], [_shown(finding) for finding in new])
    sides = ((old[0], before), (new[0], after))
    return _change(*(replace(finding, evidence={**finding.evidence, "value": value}) for finding, value in sides))


def _steady(old: Sequence[Any], new: Sequence[Any]) -> tuple[Any, Any]:
    """The two values with the same mark on both sides for every part that is not the same each time on its own side."""
    every = [*old, *new]
    if all(isinstance(value, Mapping) for value in every):
        names = dict.fromkeys(name for value in every for name in value)
        parts = {name: _steady([v.get(name, ABSENT) for v in old], [v.get(name, ABSENT) for v in new]) for name in names}
        return {name: part[0] for name, part in parts.items()}, {name: part[1] for name, part in parts.items()}
    if all(isinstance(value, list) and len(value) == len(every[0]) for value in every):
        pairs = [_steady([v[n] for v in old], [v[n] for v in new]) for n in range(len(every[0]))]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if all(value == old[0] for value in old) and all(value == new[0] for value in new):
        return old[0], new[0]
    return UNSTEADY, UNSTEADY


def _shown(finding: Finding) -> Any:
    return finding.evidence.get("value") if finding.verdict == "observed" else finding.verdict


def _change(old: Finding, new: Finding) -> Change | None:
    if seen(old) == seen(new):
        return None
    kind = "value" if old.strength == "PROBE" else "verdict"
    values: tuple[Any, Any] = (_shown(old), _shown(new))
    if old.check in ("install", "import"):
        kind = old.check
    elif kind == "verdict" and old.verdict == new.verdict:
        kind, values = "trace", (list(old.trace), list(new.trace))
    worse, better = _is_worse(old, new), _is_worse(new, old)
    words = _reason(old), _reason(new), str(new.evidence.get("source", ""))
    return Change(*old.key, old.name.replace("_", " "), kind, *values, worse, better and not worse, *words)


def _reason(finding: Finding) -> str:
    return f"{finding.reason} (a known departure: {finding.departure})" if finding.departure else finding.reason


def _is_worse(old: Finding, new: Finding) -> bool:
    """A law that was kept and is not, or anything that newly hangs or crashes."""
    if new.verdict in ("hung", "crashed") and old.verdict not in ("hung", "crashed"):
        return True
    if old.strength == "PROBE":
        return old.verdict == new.verdict == "observed" and not _sticks(_shown(old)) and _sticks(_shown(new))
    return new.verdict in BAD and old.verdict not in BAD


def _sticks(value: Any) -> bool:
    """Whether a hang or a crash is somewhere in a probe's value."""
    if isinstance(value, str):
        return value.partition(":")[0].strip() in STUCK
    if isinstance(value, Mapping):
        return "import fails" in value or any(_sticks(inner) for inner in value.values())
    return isinstance(value, Sequence) and any(_sticks(inner) for inner in value)


def _rank(change: Change) -> tuple[int, int, str, int, str]:
    letter, number = change.id.rstrip("0123456789"), re.sub(r"\D", "", change.id)
    return (
        0 if change.regression else 2 if change.mend else 1,
        ORDER.index(change.kind),
        change.subject,
        int(number[:9] or 0),  # A record may say anything; int() refuses what is too long.
        letter,
    )
