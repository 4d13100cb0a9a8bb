"""The file shows the finding where the kit is not installed: an isolated interpreter that finds it nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from interop.bridges.crossing import Crossing
from interop.errors import InteropError
from interop.harness import reproducing


def shown(text: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "shows.py"
    file.write_text(text, encoding="utf-8")
    hide = "import sys, runpy\nsys.path = [p for p in sys.path if 'site-packages' in p or 'lib' in p]\n"
    hide += "sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]\n"
    hide += f"sys.argv = [{str(file)!r}]\nrunpy.run_path({str(file)!r}, run_name='__main__')\n"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", hide]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)


def test_a_law_is_checked_from_one_file(tmp_path: Path) -> None:
    text = reproducing.law("C2", Crossing("threads", "asyncio", "thread"), "portal")
    assert "# async def the_caller_resumes_after_the_callees_cleanup" in text
    done = shown(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 kept" in done.stdout


def test_a_probe_is_observed_from_one_file(tmp_path: Path) -> None:
    done = shown(reproducing.probe("P1"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 observed" in done.stdout


def test_a_finding_that_there_is_not_is_refused() -> None:
    with pytest.raises(InteropError, match="no law is called 'C99'"):
        reproducing.law("C99", Crossing("threads", "asyncio", "thread"), "portal")
    with pytest.raises(InteropError, match="no probe is called 'P9999'"):
        reproducing.probe("P9999")
