"""How long properties are tried: briefly, where CI is set the same cases each time; for hours with HYPOTHESIS_PROFILE=soak.

And the library with which tests let single calls to the operating system fail.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scenarios.fetch_and_save import sqlite_store, writer

settings.register_profile(
    "quick",
    max_examples=40,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],  # which is the machine's load as often as ours
)
settings.register_profile(
    "soak",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100000")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def lock_is_met(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a writer has found an SQLite store locked by somebody else, and looks again."""
    met = threading.Event()

    def sleep(seconds: float) -> None:
        met.set()
        writer.sleep(seconds)

    monkeypatch.setattr(sqlite_store, "sleep", sleep)
    return met


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """faults.c, compiled."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if sys.platform != "linux" or compiler is None or ctypes.util.find_library("c") is None:
        pytest.skip("to let calls fail needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, Path(__file__).with_name("faults.c"), "-ldl"], check=True)
    return library
