"""`interop doctor` tells what is missing from what is broken, and never ends in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interop.commands.environment import _applies, _fits

ROOT = Path(__file__).parents[2]


def doctor(*arguments: str, first: str = "", options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run it, with a folder in front of everything that is installed."""
    path = os.pathsep.join(filter(None, [first, os.environ.get("PYTHONPATH", ""), str(ROOT) if options else ""]))
    command = [sys.executable, *options, "-m", "interop", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": path})


def broken(folder: Path, options: tuple[str, ...] = (), **modules: str) -> dict[str, Any]:
    """What it says with these modules in front; it must say that something is broken."""
    for name, code in modules.items():
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)
    done = doctor("--json", first=str(folder), options=options)
    assert (done.returncode, done.stderr) == (1, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_whole_environment_is_healthy_and_everything_in_it_is_named() -> None:
    done = doctor()
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "What the extras bring",
        "tornado",
        "crossings in topology guest",
        "the local origin",
        f"Python {sys.version.split()[0]}",
    ):
        assert part in done.stdout
    assert "✗" not in done.stdout


def test_what_is_not_installed_is_no_fault_and_says_how_to_get_it() -> None:
    done = doctor(options=("-S",))  # no site-packages: a machine with Python alone
    assert (done.returncode, done.stderr) == (0, "")
    assert "pip install 'async-interop[run]'" in done.stdout
    assert "tornado not installed; install with: pip install 'async-interop[tornado]'" in done.stdout
    assert "Twisted is not installed" in done.stdout
    assert "not installed as a distribution" in done.stdout


def test_what_is_installed_and_cannot_be_imported_is_broken(tmp_path: Path) -> None:
    found = broken(
        tmp_path, tornado="raise RuntimeError('no \\n such symbol')", uvloop="import os; os._exit(7)", rich="print('noise')"
    )
    packages = {package["name"]: package for package in found["packages"]}
    assert found["broken"] == [name for name in packages if name in ("tornado", "uvloop")]
    assert packages["tornado"]["problem"] == "cannot be imported: RuntimeError: no \n such symbol"
    assert packages["uvloop"]["problem"] == "cannot be imported: it ended the interpreter with 7"
    assert packages["rich"]["problem"] == ""
    assert packages["gevent"]["problem"] == ""


def test_another_distribution_that_brings_our_package_is_a_clash(tmp_path: Path) -> None:
    info = tmp_path / "interop-1.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: interop\nVersion: 1.3\n")
    (info / "top_level.txt").write_text("interop\n")
    alone = ("-S",)  # beside nothing else: what else there is need not be looked at twice more
    assert broken(tmp_path, alone)["clashes"] == ["interop"]
    assert "pip uninstall interop" in doctor(first=str(tmp_path), options=alone).stdout


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("6.4.2", ">=6.3", True), ("6.2", ">=6.3", False), ("6", ">=6.0", True), ("23.10.0", ">=23.10", True),
        ("0.36.1rc2", ">=0.36", True), ("3", ">=2,<3", False), ("1.2", "", True), ("unknown", ">=1", False),
    ],
)  # fmt: skip
def test_versions_are_compared_as_numbers(version: str, wanted: str, fits: bool) -> None:
    assert _fits(version, wanted) is fits


def test_markers_of_our_own_requirements_are_understood() -> None:
    assert not _applies(' (python_version < "3.10") and extra == "asyncio"')
    assert _applies(' (python_version >= "3.10") and extra == "asyncio"')
    assert not _applies(f" sys_platform != '{sys.platform}' and extra == 'uvloop'")
