"""What imports eventlet into the tests' own process: in a process apart, since eventlet warns at every fork from then on."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.adapters import ROOT

FILES = ["test_errors.py", "test_guests.py", "test_no_lost_result.py", "test_refusals.py", "test_streams.py"]


@pytest.mark.parametrize("file", FILES)
def test_eventlet(file: str) -> None:
    if "INTEROP_APART" in os.environ:
        pytest.skip("this is that process")
    if importlib.util.find_spec("eventlet") is None:
        pytest.skip("eventlet is not installed")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/adapters/{file}", "-k", "eventlet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "INTEROP_APART": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
