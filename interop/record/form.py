"""What a record has to look like inside, before anything relies on it; docs/record.schema.json tells everybody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

HEADER = {
    "schema": int, "kit": str, "python": str, "implementation": str, "platform": str, "packages": dict, "written": str,
    "command": list, "figures": dict,
}  # fmt: skip
FINDING = {
    "check": str, "chapter": str, "subject": str, "verdict": str, "reason": str, "evidence": dict, "name": str, "strength": str,
    "bridge": str, "trace": list, "seconds": (int, float), "stacks": str, "departure": str,
}  # fmt: skip
FINDING_NEEDS = ("check", "chapter", "subject", "verdict")
STRENGTHS = ("MUST", "SHOULD", "PROBE")


def faults(document: Mapping[str, Any], verdicts: tuple[str, ...]) -> Iterator[str]:
    """Everything in the header and the findings that has no place in a record, in words."""
    yield from _of(document["header"], HEADER, "the header", tuple(HEADER))
    for number, finding in enumerate(document["findings"], 1):
        where = f"finding {number}"
        yield from _of(finding, FINDING, where, FINDING_NEEDS)
        yield from (f"{where} has a field {name!r}" for name in finding if name not in FINDING)
        if finding.get("verdict") not in verdicts:
            yield f"{where} has the verdict {finding.get('verdict')!r}"
        if finding.get("strength", "MUST") not in STRENGTHS:
            yield f"{where} has the strength {finding['strength']!r}"
        if not all(isinstance(step, str) for step in finding.get("trace", [])):
            yield f"{where} has a trace that is not all words"


def _of(values: Any, types: Mapping[str, Any], where: str, needs: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(values, dict):
        raise TypeError(f"{where} is no object")
    yield from (f"{where} has no {name!r}" for name in needs if name not in values)
    for name, kind in types.items():
        if name in values and (not isinstance(values[name], kind) or isinstance(values[name], bool)):
            raise TypeError(f"{where} has a {name!r} that is a {type(values[name]).__name__}")
