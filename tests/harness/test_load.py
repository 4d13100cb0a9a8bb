"""At fifty runnable processes a core, nothing that is kept on a quiet machine is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.record import INCONCLUSIVE, read

pytestmark = pytest.mark.campaign
BUSY = 50  # runnable processes a core
SPIN = "import os, sys\nsys.stdout.write('on')\nsys.stdout.flush()\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
BEHAVIORS = "hello,status-404,stall-in-body,bomb-gzip,chunked,tls,keep-alive-lie"


@pytest.fixture
def load() -> Iterator[None]:
    spinning = [
        subprocess.Popen([sys.executable, "-I", "-S", "-c", SPIN], stdout=subprocess.PIPE)
        for _ in range(BUSY * (os.cpu_count() or 1))
    ]
    try:
        for one in spinning:
            assert one.stdout is not None
            one.stdout.read(2)
        yield
    finally:
        for one in spinning:
            one.kill()
        for one in spinning:
            one.communicate()


@pytest.mark.usefixtures("load")
@pytest.mark.parametrize(
    "asked",
    [
        ("--framework", "nothing,trio,gevent,twisted", "--behavior", BEHAVIORS),
        ("--crossing", "trio->asyncio/thread", "--law", "F,C1,C2,L1"),
    ],
    ids=["fetch", "laws"],
)
def test_a_busy_machine_breaks_nothing(asked: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "interop", "run", *asked, "--record", str(tmp_path / "record.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert (tmp_path / "record.json").exists(), done.stdout + done.stderr
    findings = read(tmp_path / "record.json").findings
    told = {finding.verdict for finding in findings}
    assert told <= {"kept", "inconclusive"}, done.stdout
    assert done.returncode == (INCONCLUSIVE if "inconclusive" in told else 0), done.stdout + done.stderr
    assert "kept" in told, "not everything is given up"
