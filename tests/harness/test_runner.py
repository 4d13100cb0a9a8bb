"""Every way in which a cell can go wrong has its verdict, and the cells beside it are unaffected."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interop.bridges.crossing import Crossing
from interop.harness import runner
from interop.harness.cell import Cell
from interop.harness.runner import run
from interop.record import Finding, read
from tests.harness.once import RunsALoopForEachCall

GOOD = "interop.bridges.portals:Portals"
CROSSING = Crossing("asyncio", "asyncio", "thread")


def findings(bridge: str, *laws: str) -> dict[str, Finding]:
    beside = Cell(GOOD, CROSSING, ("V1", "V2"))
    found = list(run([Cell(f"tests.harness.rogues:{bridge}", CROSSING, laws), beside], jobs=2))
    assert [finding.verdict for finding in found if finding.bridge == "portal"] == ["kept", "kept"]
    return {finding.check: finding for finding in found if finding.bridge != "portal"}


def test_a_law_that_hangs_is_hung_with_stacks_and_the_next_law_is_checked() -> None:
    found = findings("Hangs", "V1", "V11", "V15")
    assert [found[id].verdict for id in ("V1", "V11", "V15")] == ["hung", "kept", "kept"]
    assert "the_result_is_the_callees_object" in found["V1"].stacks


@pytest.mark.parametrize(("bridge", "verdict"), [("Hangs", "hung"), ("Exits", "crashed"), ("Floods", "broken")])
def test_what_ends_a_session_is_charged_to_the_law_that_did_it_not_to_those_that_shared_it(bridge: str, verdict: str) -> None:
    found = findings(bridge, "V11", "V1", "V15")
    assert [found[id].verdict for id in ("V11", "V1", "V15")] == ["kept", verdict, "kept"]


def test_what_breaks_only_after_others_in_the_same_session_is_broken_and_says_so() -> None:
    found = findings("WearsOut", "V11", "V1", "V15")
    assert [found[id].verdict for id in ("V11", "V1", "V15")] == ["kept", "broken", "kept"]
    assert found["V1"].reason.startswith("after V11 in the same session: RuntimeError: worn out")


def test_what_is_left_behind_is_charged_to_the_law_that_left_it_not_to_the_last_that_shared_its_session() -> None:
    """asyncio by itself: a generator sets a context variable in the task that iterates, and S3 has one that sets it."""
    alone = Cell("interop.bridges.control:Control", Crossing("asyncio", "asyncio", "alone"), ("S2", "S3", "S4"))
    found = {finding.check: finding for finding in run([alone], jobs=1)}
    assert [found[id].verdict for id in ("S2", "S3", "S4")] == ["kept", "broken", "kept"]
    assert "left behind: a context variable" in found["S3"].reason


def test_a_process_that_ends_itself_is_crashed() -> None:
    found = findings("Exits", "V1", "V11")
    assert found["V1"].verdict == "crashed"
    assert "exit code 7" in found["V1"].reason
    assert found["V11"].verdict == "kept"


def test_a_segmentation_fault_is_crashed_with_its_signal() -> None:
    found = findings("Faults", "V1", "V11")
    assert found["V1"].verdict == "crashed"
    assert "SIGSEGV" in found["V1"].reason
    assert "Segmentation fault" in found["V1"].stacks
    assert found["V11"].verdict == "kept"


def test_a_hang_in_c_is_hung_with_the_stack_of_the_thread() -> None:
    found = findings("HangsInC", "V1", "V11")
    assert found["V1"].verdict == "hung"
    assert "rogues.py" in found["V1"].stacks
    assert found["V11"].verdict == "kept"


def test_a_system_exit_wherever_it_is_raised_is_a_broken_law() -> None:
    found = findings("RaisesSystemExit", "V1", "V11")
    assert [found[id].verdict for id in ("V1", "V11")] == ["broken", "kept"]


def test_a_flood_of_output_ends_the_cell() -> None:
    found = findings("Floods", "V1", "V11")
    assert found["V1"].verdict == "broken"
    assert "printed" in found["V1"].reason
    assert found["V11"].verdict == "kept"


def test_what_is_left_behind_is_charged_to_the_law_that_left_it() -> None:
    found = findings("LeavesAThread", "V11", "V1", "V15")
    assert [found[id].verdict for id in ("V11", "V1", "V15")] == ["kept", "broken", "kept"]
    assert "left behind: thread" in found["V1"].reason


@pytest.mark.parametrize("laws", [("R6", "V1", "V15"), ("V1", "V15", "R6"), ("V15", "R6", "V1", "R2")])
def test_a_report_beside_a_law_that_is_kept_breaks_the_law_about_reports_alone(laws: tuple[str, ...]) -> None:
    found = findings("ReportsWhatItTells", *laws)
    assert {id for id in laws if found[id].verdict == "broken"} == {"R6"}
    assert "V1: asyncio: Future exception was never retrieved: ValueError('told')" in found["R6"].reason
    assert found["V1"].evidence["reports"] == ["asyncio: Future exception was never retrieved: ValueError('told')"]


def test_what_was_reported_is_known_to_the_next_process_of_the_cell() -> None:
    found = findings("ReportsAndHangs", "V1", "V11", "R6")
    assert [found[id].verdict for id in ("V1", "V11", "R6")] == ["kept", "hung", "broken"]
    assert "V1: asyncio: Future exception was never retrieved: ValueError" in found["R6"].reason


@pytest.mark.parametrize("crossing", RunsALoopForEachCall.crossings, ids=str)
def test_a_bridge_that_ends_the_callees_loop_after_each_call_is_told_so(crossing: Crossing) -> None:
    once = Cell("tests.harness.once:RunsALoopForEachCall", crossing, ("V1", "X7", "L1", "L2", "L5", "L12", "R2", "M1"))
    found = {finding.check: finding for finding in run([once], jobs=1)}
    assert {id for id in found if found[id].verdict == "kept"} == {"V1", "L5", "R2"}
    told = "a-loop-for-each-call ends the callee's loop after each call"
    assert {found[id].reason for id in ("X7", "L1", "L2", "L12", "M1")} == {told}
    assert {found[id].verdict for id in ("X7", "L1", "L2", "L12", "M1")} == {"not-applicable"}


@pytest.mark.parametrize(("bridge", "verdict"), [("GrowsItsPool", "kept"), ("LeavesThreads", "broken")])
@pytest.mark.parametrize("crossing", RunsALoopForEachCall.crossings, ids=str)
def test_a_pool_that_grows_until_it_is_full_is_no_leak(bridge: str, verdict: str, crossing: Crossing) -> None:
    (found,) = run([Cell(f"tests.harness.once:{bridge}", crossing, ("R2",))], jobs=1)
    assert found.verdict == verdict, found


def test_a_process_that_forks_is_ended_with_its_children() -> None:
    found = findings("Forks", "V1", "V11")
    assert found["V11"].verdict == "kept"
    assert found["V1"].verdict in ("kept", "broken")


def test_a_bridge_that_cannot_start_blocks_all_its_laws() -> None:
    found = findings("CannotStart", "V1", "V11")
    assert {finding.verdict for finding in found.values()} == {"blocked"}
    assert "no way to start" in found["V1"].stacks


def test_a_process_that_does_not_end_is_charged_to_its_last_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interop.harness.runner.PATIENCE", 2.0)  # and so none beside it, which may need more to end
    alone = Cell("tests.harness.rogues:NeverEnds", CROSSING, ("V1", "V11"))
    found = {finding.check: finding for finding in run([alone], jobs=1)}
    assert [found[id].verdict for id in ("V1", "V11")] == ["kept", "hung"]
    assert "did not end" in found["V11"].reason


def test_what_is_not_installed_is_not_applicable_with_the_reason() -> None:
    found = findings("NeedsWhatIsNotThere", "V1")
    assert found["V1"].verdict == "not-applicable"
    assert found["V1"].reason == "no-such-distribution is not installed"


def test_an_interrupted_run_ends_its_workers() -> None:
    checking: Any = run([Cell("tests.harness.rogues:Hangs", CROSSING, ("V1", "V11"))], jobs=1)
    checking.close()


def test_a_worker_ends_when_its_parent_is_killed() -> None:
    """The parent is a process of its own here, killed while its worker hangs in C, where nothing else could end it."""
    program = (
        "from interop.bridges.crossing import Crossing\n"
        "from interop.harness.cell import Cell\n"
        "from interop.harness import runner\n"
        "runner.Watch.hung = lambda self: print(self.pid, flush=True)\n"
        "if __name__ == '__main__':\n"
        "    cell = Cell('tests.harness.rogues:HangsInC', Crossing('asyncio', 'asyncio', 'thread'), ('V1',))\n"
        "    list(runner.run([cell], jobs=1))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it is gone
        while "\nState:\tZ" not in Path(f"/proc/{worker}/status").read_text():
            os.sched_yield()


def test_nobody_looks_at_how_a_process_ended_while_another_one_starts() -> None:
    """Starting one reads how the others ended, and what is read twice is 255."""

    class Process:
        sentinel = None

        def join(self, seconds: float) -> None:
            assert runner._processes.locked()

        @property
        def exitcode(self) -> int:
            assert runner._processes.locked()
            return 7

    assert runner._exitcode(Process()) == 7


@pytest.mark.parametrize(
    ("broken", "arguments", "words"),
    [
        ("trio_asyncio", ("--bridge", "trio-asyncio"), "trio_asyncio cannot be imported: AttributeError: no such thing any more"),
        ("trio", ("--crossing", "asyncio->trio/thread"), "trio cannot be imported: AttributeError: no such thing any more"),
        (
            "tornado",
            ("--crossing", "tornado->asyncio/thread"),
            "tornado cannot be imported: AttributeError: no such thing any more",
        ),
        ("crochet", ("--bridge", "crochet"), "crochet cannot be imported: AttributeError: no such thing any more"),
    ],
)
def test_an_import_that_fails_is_said_in_words(broken: str, arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """A framework that an adapter or a driver needs, or a bridge's library, that is installed and cannot be imported."""
    (tmp_path / broken).mkdir()
    (tmp_path / broken / "__init__.py").write_text("from . import inner\n")
    (tmp_path / broken / "inner.py").write_text("raise AttributeError('no such thing any more')\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-m", "interop", "run", *arguments, "--law", "V1", "--record", str(tmp_path / "record.json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    found = read(tmp_path / "record.json").findings
    assert {(finding.verdict, finding.reason) for finding in found} == {("blocked", words)}
    assert "inner.py" in found[0].stacks
