"""TOML for a list of departures. Python 3.10 has no tomllib: there it is tomli where that is installed, as beside pytest, else
the few forms that such a list needs, and a sentence for all others."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

from interop.errors import InteropError

KEY = r"[A-Za-z0-9_-]+"
STRING = r"\"[^\"\\]*\"|'[^']*'"
PAIR = rf"(?:{KEY}|{STRING})\s*=\s*(?:{STRING})"
LIST = rf"\[\s*(?:(?:{STRING})\s*,\s*)*(?:(?:{STRING})\s*)?\]"
TABLE = rf"\{{\s*(?:(?:{PAIR})\s*,\s*)*(?:(?:{PAIR})\s*)?\}}"
LINE = re.compile(rf"({KEY})\s*=\s*(true|false|{STRING}|{LIST}|{TABLE})\s*(?:#.*)?")


class TomlError(InteropError):
    """The text is no TOML, or more of it than this Python can read."""


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        TomlError: it cannot be read here.
    """
    try:
        library = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    except ImportError:
        return parsed_by_hand(text)
    try:
        return dict(library.loads(text))
    except (ValueError, RecursionError) as error:
        raise TomlError(f"no TOML: {error}") from error


def parsed_by_hand(text: str) -> dict[str, Any]:
    """Tables called [[departure]] of strings, true, false, lists of strings, tables of strings; a value on one line.

    Raises:
        TomlError: it has something else.
    """
    entries: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if re.fullmatch(r"\[\[\s*departure\s*\]\]\s*(?:#.*)?", line):
            entries.append({})
            continue
        found = LINE.fullmatch(line)
        if found is None or not entries or found[1] in entries[-1]:
            raise TomlError(f"line {number} cannot be read on this Python: {line!r}. Install what can: pip install tomli")
        entries[-1][found[1]] = _value(found[2])
    return {"departure": entries}


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("{"):
        return {_bare(key): _bare(value) for key, value in re.findall(rf"({KEY}|{STRING})\s*=\s*({STRING})", text)}
    words = [_bare(word) for word in re.findall(STRING, text)]
    return words if text.startswith("[") else words[0]


def _bare(word: str) -> str:
    return word[1:-1] if word[:1] in "\"'" else word
