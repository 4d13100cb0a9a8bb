"""What is installed here, and whether it can be imported: the facts behind `interop doctor`."""

from __future__ import annotations

import importlib.metadata
import json
import operator
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DISTRIBUTION = "async-interop"
# Not a framework's: what develops the kit, and what only collects the other extras.
NOT_SHOWN = ("all", "test", "plugins", "bench")
# Where importing the package alone says little: its heart.
HEART = {"twisted": "twisted.internet.defer", "pytest-xdist": "xdist", "gevent": "gevent.hub", "psycopg": "psycopg.pq"}
PATIENCE = 60.0  # seconds for one import
COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt}
# Imports one name after the other, and says before and after each how it went; what they print goes nowhere.
IMPORTING = """
import importlib, json, os, sys
sys.path[:] = json.loads(sys.argv[1])
answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for name in sys.argv[2:]:
    print(json.dumps([name, None]), file=answers, flush=True)
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(json.dumps([name, type(error).__name__ + ": " + str(error)]), file=answers, flush=True)
    else:
        print(json.dumps([name, ""]), file=answers, flush=True)
"""


@dataclass(frozen=True)
class Package:
    """One distribution that an extra of the kit brings.

    Args:
        extra: the first extra that wants it.
        wanted: the versions that are supported, ">=6.3"; empty for any.
        version: what is installed; empty where nothing is.
        problem: why it cannot be used, or might not work; empty where all is well.
        broken: it is installed, and cannot be imported.
    """

    name: str
    extra: str
    wanted: str
    version: str = ""
    problem: str = ""
    broken: bool = False

    @property
    def fix(self) -> str:
        """What to do about the problem."""
        return f"pip install '{DISTRIBUTION}[{self.extra}]'" if self.problem else ""


def packages() -> list[Package]:
    """Every distribution that the kit's extras bring, as it is here; empty where the kit itself is not installed."""
    wanted: dict[str, Package] = {}
    for requirement in _requirements():
        found = re.match(r"([\w.-]+)\s*(?:\[[^]]*\])?\s*([^;]*?)\s*(?:;(.*))?$", requirement)
        extra = re.search(r"""extra\s*==\s*["']([^"']+)["']""", requirement)
        if found and extra and extra[1] not in NOT_SHOWN and found[1] != DISTRIBUTION and _applies(found[3] or ""):
            wanted.setdefault(found[1].lower(), Package(found[1].lower(), extra[1], found[2].strip("() ")))
    here = {name: version for name in wanted if (version := _version(name))}
    failures = dict(_imported([HEART.get(name, name.replace("-", "_")) for name in here]))
    return [_judged(package, here.get(name, ""), failures) for name, package in wanted.items()]


def strangers() -> list[str]:
    """Other distributions that bring a top-level package `interop`: only one of them can be imported."""
    owners = importlib.metadata.packages_distributions().get("interop", [])
    return sorted({name for name in owners if name and name.lower().replace("_", "-") != DISTRIBUTION})


def _judged(package: Package, version: str, failures: dict[str, str]) -> Package:
    known = (package.name, package.extra, package.wanted)
    if not version:
        return Package(*known, problem="not installed")
    failure = failures.get(HEART.get(package.name, package.name.replace("-", "_")), "")
    if failure:
        return Package(*known, version, f"cannot be imported: {failure}", broken=True)
    if not _fits(version, package.wanted):
        return Package(*known, version, f"not supported: the kit wants {package.wanted}")
    return Package(*known, version)


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _applies(marker: str) -> bool:
    """Whether a marker holds here, whatever the extra; it knows what our own pyproject.toml uses."""
    here = {"sys_platform": sys.platform, "platform_python_implementation": platform.python_implementation()}
    for name, how, value in re.findall(r"""(\w+)\s*(==|!=|<=|>=|<|>)\s*["']([^"']*)["']""", marker):
        if name == "python_version" and not COMPARE[how](sys.version_info[:2], _numbers(value)[:2]):
            return False
        if name in here and not COMPARE[how](here[name], value):
            return False
    return True


def _fits(version: str, wanted: str) -> bool:
    for how, other in re.findall(r"(==|!=|<=|>=|<|>)\s*([\w.]+)", wanted):
        one, two = list(_numbers(version)), list(_numbers(other))
        length = max(len(one), len(two))
        if not COMPARE[how](one + [0] * (length - len(one)), two + [0] * (length - len(two))):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in release[0].split(".")) if release else ()


def _imported(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Import each in another process, and yield what failed and why; a crash is charged to what was being imported."""
    left = list(names)
    while left:
        command = [sys.executable, "-c", IMPORTING, json.dumps(sys.path), *left]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * len(left))
            said, end = done.stdout, f"it ended the interpreter with {done.returncode}"
        except subprocess.TimeoutExpired as error:
            said, end = (error.stdout or b"").decode(), "it does not come to an end"
        answers = [json.loads(line) for line in said.splitlines()]
        yield from ((name, failure) for name, failure in answers if failure)
        begun = [name for name, failure in answers if failure is None]
        over = {name for name, failure in answers if failure is not None}
        if not begun:
            yield left[0], end
            begun = left[:1]
        elif begun[-1] not in over:
            yield begun[-1], end
        left = [name for name in left if name not in begun]
