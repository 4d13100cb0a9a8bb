"""Where environments, records and the kit's own copy are kept between two calls: $XDG_CACHE_HOME/async-interop."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import interop
from interop.errors import InteropError

KIT = ("interop", "scenarios")


def folder(*names: str) -> Path:
    """A folder in the cache, made if it is not there; INTEROP_CACHE says where else it shall be."""
    if own := os.environ.get("INTEROP_CACHE"):
        root = Path(own)
    elif base := os.environ.get("XDG_CACHE_HOME"):
        root = Path(base) / "async-interop"
    elif sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home())) / "async-interop" / "cache"
    else:
        root = Path.home() / ".cache" / "async-interop"
    path = root.joinpath(*names)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InteropError(f"cannot make the cache {str(path)!r}: {error.strerror}; INTEROP_CACHE says where else") from error
    return path


def digest(*parts: Any) -> str:
    """A name for what these JSON values say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def kit() -> Path:
    """The folder to put on an environment's path: a copy of the kit, and of nothing else that is installed beside it."""
    place = folder("kit") / kit_revision()
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent) as partial:
            whole = Path(partial) / "kit"
            for name in KIT:
                shutil.copytree(_root() / name, whole / name, ignore=shutil.ignore_patterns("__pycache__"))
            settle(whole, place)
    return place


@cache
def kit_revision() -> str:
    """A digest of all of the kit's files: another kit's records are no answer."""
    found = hashlib.sha256(interop.__version__.encode())
    for name in KIT:
        for path in sorted((_root() / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(str(path.relative_to(_root())).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:20]


def settle(made: Path, place: Path) -> None:
    """Move what is made whole to its place, unless another process was quicker."""
    try:
        made.rename(place)
    except OSError:
        if not place.exists():
            raise


def _root() -> Path:
    return Path(interop.__file__).parent.parent
