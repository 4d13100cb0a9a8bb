"""A process that has 64 file descriptors: what cannot be opened says so, and leaves nothing behind."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interop.portal import FRAMEWORKS
from tests.adapters import ROOT

CALLERS = ["threads", "gevent", "eventlet", "asyncio", "trio"]
# As a callee, libev ends the process when it has no descriptor (gevent), and there is one reactor (Twisted).
CALLEES = ["asyncio", "tornado", "trio", "eventlet"]


@pytest.mark.campaign
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="nothing here tells which files are open")
@pytest.mark.parametrize("callee", CALLEES)
@pytest.mark.parametrize("caller", CALLERS)
def test_with_64_descriptors_the_portal_that_has_none_is_refused_and_leaves_nothing(caller: str, callee: str) -> None:
    for name in (caller, callee):
        package = FRAMEWORKS[name][2]
        if package and importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, "-m", "tests.adapters.limited", caller, callee]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
