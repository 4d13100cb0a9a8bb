"""Coverage of a test whose body runs in another process: the child measures as this process does, and hands its data back.

A child that pytest-cov or coverage measures by itself (by a .pth file and the environment) is left to them, but for its end: it
ends with os._exit(), so what it has measured is saved before.

Source: coverage.py's API, coverage.Coverage.get_option(), CoverageData.update().
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "coverage"
OPTIONS = (
    "run:branch", "run:core", "run:cover_pylib", "run:include", "run:omit", "run:plugins", "run:relative_files", "run:source",
    "run:source_dirs", "run:source_pkgs", "run:concurrency",
)  # fmt: skip
OWN_SWITCHES = ("gevent", "eventlet")  # coverage has to know who switches stacks


def _current() -> Any:
    """What measures this process; None if nothing does, and then coverage is not imported."""
    return sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None


def options(framework: str) -> dict[str, Any] | None:
    """How this process is measured, for a child under a framework; None if it is not."""
    measured = _current()
    if measured is None:
        return None
    found: dict[str, Any] = {}
    for name in OPTIONS:
        try:
            found[name] = measured.get_option(name)
        except Exception:  # An older coverage has no such option.
            continue
    if framework in OWN_SWITCHES and importlib.util.find_spec(framework) is not None:
        found["run:concurrency"] = [framework, "thread"]
    return {name: value for name, value in found.items() if value not in (None, [], "")}


def start(wanted: Mapping[str, Any] | None, folder: Path) -> Any:
    """In the child, before the test's file is imported; what measures it, or None."""
    if wanted is None:
        return None
    coverage = importlib.import_module("coverage")
    if coverage.Coverage.current() is not None:
        return coverage.Coverage.current()
    measured = coverage.Coverage(data_file=str(folder / FILE), config_file=False)
    for name, value in wanted.items():
        measured.set_option(name, value)
    measured.start()
    return measured


def save(measured: Any) -> None:
    """In the child, at its end."""
    if measured is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What it did not run, others may.
            measured.stop()
            measured.save()


def add(folder: Path) -> None:
    """In the parent: take what the child has measured."""
    measured = _current()
    if measured is None or not (folder / FILE).exists():
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = sys.modules["coverage"].CoverageData(basename=str(folder / FILE))
        data.read()
        measured.get_data().update(data)
        data.close()
