"""What a record has to look like inside, before anything relies on it; docs/record.schema.json tells everybody else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEADER = {
    "schema": int, "kit": str, "python": str, "implementation": str, "platform": str, "packages": dict, "written": str,
    "command": list, "figures": dict, "laws": str, "checks": dict, "seed": int, "merged": list,
}  # fmt: skip
HEADER_NEEDS = ("schema", "kit", "python", "implementation", "platform", "packages", "written", "command", "figures")
WORDS = ("packages", "checks")  # of the header: a string for each name
FINDING = {
    "check": str, "chapter": str, "subject": str, "verdict": str, "reason": str, "evidence": dict, "name": str, "strength": str,
    "bridge": str, "trace": list, "seconds": (int, float), "stacks": str, "departure": str,
}  # fmt: skip
FINDING_NEEDS = ("check", "chapter", "subject", "verdict")
STRENGTHS = ("MUST", "SHOULD", "PROBE")
LONGEST = 1e9  # seconds; also what a report can print
DEEPEST = 100  # values in values: far more than any evidence, far less than what Python's recursion can walk


def too_deep(document: Any) -> bool:
    """Whether values are nested deeper than anything that walks them can go; this does not recurse."""
    level = [document]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return tuple(value.values())
    return value if isinstance(value, list) else ()


def check_objects(document: Any) -> None:
    """Whether it has the two objects that are looked into first. Raises TypeError."""
    _look(document, {}, "the document", ("header", "findings", "footer"))
    _look(document["header"], {}, "the header", ("schema",))
    _look(document["footer"], {}, "the footer", ("digest",))


def faults(document: Mapping[str, Any], verdicts: tuple[str, ...]) -> Iterator[str]:
    """Everything in a record that has no place in one, in words."""
    yield from _of_header(document["header"])
    if not isinstance(document["findings"], list):
        raise TypeError("the findings are no list")
    for number, finding in enumerate(document["findings"], 1):
        yield from _of_finding(finding, f"finding {number}", verdicts)
    yield from _of_footer(document["footer"], len(document["findings"]))
    yield from (f"there is a {name!r}" for name in document if name not in ("header", "findings", "footer"))


def _of_header(header: Any) -> Iterator[str]:
    _look(header, HEADER, "the header", HEADER_NEEDS)
    for name in WORDS:
        for key, value in header.get(name, {}).items():
            if not isinstance(value, str):
                yield f"the header has a {name!r} in which {key!r} is no string"
    if not all(isinstance(word, str) for word in header["command"]):
        yield "the header has a 'command' that is not all words"
    if not all(isinstance(run, dict) for run in header.get("merged", [])):
        yield "the header has a 'merged' that is not all objects"


def _of_finding(finding: Any, where: str, verdicts: tuple[str, ...]) -> Iterator[str]:
    _look(finding, FINDING, where, FINDING_NEEDS)
    yield from (f"{where} has a field {name!r}" for name in finding if name not in FINDING)
    yield from (f"{where} has an empty {name!r}" for name in ("check", "subject") if not finding[name])
    if finding["verdict"] not in verdicts:
        yield f"{where} has the verdict {finding['verdict']!r}"
    if finding.get("strength", "MUST") not in STRENGTHS:
        yield f"{where} has the strength {finding['strength']!r}"
    if not all(isinstance(step, str) for step in finding.get("trace", [])):
        yield f"{where} has a trace that is not all words"
    seconds = finding.get("seconds", 0)
    if not 0 <= seconds <= LONGEST or not math.isfinite(seconds):
        yield f"{where} has 'seconds' that are no time"


def _of_footer(footer: Any, findings: int) -> Iterator[str]:
    _look(footer, {"expected": int, "written": int}, "the footer", ("expected", "written"))
    yield from (f"the footer has a field {name!r}" for name in footer if name not in ("expected", "written"))
    if footer["written"] != findings:
        yield f"the footer says {footer['written']} findings, and there are {findings}"
    if not findings <= footer["expected"] <= LONGEST:
        yield f"the footer says that {footer['expected']} findings were planned"


def _look(values: Any, types: Mapping[str, Any], where: str, needs: tuple[str, ...]) -> None:
    """Whether it is an object with these values, of these types; before anything else looks at them. Raises TypeError."""
    if not isinstance(values, dict):
        raise TypeError(f"{where} is no object")
    for name in needs:
        if name not in values:
            raise TypeError(f"{where} has no {name!r}")
    for name, kind in types.items():
        if name in values and (not isinstance(values[name], kind) or isinstance(values[name], bool)):
            raise TypeError(f"{where} has a {name!r} that is a {type(values[name]).__name__}")
