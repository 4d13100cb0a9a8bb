"""A storm of calls over each crossing; see stress.py. INTEROP_SEED is the seed."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from interop.bridges.crossing import Crossing, every
from tests.adapters import ROOT

pytestmark = pytest.mark.campaign
# pytest-xdist's workers must all choose the same: the name of their common run is the seed.
RUN = int(os.environ.get("PYTEST_XDIST_TESTRUNUID", "0")[:8], 16)
SEED = int(os.environ.get("INTEROP_SEED") or RUN or random.randrange(10**6))
HERE = [crossing for crossing in every() if not crossing.missing]
CHOSEN = random.Random(SEED).sample(HERE, 50 if "INTEROP_SOAK" in os.environ else 12)


def storm(crossing: Crossing, calls: int, *options: str) -> None:
    sides = str(crossing).replace("->", "/").split("/")
    program = [sys.executable, *options, "-m", "tests.adapters.stress", *sides, str(SEED), str(calls)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, f"{' '.join(program[1:])}\n{done.stdout}\n{done.stderr}"
    assert not options or done.stderr == "", f"{' '.join(program[1:])}\n{done.stderr}"


@pytest.mark.parametrize("crossing", HERE, ids=lambda crossing: f"{crossing}-{SEED}")
def test_each_of_ten_thousand_calls_has_exactly_one_outcome(crossing: Crossing) -> None:
    storm(crossing, 10_000)


@pytest.mark.parametrize("crossing", CHOSEN, ids=lambda crossing: f"{crossing}-{SEED}")
def test_in_debug_mode_with_warnings_as_errors_each_call_has_exactly_one_outcome(crossing: Crossing) -> None:
    storm(crossing, 500, "-X", "dev", "-W", "error")
