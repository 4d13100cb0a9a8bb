"""Why a cell cannot begin, in words: an error that says which import failed, as `interop doctor` does."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

OURS = ("interop", "scenarios")


def in_words(error: BaseException) -> str:
    """What somebody who reads a report needs: the package whose import failed, if one did, and the error."""
    said = f"{type(error).__name__}: {error}"
    # The outermost import of a package that is not ours: the one that was asked for, whatever it imports in turn.
    package = next((name for name in _imported(error) if name not in OURS), "")
    return f"{package} cannot be imported: {said}" if package else said


def _imported(error: BaseException) -> Iterator[str]:
    """The top-level packages whose imports the error has passed, outermost first."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "<module>":  # Python takes importlib's own frames out of a traceback.
            yield str(frame.f_globals.get("__name__", "")).partition(".")[0]
    if isinstance(error, ImportError) and error.name:
        yield error.name.partition(".")[0]
