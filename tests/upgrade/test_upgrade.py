"""An upgrade is built, run and compared; what cannot be had or imported is a finding; a second call comes from the cache."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.upgrade.conftest import Interop
from tests.upgrade.wheels import wheel

ROOT = Path(__file__).parents[2]
BETA = "beta-1.0-py3-none-any.whl"
Upgraded = Callable[..., dict[str, Any]]


def moves(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(move["package"], move["before"], move["after"]) for move in answer["moved"]]


def regressions(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(c["id"], c["subject"], c["before"], c["after"]) for c in answer["changes"] if c["regression"]]


def test_a_package_takes_with_it_what_has_to_move_and_all_of_it_is_named(upgraded: Upgraded) -> None:
    answer = upgraded("alpha==2.0")
    assert moves(answer) == [("alpha", "1.0", "2.0"), ("beta", "1.0", "2.0")]
    assert answer["changes"] == []
    assert answer["exit"] == 0


def test_a_package_that_is_only_named_moves_to_the_newest_and_nothing_moves_without_need(upgraded: Upgraded) -> None:
    answer = upgraded("beta")
    assert moves(answer) == [("beta", "1.0", "2.0")]
    assert answer["chosen"]["imports"] == 2, "alpha needs beta"
    assert answer["chosen"]["probes"] == answer["chosen"]["laws"] == 0, "no framework needs it"


def test_laws_and_probes_run_in_both_environments_and_find_no_difference_where_there_is_none(upgraded: Upgraded) -> None:
    answer = upgraded("beta", "--all", "--law", "V1,P1")
    assert (answer["chosen"]["laws"], answer["chosen"]["probes"]) == (1, 1)
    assert answer["compared"] == 1 + 2 + 1 + answer["chosen"]["crossings"], "install, imports, the probe, the law"
    assert answer["chosen"]["crossings"] >= 4, "asyncio and threads call each other everywhere"
    assert answer["changes"] == answer["noise"] == []


def test_an_import_that_fails_now_is_a_regression_with_its_reason(upgraded: Upgraded) -> None:
    answer = upgraded("alpha")
    assert regressions(answer) == [("import", "alpha", "kept", "broken")]
    assert answer["changes"][0]["after_reason"] == "RuntimeError: alpha 3 cannot"
    assert answer["exit"] == 1


def test_an_import_that_crashes_is_one_too_and_a_mend_the_other_way_round(upgraded: Upgraded) -> None:
    worse = upgraded("crasher==2.0", "--from", "crasher==1.0")
    assert regressions(worse) == [("import", "crasher", "kept", "crashed")]
    better = upgraded("crasher==1.0", "--from", "crasher==2.0")
    assert [change["mend"] for change in better["changes"]] == [True]
    assert better["exit"] == 0


def test_a_version_that_is_not_there_is_a_finding_and_no_crash(upgraded: Upgraded) -> None:
    answer = upgraded("alpha==9")
    assert regressions(answer) == [("install", "alpha", "kept", "broken")]
    assert "there is no version of alpha==9" in answer["changes"][0]["after_reason"]


def test_a_package_without_a_wheel_for_this_python_is_a_finding_and_no_crash(upgraded: Upgraded) -> None:
    answer = upgraded("delta==1.0", "alpha==2.0", "--from", "delta==0.9")
    assert regressions(answer) == [("install", "delta", "kept", "broken")]
    assert "no wheels" in answer["changes"][0]["after_reason"]
    assert ("alpha", "1.0", "2.0") in moves(answer)


def test_what_does_not_go_together_is_a_finding(upgraded: Upgraded) -> None:
    answer = upgraded("alpha==2.0", "--with", "beta==1.0")
    assert ("install", "alpha", "kept", "broken") in regressions(answer)
    assert answer["exit"] == 1


def test_what_has_to_go_back_is_named(upgraded: Upgraded, tmp_path: Path) -> None:
    wheel(tmp_path / "index", "gamma", "0.5")
    (tmp_path / "requirements.txt").write_text("alpha==1.0\ngamma==1.0\n")
    answer = upgraded("alpha==2.0")
    assert ("gamma", "1.0", "0.5") in moves(answer)
    assert "gamma has to go back from 1.0 to 0.5" in answer["said"]


def test_what_the_user_has_and_does_not_go_with_the_upgrade_is_left_out_and_named(upgraded: Upgraded, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("alpha==1.0\ngamma==1.0\n")
    answer = upgraded("alpha==2.0")
    assert ("gamma", "1.0", None) in moves(answer)
    assert "gamma is left out: " in answer["said"]


def test_a_second_call_is_answered_from_the_cache_and_a_fresh_one_runs_again(upgraded: Upgraded, tmp_path: Path) -> None:
    first = upgraded("alpha==2.0")
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").glob("*/*")}
    again = upgraded("alpha==2.0")
    assert again["moved"] == first["moved"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").glob("*/*")} == kept
    upgraded("alpha==2.0", "--fresh")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").glob("*/*")} != kept


def test_nothing_that_moves_is_exit_code_3(upgraded: Upgraded) -> None:
    answer = upgraded("alpha==1.0")
    assert answer["exit"] == 3
    assert "nothing moved" in answer["said"]


def test_both_records_can_be_kept_and_compared_again(interop: Interop, tmp_path: Path) -> None:
    done = interop("upgrade", "alpha", "-r", "requirements.txt", "--record-dir", "records")
    assert done.returncode == 1
    assert "✗ import alpha: it can be imported\n    before: kept\n    after:  broken: RuntimeError: alpha 3 cannot" in done.stdout
    compared = interop("diff", "records/before.json", "records/after.json")
    assert compared.returncode == 1
    assert "import alpha" in compared.stdout


def test_nothing_of_the_folder_that_it_is_called_in_is_imported(upgraded: Upgraded, tmp_path: Path) -> None:
    (tmp_path / "alpha.py").write_text("raise SystemExit('mine')")
    assert upgraded("alpha==2.0")["changes"] == []


def test_a_lock_file_says_what_the_user_has(interop: Interop, tmp_path: Path) -> None:
    digest = sha256((tmp_path / "index" / BETA).read_bytes()).hexdigest()
    (tmp_path / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "beta"\nversion = "1.0"\n'
        f'wheels = [{{ path = "index/{BETA}", hashes = {{ sha256 = "{digest}" }} }}]\n'
    )
    done = interop("upgrade", "beta", "-r", "pylock.toml")
    assert done.returncode == 0, done.stderr
    assert "beta 1.0 → 2.0" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_ends_it_and_all_that_it_started(interop: Interop, tmp_path: Path) -> None:
    wheel(tmp_path / "index", "waits", "1.0")
    started = tmp_path / "started"
    code = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(1000)"
    wheel(tmp_path / "index", "waits", "2.0", code)
    os.mkfifo(started)  # reading from it waits for the import, and knows its process
    command = [sys.executable, "-m", "interop", "upgrade", "waits==2.0", "--from", "waits==1.0", "-r", "requirements.txt"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    child = int(started.read_text())
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[1].endswith("interop: Interrupted: stopped by SIGTERM\n")
    assert process.returncode == 143
    limit = time.monotonic() + 60
    while goes_on(child):  # it was told to end, and that takes a while
        assert time.monotonic() < limit
        os.sched_yield()


def goes_on(pid: int) -> bool:
    """Whether there is such a process, and it is not one that nobody has waited for yet."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone, also between the two
        return False


@pytest.mark.parametrize(
    "arguments",
    [
        ("==",),
        ("alpha", "--python", "3.1"),
        ("alpha", "--from-python", "2.7"),
        ("nobody-has-this",),
        ("alpha", "-r", "none.txt"),
        ("alpha", "--jobs", "x"),
    ],
)
def test_what_cannot_be_asked_like_this_is_exit_code_2_in_one_line(arguments: tuple[str, ...], interop: Interop) -> None:
    done = interop("upgrade", *arguments, *(() if "-r" in arguments else ("-r", "requirements.txt")))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_an_environment_is_the_kit_and_what_was_planned_and_nothing_else(interop: Interop, tmp_path: Path) -> None:
    interop("upgrade", "alpha==2.0", "-r", "requirements.txt", "--record-dir", "records")
    header = json.loads((tmp_path / "records" / "after.json").read_text())["header"]
    assert header["packages"] == {"alpha": "2.0", "beta": "2.0"}
    assert header["python"] == platform.python_version()
    assert os.environ["INTEROP_CACHE"] == str(tmp_path / "cache")
