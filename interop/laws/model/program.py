"""A program over a crossing: what the caller's tasks do, and in which order they are started, cancelled and released.

A program is plain data, so that it can be generated, shrunk, printed, and kept in a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Do:
    """One statement of a caller's task.

    Attributes:
        what: a kind of interop/laws/model/alphabet.py.
        number: unique in its program; gates, values and errors are named after it.
        how: words that say which variant: "slow", "blocks", "error", "raise", "falsy".
        count: turns that the callee takes, or items that the source has.
        take: items after which the caller leaves the stream; at most `count`.
        body: statements inside a stream (after its first item) or a manager.
    """

    what: str
    number: int
    how: str = ""
    count: int = 0
    take: int = 0
    body: tuple[Do, ...] = ()

    def has(self, word: str) -> bool:
        """Whether `how` says so."""
        return word in self.how.split()

    def all(self) -> Iterator[Do]:
        """This statement and those inside it."""
        yield self
        for each in self.body:
            yield from each.all()


@dataclass(frozen=True)
class Step:
    """One step of the program, taken by the task that opened the portal.

    Attributes:
        what: "start", "cancel", "open" (a gate), "turns", "settle", "close" or "kill".
        task: whom it starts or cancels.
        number: of the gate's statement, or how many turns.
    """

    what: str
    task: str = ""
    number: int = 0


@dataclass(frozen=True)
class Program:
    """Tasks by their names, and the steps in order."""

    tasks: tuple[tuple[str, tuple[Do, ...]], ...]
    steps: tuple[Step, ...]

    def statements(self) -> Iterator[tuple[str, Do]]:
        """Each statement with its task."""
        for name, script in self.tasks:
            for statement in script:
                for each in statement.all():
                    yield name, each

    @property
    def size(self) -> int:
        """Statements and steps."""
        return len(self.steps) + sum(1 for _ in self.statements())

    def text(self) -> str:
        """The program as JSON, without what is at its default."""
        return json.dumps(
            _short(
                {
                    "tasks": [[n, [asdict(do) for do in script]] for n, script in self.tasks],
                    "steps": [asdict(step) for step in self.steps],
                }
            ),
            separators=(",", ":"),
        )

    @classmethod
    def parse(cls, text: str) -> Program:
        """From text().

        Raises:
            ValueError: it is none.
        """
        try:
            data = json.loads(text)
            tasks = tuple((name, tuple(_do(each) for each in script)) for name, script in data["tasks"])
            return cls(tasks, tuple(Step(**step) for step in data["steps"]))
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"no program: {error}") from error


def _do(data: dict[str, Any]) -> Do:
    return Do(**{**data, "body": tuple(_do(each) for each in data.get("body", ()))})


def _short(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _short(value) for key, value in data.items() if value not in ("", 0, (), [])}
    return [_short(each) for each in data] if isinstance(data, list | tuple) else data
