"""The record of a run: findings as data, with where they come from, and a footer that says that nothing is missing.

One JSON document: `header` (versions, platform, packages), `findings`, `footer` (counts and a digest). A record that was cut
off or edited is an error when it is read, never a good result.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import interop
from interop.errors import InteropError
from interop.record.files import put
from interop.record.form import check_objects, faults, too_deep

SCHEMA = 3
# "observed" is a probe's: there is no right or wrong in it, and evidence["value"] is what was seen.
VERDICTS = ("kept", "broken", "hung", "crashed", "not-applicable", "blocked", "kit-error", "observed", "inconclusive")
INCONCLUSIVE = 5  # the exit code of a run or a report in which nothing is worse
NEUTRAL = ("kept", "observed", "not-applicable", "inconclusive")  # They speak against nobody.


class RecordError(InteropError):
    """The file is not a whole, unedited record of a run."""


@dataclass(frozen=True)
class Finding:
    """What one check found in one place.

    Args:
        check: what was checked, by its permanent id: a law's, a probe's, a behavior's name.
        chapter: the group that it belongs to: a letter for laws and probes, the origin's group for behaviors.
        subject: where: a framework with its flavour, or a crossing.
        verdict: one of VERDICTS.
        reason: why, in words; empty where the verdict is "kept" or "observed".
        evidence: what was seen and what was expected, as JSON values; a probe's is under "value".
        name: the check's sentence, as a function name.
        strength: "MUST", "SHOULD" or "PROBE".
        bridge: what was under test, "portal" or a library's name; empty where there is no bridge.
        trace: what happened in which order, normalized: the same on every run.
        seconds: how long it took; never compared.
        stacks: who waited for whom, where it hung or crashed.
        departure: the reason, where a broken law is a known departure.
    """

    check: str
    chapter: str
    subject: str
    verdict: str
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    strength: str = "MUST"
    bridge: str = ""
    trace: Sequence[str] = ()
    seconds: float = 0.0
    stacks: str = ""
    departure: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The same in every record: check, subject, bridge."""
        return self.check, self.subject, self.bridge

    @property
    def against(self) -> bool:
        """Whether it speaks against somebody: not kept, not excused, and not merely out of place."""
        if self.verdict == "kit-error":
            return True
        return self.verdict not in NEUTRAL and not self.departure


@dataclass(frozen=True)
class Record:
    """All findings of one run; `expected` is how many there should be, more than there are if the run was interrupted."""

    header: Mapping[str, Any]
    findings: Sequence[Finding]
    expected: int

    @property
    def complete(self) -> bool:
        """Whether every finding that was planned is there."""
        return len(self.findings) == self.expected

    def count(self, verdict: str) -> int:
        """How many findings have this verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)


def new(findings: Iterable[Finding], *, expected: int, figures: Mapping[str, Any] | None = None, **more: Any) -> Record:
    """A record of this run, in this environment; `figures` are measurements of the run as a whole.

    Args:
        more: what else belongs into the header: the revision of the laws, seeds.
    """
    header = {
        "schema": SCHEMA,
        "kit": interop.__version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": _installed(),
        "written": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": sys.argv[1:],
        "figures": dict(figures or {}),
        **more,
    }
    return Record(header, tuple(findings), expected)


def write(record: Record, path: "str | os.PathLike[str]") -> None:
    """Write the record, whole or not at all."""
    findings = [asdict(finding) for finding in record.findings]
    footer: dict[str, Any] = {"expected": record.expected, "written": len(findings)}
    document = {"header": dict(record.header), "findings": findings, "footer": footer}
    footer["digest"] = _digest(document)
    try:
        put(path, json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise RecordError(f"cannot write the record {str(path)!r}: {error.strerror}") from error


def read(path: "str | os.PathLike[str]") -> Record:
    """Read a record. Raises RecordError if it is cut off, edited, or of another schema."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if too_deep(document):
            raise RecordError(f"{str(path)!r} is not a record: its values are nested too deep")
        check_objects(document)
        digest = document["footer"].pop("digest")
        if document["header"]["schema"] != SCHEMA:
            raise RecordError(f"{str(path)!r} has schema {document['header']['schema']!r}; this kit reads schema {SCHEMA}")
        if digest != _digest(document):
            raise RecordError(f"{str(path)!r} was edited or cut off: its digest does not fit. Run again to make a new one")
        if wrong := next(faults(document, VERDICTS), None):
            raise RecordError(f"{str(path)!r} is not a record: {wrong}")
        findings = tuple(_finding(**finding) for finding in document["findings"])
        return Record(document["header"], findings, document["footer"]["expected"])
    except OSError as error:
        raise RecordError(f"cannot read the record {str(path)!r}: {error.strerror}") from error
    except RecursionError as error:  # From the JSON parser, before there is anything to look at.
        raise RecordError(f"{str(path)!r} is not a record: its values are nested too deep") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{str(path)!r} is not a record, or it was cut off: {error}") from error


def _finding(trace: Sequence[str] = (), **rest: Any) -> Finding:
    return Finding(trace=tuple(trace), **rest)


def _digest(document: Mapping[str, Any]) -> str:
    """Of all but itself: header, findings, and what the footer says of their number."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _installed() -> dict[str, str]:
    """Every distribution that this interpreter sees."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name.lower().replace("_", "-"), distribution.version)
    return dict(sorted(found.items()))
