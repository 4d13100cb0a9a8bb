"""Text of the user that goes to uv: checked before anything runs, so that it is a requirement and nothing else.

A requirements file may have options in it, and uv reads what we give it as one. A line break in a requirement would let an option
in: `tornado>=6.5` and below it `--index-url ...` would ask another index for the packages.

Source: dependency specifiers, https://packaging.python.org/en/latest/specifications/dependency-specifiers/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from interop.errors import InteropError

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
VERSION = r"[A-Za-z0-9][A-Za-z0-9.!+_-]*"
CLAUSE = rf"(?:===|==|~=|!=|<=|>=|<|>) *{VERSION}(?:\.\*)?"
CLAUSES = rf"{CLAUSE}(?: *, *{CLAUSE})*"
# No "#", "\\" or "$" anywhere: a comment, a line that goes on, a variable of the environment. No " -": an option.
MARKER = r"(?:[A-Za-z0-9_.()<>=!~,\"'-]|[ ](?!-))+"
REQUIREMENT = re.compile(rf" *{NAME} *(?:\[ *{NAME}(?: *, *{NAME})* *\])? *(?:\( *{CLAUSES} *\)|{CLAUSES})? *(?:;{MARKER})?")


class NoRequirement(InteropError):
    """The text is no requirement; nothing has run."""

    def __init__(self, text: str, what: str = "requirement", like: str = "tornado>=6.6") -> None:
        super().__init__(f"{text!r} is no {what}: write one like {like!r}; options, addresses and files have no place in it")


def lines(specs: Iterable[str]) -> str:
    """The text of a requirements file, a requirement a line.

    Raises:
        NoRequirement: one of them is none.
    """
    return "".join(f"{requirement(spec)}\n" for spec in specs)


def requirement(text: str) -> str:
    """The same text, if it is one requirement: a name, extras, versions, a marker.

    Raises:
        NoRequirement: it is something else, or has something beside it.
    """
    if not REQUIREMENT.fullmatch(text):
        raise NoRequirement(text)
    return text


def distribution(text: str) -> str:
    """The same text, if it is a distribution's name; raises NoRequirement."""
    if not re.fullmatch(NAME, text):
        raise NoRequirement(text, "name of a package", "tornado")
    return text


def version(text: str) -> str:
    """The same text, if it is one version; raises NoRequirement."""
    if not re.fullmatch(VERSION, text):
        raise NoRequirement(text, "version", "6.6.1")
    return text
