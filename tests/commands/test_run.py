"""`interop run --shard`: the parts of a run make the whole, also those with nothing in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from interop.record import read

LAWS = ("--crossing", "threads->asyncio/thread", "--law", "V1,V2")


def interop(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "interop", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_part_with_nothing_in_it_leaves_a_record_and_counts_as_nothing(tmp_path: Path) -> None:
    for number in (1, 2):
        done = interop(tmp_path, "run", *LAWS, "--shard", f"{number}/2", "--record", f"{number}.json")
        assert done.returncode == 0, done.stderr
    assert [len(read(tmp_path / f"{number}.json").findings) for number in (1, 2)] == [2, 0]
    whole = interop(tmp_path, "report", "1.json", "2.json", "--record", "whole.json")
    assert whole.returncode == 0, whole.stderr
    assert [finding.check for finding in read(tmp_path / "whole.json").findings] == ["V1", "V2"]
    alone = interop(tmp_path, "report", "2.json")
    assert alone.returncode == 3
    assert "nothing ran" in alone.stderr


def test_there_is_no_third_part_of_two(tmp_path: Path) -> None:
    done = interop(tmp_path, "run", "--crossing", "threads->asyncio/thread", "--law", "V1", "--shard", "3/2")
    assert done.returncode == 2
    assert "K from 1 to N" in done.stderr
