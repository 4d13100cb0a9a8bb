"""The interpreter ends, whatever was left open."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from interop.bridges.crossing import NAMES
from interop.portal import FRAMEWORKS
from tests.adapters import ROOT

FORGETS = """
import warnings
warnings.simplefilter("ignore")
import interop.adapters.threads
portal = interop.adapters.threads.open_portal({callee!r})
portal.__enter__()
portal.call({call})
print("at the end")
"""


@pytest.mark.parametrize("callee", NAMES)
def test_a_program_that_forgets_to_close_its_portal_ends(callee: str) -> None:
    package = FRAMEWORKS[callee][2]
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    code = FORGETS.format(callee=callee, call="lambda: None")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "at the end\n"), done.stderr


IMPORTS = """
import sys, signal, asyncio, threading, gc
before = signal.getsignal(signal.SIGINT), threading.active_count(), sys.get_asyncgen_hooks()
import interop, interop.portal, interop.adapters, interop.topologies
for name in ("trio", "twisted", "gevent", "eventlet", "tornado", "anyio", "uvloop", "greenlet", "sniffio"):
    assert name not in sys.modules, name
for name in {adapters!r}:
    __import__("interop.adapters." + name)
assert "twisted.internet.reactor" not in sys.modules
assert before == (signal.getsignal(signal.SIGINT), threading.active_count(), sys.get_asyncgen_hooks())
"""


def test_importing_adapters_changes_nothing() -> None:
    adapters = sorted({name for name, _, package in FRAMEWORKS.values() if not package or importlib.util.find_spec(package)})
    code = IMPORTS.format(adapters=[name for name in adapters if name != "eventlet"])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
