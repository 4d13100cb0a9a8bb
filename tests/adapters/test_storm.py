"""A storm of calls over random crossings; see stress.py. INTEROP_SEED is the seed, INTEROP_SOAK makes it 10,000 calls in all."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from interop.bridges.crossing import every
from tests.adapters import ROOT

pytestmark = pytest.mark.campaign
# pytest-xdist's workers must all choose the same: the name of their common run is the seed.
RUN = int(os.environ.get("PYTEST_XDIST_TESTRUNUID", "0")[:8], 16)
SEED = int(os.environ.get("INTEROP_SEED") or RUN or random.randrange(10**6))
STORMS, CALLS = (50, 200) if "INTEROP_SOAK" in os.environ else (6, 100)
CHOSEN = random.Random(SEED).sample([crossing for crossing in every() if not crossing.missing], STORMS)


@pytest.mark.parametrize("crossing", CHOSEN, ids=lambda crossing: f"{crossing}-{SEED}")
def test_every_call_of_a_storm_has_exactly_one_outcome(crossing: object) -> None:
    sides = str(crossing).replace("->", "/").split("/")
    program = [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.adapters.stress", *sides, str(SEED), str(CALLS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, ""), f"{' '.join(program[1:])}\n{done.stdout}\n{done.stderr}"
