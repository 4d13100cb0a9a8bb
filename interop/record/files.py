"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def put(path: str | os.PathLike[str], text: str) -> None:
    """Write a text, in place of what is there; a pipe or a device (/dev/null, /dev/stdout) is written to, not replaced.

    Raises:
        OSError.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8", errors="backslashreplace")
        return
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
