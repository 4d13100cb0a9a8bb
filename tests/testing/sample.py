"""A user's project in a folder, and what its tests say in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Run:
    """What pytest said.

    Attributes:
        outcomes: of each test, by its name with its parameters: passed, failed, skipped or xfailed.
        texts: the message and the details of each that did not simply pass, and what it printed.
    """

    code: int
    output: str
    outcomes: Mapping[str, str]
    texts: Mapping[str, str]


def run(folder: Path, *arguments: str, autoload: bool = False, **environment: str) -> Run:
    """Run the tests of a folder."""
    environment = {**os.environ, **environment}
    environment.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
    environment.pop("TOX_ENV_DIR", None)  # pytest keeps its cache there: all these runs would share one, at the same time
    if not autoload:
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    if (ROOT / "interop").exists():
        environment["PYTHONPATH"] = str(ROOT)
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"--junitxml={report}", "-o", "junit_logging=all", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env=environment,
    )
    outcomes, texts = {}, {}
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
        parts = {part.tag: part for part in case}
        outcome = next((tag for tag in ("failure", "error", "skipped") if tag in parts), "passed")
        if outcome == "skipped" and parts["skipped"].get("type") == "pytest.xfail":
            outcome = "xfailed"
        name = case.get("name") or ""
        outcomes[name] = "failed" if outcome == "failure" else outcome
        texts[name] = "\n".join(f"{part.get('message', '')}\n{part.text or ''}" for part in case)
    return Run(done.returncode, done.stdout + done.stderr, outcomes, texts)
