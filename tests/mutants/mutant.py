"""Mutant: one change of one file, and the name by which its result is found again when lines have moved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """One change.

    Args:
        file: from the root of the repository.
        place: the function or class around it, or "" for the module.
        operator: the tool and its operator: "mutmut/operator_lambda".
        before: the lines that are changed, in one.
        after: what they are then.
        again: how often the same change was in the same place before.
        line: where the change begins.
        whole: a digest of the top-level function or class around it.
        source: the whole file with the change.
    """

    file: str
    place: str
    operator: str
    before: str
    after: str
    again: int
    line: int
    whole: str
    source: str

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that do not change when other lines do."""
        return digest("\0".join((self.file, self.place, self.operator, self.before, self.after, str(self.again))))

    def __str__(self) -> str:
        return f"{self.id} {self.file}:{self.line} {self.place}: {self.before!r} -> {self.after!r} ({self.operator})"


def digest(text: str) -> str:
    """Twelve hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
