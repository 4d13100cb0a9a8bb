"""One record out of several: the shards of a matrix that ran in parts, in the same environment.

What cannot be one run is an error: another Python, another package, another revision of the laws, or two verdicts on one
finding. When and how each part ran may differ; it stays in the header, under "merged".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interop.record import Finding, Record, RecordError

OF_ONE_RUN = frozenset({"written", "command", "figures", "seed", "seeds", "shuffle", "repeat", "jobs", "seconds", "merged"})


def merge(records: Sequence[Record]) -> Record:
    """All findings of all records, in that order; what several of them found alike counts once.

    Raises:
        RecordError: there is no record; two were not made in the same environment; two contradict each other.
    """
    if not records:
        raise RecordError("there is no record to merge")
    if len(records) == 1:
        return records[0]
    for number, other in enumerate(records):
        for earlier in range(number):
            for difference in _differences(records[earlier].header, other.header):
                raise RecordError(f"records {earlier + 1} and {number + 1} are not of the same environment: {difference}")
    known: dict[tuple[str, str, str], Finding] = {}
    for finding in (finding for record in records for finding in record.findings):
        before = known.get(finding.key)
        if before is not None and "inconclusive" not in (before.verdict, finding.verdict):
            _compare(before, finding)
        if before is None or before.verdict == "inconclusive":  # What one part could not tell, another one may.
            known[finding.key] = finding
    findings = list(known.values())
    twice = sum(len(record.findings) for record in records) - len(findings)
    return Record(_header(records), tuple(findings), sum(record.expected for record in records) - twice)


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*one, *other]):
        # What only one of them says, like the revision of laws that the other did not check, is no contradiction.
        if name in OF_ONE_RUN or name not in one or name not in other or one[name] == other[name]:
            continue
        if isinstance(one[name], Mapping) and isinstance(other[name], Mapping):
            for part in dict.fromkeys([*one[name], *other[name]]):
                partial = name == "checks" and (part not in one[name] or part not in other[name])
                if one[name].get(part) != other[name].get(part) and not partial:
                    yield f"{name}: {part} is {one[name].get(part)!r} in one and {other[name].get(part)!r} in the other"
        else:
            yield f"{name} is {one[name]!r} in one and {other[name]!r} in the other"


def _compare(one: Finding, other: Finding) -> None:
    """What may differ between two runs is how long it took, and what words and stacks go with it."""
    if one.verdict != other.verdict:
        raise RecordError(f"{_place(one)} is {one.verdict} in one record and {other.verdict} in another")
    if one.verdict == "observed" and one.evidence.get("value") != other.evidence.get("value"):
        values = f"{one.evidence.get('value')!r} in one record and {other.evidence.get('value')!r} in another"
        raise RecordError(f"{_place(one)} was observed to be {values}")


def _place(finding: Finding) -> str:
    bridge = f" ({finding.bridge})" if finding.bridge else ""
    return f"{finding.check} on {finding.subject}{bridge}"


def _header(records: Sequence[Record]) -> dict[str, Any]:
    figures: dict[str, list[str]] = {}
    for record in records:
        for name, figure in record.header.get("figures", {}).items():
            if str(figure) not in figures.setdefault(name, []):
                figures[name].append(str(figure))
    runs = [
        run
        for record in records
        for run in record.header.get("merged") or [{name: record.header[name] for name in record.header if name in OF_ONE_RUN}]
    ]
    checks = {id: revision for record in records for id, revision in record.header.get("checks", {}).items()}
    return {
        **{name: value for record in reversed(records) for name, value in record.header.items()},
        "written": max(str(record.header.get("written", "")) for record in records),
        "figures": {name: "; ".join(seen) for name, seen in figures.items()},
        "merged": runs,
        **({"checks": checks} if checks else {}),
    }
