"""An index that is a folder, a cache that is empty, and a requirements file as the user's environment."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.upgrade.wheels import wheel

Interop = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """alpha, which needs beta; gamma, which goes with an old beta only; delta, which has a wheel for no Python of ours."""
    if shutil.which("uv") is None:
        pytest.importorskip("uv")
    folder = tmp_path / "index"
    folder.mkdir()
    (tmp_path / "offline.toml").write_text(f'no-index = true\nfind-links = ["{folder.as_posix()}"]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "offline.toml"))
    monkeypatch.setenv("INTEROP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("UV_EXCLUDE_NEWER", raising=False)
    monkeypatch.chdir(tmp_path)
    wheel(folder, "alpha", "1.0", "value = 1", needs=["beta>=1"])
    wheel(folder, "alpha", "2.0", "value = 2", needs=["beta>=2"])
    wheel(folder, "alpha", "3.0", "raise RuntimeError('alpha 3 cannot')", needs=["beta>=2"])
    wheel(folder, "beta", "1.0")
    wheel(folder, "beta", "2.0")
    wheel(folder, "gamma", "1.0", needs=["beta<2"])
    wheel(folder, "delta", "0.9")
    wheel(folder, "delta", "1.0", tag="cp27-cp27m-win32")
    wheel(folder, "crasher", "1.0")
    wheel(folder, "crasher", "2.0", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    (tmp_path / "requirements.txt").write_text("alpha==1.0\nbeta==1.0\n")
    return folder


@pytest.fixture
def interop(index: Path) -> Interop:
    """The command, in the folder that has requirements.txt in it."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "interop", *arguments]
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": root} if (Path(root) / "interop").exists() else None
        return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)

    return run


@pytest.fixture
def upgraded(interop: Interop) -> Callable[..., dict[str, Any]]:
    """What `interop upgrade --json` says, from requirements.txt, with its exit code."""

    def run(*arguments: str) -> dict[str, Any]:
        done = interop("upgrade", *arguments, "-r", "requirements.txt", "--json")
        assert "Traceback" not in done.stderr
        return {**json.loads(done.stdout), "exit": done.returncode, "said": done.stderr}

    return run
