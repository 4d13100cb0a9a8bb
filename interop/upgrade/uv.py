"""uv, which resolves and installs: found as the module of that name or on PATH; it downloads no interpreter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from interop.errors import InteropError
from interop.upgrade import requirements

PATIENCE = 300.0  # seconds for one call; a package that has to be compiled gets BUILD
BUILD = 180.0
# An environment that is active, or a Python that is asked for, is not the one that we build.
NOT_OURS = ("VIRTUAL_ENV", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX")


class NoUv(InteropError):
    """uv is not there."""

    def __init__(self) -> None:
        super().__init__("building environments needs uv; install it with: pip install 'async-interop[upgrade]'")


class UvFailed(InteropError):
    """uv could not do it; `reason` is its own word, on one line."""

    def __init__(self, what: str, said: str) -> None:
        self.reason = _reason(said)
        super().__init__(f"{what}: {self.reason}")


@cache
def path() -> str:
    """Where uv is; raises NoUv."""
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise NoUv
    return found


def run(*arguments: str, what: str, specs: Iterable[str] = (), patience: float = PATIENCE) -> str:
    """Run uv in the user's folder, with the user's settings, and return all that it said.

    Args:
        specs: requirements, which uv reads from its standard input.

    Raises:
        UvFailed.
        NoRequirement: one of `specs` is none; uv was not started.
    """
    text = requirements.lines(specs)
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    command = [path(), *arguments, "--color", "never", "--no-progress"]
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=patience,
            env={**environment, "UV_PYTHON_DOWNLOADS": "never"},
        )
    except subprocess.TimeoutExpired:
        raise UvFailed(what, f"uv took more than {patience:.0f} s") from None
    except OSError as error:
        raise UvFailed(what, f"uv cannot be started: {error.strerror}") from error
    if done.returncode:
        raise UvFailed(what, done.stderr)
    return done.stdout + done.stderr


def normalized(name: str) -> str:
    """A distribution's name as every index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(spec: str) -> str:
    """The distribution that a requirement names, "" if it names none: 'tornado>=6.6' -> 'tornado'."""
    found = re.match(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[|[=<>!~;@( ]|$)", spec)
    return normalized(found[1]) if found else ""


def order(version: str) -> tuple[tuple[int, ...], int, int]:
    """A key that sorts releases: 4.0 < 4.0.1, 4.0rc1 < 4.0 < 4.0.post1."""
    release = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version)
    numbers = tuple(int(part) for part in release[1].split(".")) if release else ()
    while numbers[-1:] == (0,):
        numbers = numbers[:-1]
    later = re.search(r"post(\d*)", version)
    early = re.search(r"(?:a|b|rc|dev)\.?(\d+)", version)
    return numbers, 1 if later else -1 if early else 0, int((later or early or [0, 0])[1] or 0)


def pins_in(lines: Iterable[str]) -> dict[str, str]:
    """Every `name==version` that stands at the beginning of a line, whatever is before it to mark it: uv's plus sign."""
    found = (re.match(r"[ +]*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", line) for line in lines)
    return {normalized(match[1]): match[2] for match in found if match}


def pinned(versions: Mapping[str, str]) -> list[str]:
    """A requirement for each, by name: `name==version`."""
    return [f"{name}=={version}" for name, version in sorted(versions.items())]


def wheels_only(built: Sequence[str] = (), names: Iterable[str] = ()) -> list[str]:
    """The options that keep uv from building anything, but for what has to be built; then of `names` nothing else is."""
    if not built:
        return ["--no-build"]
    return [word for name in names if name not in built for word in ("--only-binary", name)]


def _reason(said: str) -> str:
    """uv's own explanation on one line, without what it says to draw a conclusion."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("warning:")]
    text = " ".join(line for line in lines if not line.startswith("hint:"))
    because = re.search(r"Because (.*?),? we can conclude", text)
    words = because[1] if because else re.sub(r"^error:?\s*", "", text).partition(" cause: Call to ")[0]
    return words[:400] + ("..." if len(words) > 400 else "")
