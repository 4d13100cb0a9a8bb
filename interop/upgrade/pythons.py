"""The interpreters of this machine; none is ever downloaded.

Where they are looked for: the running one, PATH, pyenv's versions, uv's own. A pyenv shim that leads nowhere is no interpreter.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from interop.errors import InteropError

OLDEST = (3, 10)  # what the kit itself runs on
TELL = "import json,platform,sys;print(json.dumps([platform.python_version(),platform.python_implementation(),sys.executable]))"


class NoInterpreter(InteropError):
    """This machine has no such Python."""

    def __init__(self, wanted: str, known: list[str]) -> None:
        super().__init__(f"this machine has no Python {wanted!r}; it has {', '.join(known) or 'none'}, and none is downloaded")


@dataclass(frozen=True)
class Interpreter:
    """A Python to build environments with."""

    path: str
    version: str
    implementation: str = "CPython"

    @property
    def line(self) -> str:
        """Its X.Y."""
        return ".".join(self.version.split(".")[:2])


def running() -> Interpreter:
    """The one that runs this, as it is outside of any virtual environment."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(str(path), platform.python_version(), platform.python_implementation())


def find(wanted: str) -> Interpreter:
    """The newest interpreter for "3.12" or "3.12.1", or the one at this path; raises NoInterpreter."""
    if os.sep in wanted:
        found = _ask(wanted)
        if found is None:
            raise NoInterpreter(wanted, [known.version for known in installed()])
        return found
    fitting = [known for known in installed() if known.version == wanted or known.version.startswith(f"{wanted}.")]
    if not fitting:
        raise NoInterpreter(wanted, [known.version for known in installed()])
    return max(fitting, key=lambda known: (_numbers(known.version), known == running()))


@cache
def installed() -> list[Interpreter]:
    """Every interpreter of this machine that the kit runs on, oldest first."""
    found = {(running().version, running().implementation): running()}
    for path in dict.fromkeys(_paths()):
        known = _ask(path)
        if known and _numbers(known.version)[:2] >= OLDEST:
            found.setdefault((known.version, known.implementation), known)
    return sorted(found.values(), key=lambda known: _numbers(known.version))


def _paths() -> Iterator[str]:
    minors = range(OLDEST[1], sys.version_info.minor + 4)
    for minor in minors:
        if path := shutil.which(f"python3.{minor}"):
            yield path
    folders = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    folders.append(Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python")))
    for folder in folders:
        for minor in minors:
            yield from (str(path) for path in sorted(folder.glob(f"*/bin/python3.{minor}")))


@cache
def _ask(path: str) -> Interpreter | None:
    try:
        done = subprocess.run([path, "-I", "-S", "-c", TELL], capture_output=True, text=True, timeout=20)
        version, implementation, executable = map(str, json.loads(done.stdout))
    except (OSError, ValueError, TypeError, subprocess.TimeoutExpired):  # No interpreter, or one that says something else.
        return None
    return Interpreter(executable or path, version, implementation)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in version.split("."))
