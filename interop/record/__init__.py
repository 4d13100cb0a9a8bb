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

SCHEMA = 1
VERDICTS = ("kept", "broken", "hung", "crashed", "not-applicable", "blocked", "kit-error")
PACKAGES = (
    "aiohttp",
    "anyio",
    "async-timeout",
    "eventlet",
    "gevent",
    "geventhttpclient",
    "greenlet",
    "h11",
    "httpcore",
    "idna",
    "psycopg",
    "pyOpenSSL",
    "sniffio",
    "tornado",
    "trio",
    "twisted",
    "urllib3",
    "uvloop",
)


class RecordError(InteropError):
    """The file is not a whole, unedited record of a run."""


@dataclass(frozen=True)
class Finding:
    """What one check found in one place.

    Args:
        check: what was checked, by its permanent name.
        chapter: the group that it belongs to.
        subject: where: a framework with its options, or a crossing.
        verdict: one of VERDICTS.
        reason: why, in words; empty where the verdict is "kept".
        evidence: what was seen and what was expected, as JSON values.
    """

    check: str
    chapter: str
    subject: str
    verdict: str
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


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


def new(findings: Iterable[Finding], *, expected: int, figures: Mapping[str, Any] | None = None) -> Record:
    """A record of this run, in this environment; `figures` are measurements of the run as a whole."""
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
    }
    return Record(header, tuple(findings), expected)


def write(record: Record, path: "str | os.PathLike[str]") -> None:
    """Write the record, whole or not at all."""
    document = {"header": dict(record.header), "findings": [asdict(finding) for finding in record.findings]}
    footer = {"expected": record.expected, "written": len(record.findings), "digest": _digest(document)}
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_text(json.dumps({**document, "footer": footer}, indent=1) + "\n", encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise RecordError(f"cannot write the record {str(target)!r}: {error.strerror}") from error


def read(path: "str | os.PathLike[str]") -> Record:
    """Read a record. Raises RecordError if it is cut off, edited, or of another schema."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        footer = document.pop("footer")
        if document["header"]["schema"] != SCHEMA:
            raise RecordError(f"{str(path)!r} has schema {document['header']['schema']!r}; this kit reads schema {SCHEMA}")
        if footer["digest"] != _digest(document) or footer["written"] != len(document["findings"]):
            raise RecordError(f"{str(path)!r} was edited or cut off: its digest does not fit. Run again to make a new one")
        return Record(document["header"], tuple(Finding(**finding) for finding in document["findings"]), footer["expected"])
    except OSError as error:
        raise RecordError(f"cannot read the record {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{str(path)!r} is not a record, or it was cut off: {error}") from error


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _installed() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
