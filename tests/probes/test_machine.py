"""What a probe's process can come to is a value, a hang and a crash too; and nothing of it is left over."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from interop.harness import probing, stuck
from interop.harness.stuck import CPU_SECONDS, Watch, activity, members
from interop.probes.probe import PROBES, Probe, probe

THROWN_AWAY = """
import os, signal, subprocess, sys, threading, time
from interop.probes.probe import probe

@probe("P9001", "python", "lifecycle")
def it_prints_and_returns():
    print("noise")
    os.system("echo more noise")
    threading.Thread(target=time.sleep, args=(1000,)).start()
    return {"one": (1, None)}

@probe("P9002", "python", "lifecycle")
def it_waits_for_ever():
    threading.Event().wait()

@probe("P9003", "python", "lifecycle")
def it_crashes():
    os.kill(os.getpid(), signal.SIGSEGV)

@probe("P9004", "python", "lifecycle")
def it_exits():
    os._exit(3)

@probe("P9005", "python", "lifecycle")
def it_raises():
    raise KeyError("a message that is not the value")

@probe("P9006", "no_such_package", "lifecycle")
def it_has_no_subject():
    return None

@probe("P9007", "broken_package", "lifecycle")
def its_subject_cannot_be_imported():
    return None

@probe("P9008", "python", "lifecycle", "broken_package.not_there")
def it_needs_a_module_that_cannot_be_imported():
    return None

@probe("P9009", "python", "lifecycle")
def it_returns_no_json():
    return object()

@probe("P9010", "python", "lifecycle")
def its_child_waits_for_ever():
    subprocess.run([sys.executable, "-c", "import time; time.sleep(1000)"])

@probe("P9011", "python", "lifecycle")
def it_is_slow_but_works():
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        time.sleep(0.4)
    return "done"

@probe("P9012", "python", "lifecycle")
def it_tells_its_environment():
    return {name: os.environ.get(name) for name in ("SECRET", "PYTHONHASHSEED", "PYTHONASYNCIODEBUG", "HTTP_PROXY")}
"""


@pytest.fixture
def thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Probe]:
    """Probes that are in the catalogue of a probe's process, but not in ours."""
    (tmp_path / "thrown_away.py").write_text(THROWN_AWAY)
    (tmp_path / "broken_package.py").write_text("import no_such_module_either")
    # Every interpreter with this on its path reads sitecustomize, and so knows the probes.
    (tmp_path / "sitecustomize.py").write_text("import thrown_away")
    clean = probing.environment

    def with_them(home: Path) -> dict[str, str]:
        environment = clean(home)
        return {**environment, "PYTHONPATH": f"{tmp_path}{os.pathsep}{environment.get('PYTHONPATH', '')}"}

    monkeypatch.setattr(probing, "environment", with_them)
    before = set(PROBES)
    exec(THROWN_AWAY, {"__name__": "thrown_away"})
    return {id: PROBES.pop(id) for id in set(PROBES) - before}


VALUES: dict[str, Any] = {
    "P9001": {"one": [1, None]},
    "P9003": "crash: SIGSEGV",
    "P9004": "exit: 3",
    "P9005": {"raises": "KeyError"},
    "P9007": {"import fails": "ModuleNotFoundError"},
    "P9008": {"import fails": "ModuleNotFoundError"},
    "P9011": "done",
}


def test_whatever_ends_a_probe_is_its_value(thrown_away: dict[str, Probe]) -> None:
    found = {finding.check: finding for finding in probing.run([thrown_away[id] for id in VALUES], jobs=4)}
    assert {id: finding.evidence["value"] for id, finding in found.items()} == VALUES
    assert {(finding.verdict, finding.chapter, finding.strength) for finding in found.values()} == {("observed", "P", "PROBE")}
    assert "it_crashes" in found["P9003"].stacks
    assert found["P9005"].name == "it_raises" and found["P9005"].evidence["area"] == "lifecycle"


@pytest.mark.parametrize(("id", "where"), [("P9002", "it_waits_for_ever"), ("P9010", "its_child_waits_for_ever")])
def test_a_hang_is_a_value_and_shows_where(thrown_away: dict[str, Probe], id: str, where: str) -> None:
    finding = probing.observe(thrown_away[id])
    assert (finding.verdict, finding.evidence["value"]) == ("observed", "hang")
    assert where in finding.stacks


def test_a_probe_without_its_subject_is_not_applicable_and_says_why(thrown_away: dict[str, Probe]) -> None:
    finding = probing.observe(thrown_away["P9006"])
    assert (finding.verdict, finding.reason) == ("not-applicable", "no_such_package is not installed")


def test_a_value_that_is_no_json_is_the_kit_s_error(thrown_away: dict[str, Probe]) -> None:
    assert probing.observe(thrown_away["P9009"]).verdict == "kit-error"


def test_a_probe_sees_nothing_of_the_user_s_environment(thrown_away: dict[str, Probe], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET", "PYTHONASYNCIODEBUG", "HTTP_PROXY"):
        monkeypatch.setenv(name, "1")
    value = probing.observe(thrown_away["P9012"]).evidence["value"]
    assert value == {"SECRET": None, "PYTHONHASHSEED": "0", "PYTHONASYNCIODEBUG": None, "HTTP_PROXY": None}


def test_what_a_probe_started_is_ended_with_it(thrown_away: dict[str, Probe]) -> None:
    started: list[subprocess.Popen[bytes]] = []
    sessions: list[int] = []

    class Noting(list[Any]):
        def append(self, process: Any) -> None:
            sessions.append(process.pid)
            super().append(process)

    started = Noting()
    probing.observe(thrown_away["P9010"], started=started)
    assert not started and len(sessions) == 1
    until = time.monotonic() + 60  # It has been killed: its end takes as long as the machine is busy.
    while members(sessions[0]) and time.monotonic() < until:
        time.sleep(0.01)
    assert members(sessions[0]) == []


def test_one_probe_can_be_run_by_hand() -> None:
    done = subprocess.run([sys.executable, "-m", "interop.probes.one", "P1"], capture_output=True, check=True)
    assert set(json.loads(done.stdout)) == {"value"}


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc to look into")
def test_a_process_that_is_ready_to_run_is_never_stuck() -> None:
    spinning = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=-1, start_new_session=True)
    try:
        assert spinning.stdout is not None
        spinning.stdout.readline()
        watch = Watch(spinning.pid)
        assert not any(watch.hung() for _ in range(50))
        assert activity(spinning.pid) is None
    finally:
        spinning.kill()
        spinning.communicate()


def test_a_process_spins_by_what_it_uses_after_the_first_look_and_not_by_what_it_did_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = iter((1000.0, 1000.0 + CPU_SECONDS, 1000.5 + CPU_SECONDS))
    monkeypatch.setattr(stuck, "activity", lambda pid: None)
    monkeypatch.setattr(stuck, "cpu_seconds", lambda pid: next(used))
    watch = Watch(os.getpid())
    assert [watch.hung() for _ in range(3)] == [False, False, True]


def test_an_id_is_taken_once_and_an_area_must_exist() -> None:
    taken = next(iter(PROBES)) if PROBES else None
    if taken is not None:
        with pytest.raises(ValueError, match="already taken"):
            probe(taken, "python", "lifecycle")(lambda: None)
    with pytest.raises(ValueError, match="no area"):
        probe("P9999", "python", "weather")(lambda: None)
