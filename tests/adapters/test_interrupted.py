"""SIGINT at every line of the kit that a program passes: each time the program ends, cleaned up."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from interop.portal import FRAMEWORKS
from tests.adapters import ROOT

CALLERS = ["threads", "gevent", "eventlet", "asyncio", "tornado", "twisted", "trio", "anyio[asyncio]", "anyio[trio]"]


# pytest-xdist's workers must all choose the same: the name of their common run is the seed.
SEED = os.environ.get("INTEROP_SEED") or os.environ.get("PYTEST_XDIST_TESTRUNUID", "0")[:8]


def interrupted(caller: str, *arguments: str) -> dict[str, Any]:
    package = FRAMEWORKS[caller][2]
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if ("asyncio" in caller or caller == "tornado") and sys.version_info < (3, 11):
        pytest.skip("asyncio.run() cancels its main task on Ctrl-C since Python 3.11")
    command = [sys.executable, "-m", "tests.adapters.interrupted", caller, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1500)
    assert done.stdout, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert (told["wrong"], done.returncode) == ({}, 0), told
    return told  # type: ignore[no-any-return]


def at_lines(caller: str, *which: str) -> None:
    told = interrupted(caller, "asyncio", "thread", *which)
    assert told["lines"] > 500, "the program has become shorter than what it shall show"


@pytest.mark.campaign
@pytest.mark.skipif("INTEROP_SOAK" not in os.environ, reason="11,000 processes: tox -e soak")
@pytest.mark.parametrize("caller", CALLERS)
def test_ctrl_c_at_any_line_ends_the_program_cleaned_up(caller: str) -> None:
    at_lines(caller)


@pytest.mark.parametrize("caller", CALLERS)
def test_ctrl_c_at_some_lines_ends_the_program_cleaned_up(caller: str) -> None:
    at_lines(caller, "5", "29")


@pytest.mark.parametrize(("caller", "step"), [("gevent", "1"), ("eventlet", "29")])
def test_ctrl_c_in_the_hub_itself_ends_the_program_cleaned_up(caller: str, step: str) -> None:
    assert interrupted(caller, "asyncio", "thread", "hubs", step)["lines"] > 10


@pytest.mark.campaign
@pytest.mark.parametrize("caller", CALLERS)
def test_ctrl_c_at_two_hundred_random_moments_ends_the_program_cleaned_up(caller: str) -> None:
    assert interrupted(caller, "asyncio", "thread", "moments", "200", SEED)["moments"] == 200
