"""What chapter M finds: the defects of our own adapters as they were, and nothing in those that there are."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from interop.bridges.crossing import Crossing, some
from interop.harness.cell import Cell
from interop.harness.runner import check

ROOT = Path(__file__).parents[2]
OLD = "44d47dc"
# The drivers are as they are now, but for the one that uses what those adapters had not.
ADAPTERS = (
    *("interop/adapters", "interop/topologies", "interop/harness/drivers/threads.py"),
    *(f"interop/{name}.py" for name in ("bell", "blocking", "call", "conversation", "errors", "managers", "portal", "runtime")),
    *(f"interop/{name}.py" for name in ("streams", "wrapping")),
)
# The callee is busy, so what a cancelled caller does not wait for has not happened yet, whichever thread is faster.
BUSY_WHEN_LEFT = (
    '{"tasks":[["b",[{"what":"stream","number":4,"count":3,"take":2,"body":[{"what":"blocks","number":5}]}]],'
    '["c",[{"what":"blocks","number":8}]]],"steps":[{"what":"start","task":"b"},{"what":"settle"},{"what":"start","task":"c"},'
    '{"what":"settle"},{"what":"cancel","task":"b"},{"what":"open","number":5},{"what":"settle"}]}'
)
BUSY_WHEN_ENTERED = (
    '{"tasks":[["c",[{"what":"blocks","number":8}]],["b",[{"what":"manager","number":4}]]],"steps":[{"what":"start","task":"c"},'
    '{"what":"settle"},{"what":"start","task":"b"},{"what":"settle"},{"what":"cancel","task":"b"},{"what":"settle"},'
    '{"what":"open","number":8},{"what":"settle"}]}'
)
# Rows of the list of defects that were known of these adapters: law, seeds, the program if it is no random one, crossing, and
# what the law says. The first is a race, which five of its programs show each time.
ROWS = {
    "cancel_lost_after_two_calls": ("M2", "1:100", "", "asyncio->threads/thread", "its cancel had no effect"),
    "enter_cancelled_while_callee_is_busy": (
        "M4",
        "1",
        BUSY_WHEN_ENTERED,
        "asyncio->asyncio/thread",
        "manager 4 of b|its cancel had no effect",  # It was left entered, began too late, or was entered in spite of the cancel.
    ),
    "stream_step_cancelled_while_callee_is_busy": (
        "M3",
        "20",  # At most: the first that differs is the last.
        BUSY_WHEN_LEFT,
        "gevent->trio/thread",
        "while its source was still open",
    ),
    "stream_cancelled_in_trio": ("M3", "67:68", "", "trio->anyio[asyncio]/guest", "got CalleeCancelled"),
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This kit, with the adapters of that commit."""
    done = subprocess.run(["git", "archive", "--format=zip", OLD, *ADAPTERS], cwd=ROOT, capture_output=True)
    if done.returncode:
        pytest.skip(f"there is no commit {OLD} here: {done.stderr.decode(errors='replace')}")
    there = tmp_path_factory.mktemp("old")
    for package in ("interop", "scenarios"):
        shutil.copytree(ROOT / package, there / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ADAPTERS:
        if (there / name).is_dir():
            shutil.rmtree(there / name)
    with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
        archive.extractall(there)
    return there


def findings_of(path: Path, cwd: Path, *options: str) -> list[dict[str, Any]]:
    """What `interop run` finds, with `path` before all else that can be imported."""
    command = [sys.executable, "-m", "interop", "run", *options, "--record", "record.json"]
    environment = {**os.environ, "PYTHONPATH": str(path)}
    subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
    found: list[dict[str, Any]] = json.loads((cwd / "record.json").read_text(encoding="utf-8"))["findings"]
    return found


CANCELLED = '{"tasks":[["a",[{"what":"slow","number":1}]]],"steps":[{"what":"start","task":"a"},{"what":"cancel","task":"a"}]}'
TIMED_OUT = '{"tasks":[["a",[{"what":"within","number":1}]]],"steps":[{"what":"start","task":"a"},{"what":"settle"}]}'


@pytest.mark.parametrize(("law", "program"), [("C27", ""), ("C10", ""), ("M2", CANCELLED), ("M2", TIMED_OUT)])
def test_which_sides_type_a_cancel_or_a_timeout_has_is_no_matter_of_chapter_m(law: str, program: str) -> None:
    crossing = Crossing.parse("twisted->asyncio/thread")
    cell = Cell("tests.faulty.cancellation:EndsWithTheCalleesCancel", crossing, (law,), program=program)
    (found,) = check(cell, threading.Event())
    assert found.verdict == ("kept" if program else "broken")


@pytest.mark.campaign
@pytest.mark.parametrize("row", ROWS)
def test_it_finds_a_known_defect_of_the_old_adapters(old: Path, tmp_path: Path, row: str) -> None:
    law, seeds, program, crossing, said = ROWS[row]
    (tmp_path / "program.json").write_text(program)
    asked = ["--program", str(tmp_path / "program.json")] if program else []
    (finding,) = findings_of(old, old, "--law", law, "--seeds", seeds, *asked, "--crossing", crossing)
    assert finding["verdict"] == "broken"
    assert re.search(said, finding["reason"])
    assert any("HERE" in line for line in finding["trace"])


@pytest.mark.campaign
def test_it_finds_nothing_in_a_hundred_programs_a_law_on_each_framework_and_topology(tmp_path: Path) -> None:
    """Threads take turns after a microsecond: a race that takes a busy machine weeks to show is seen in minutes."""
    site, crossings = tmp_path / "site", ",".join(map(str, some()))
    site.mkdir()
    (site / "sitecustomize.py").write_text("import sys\nsys.setswitchinterval(1e-6)\nprint(file=open('short', 'a'))\n")
    found = findings_of(site, tmp_path, "--law", "M", "--seeds", "1000:1100", "--crossing", crossings, "--jobs", "2")
    assert (tmp_path / "short").exists()
    assert {each["subject"] for each in found} == set(crossings.split(","))
    wrong = [each for each in found if each["verdict"] not in ("kept", "not-applicable")]
    assert [(it["subject"], it["check"], it["verdict"], it["reason"], *it["trace"], it.get("stacks")) for it in wrong] == []
