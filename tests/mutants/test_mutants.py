"""The mutants are real changes, their trials say what the laws say, and what is listed about them is not stale."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.version_info < (3, 12):
    pytest.skip("which lines run is asked of sys.monitoring", allow_module_level=True)

from interop.bridges.crossing import every
from tests.mutants import making, written
from tests.mutants.crossings import FILES, PROCESSES
from tests.mutants.known import EQUIVALENT, Known
from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.reached import is_reached
from tests.mutants.results import KINDS, POWER, Results, share
from tests.mutants.tested import first_failed, seen_by_a_test
from tests.mutants.trial import Judge, Outcome, Trials, verdict

CROSSING = "gevent->asyncio/thread"


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    judge = Judge(tmp_path_factory.mktemp("mutants"), 0)
    yield Trials([judge], {CROSSING: ["V1", "C1", "C9"]})
    judge.close()


def mutant(file: str, before: str, after: str) -> Mutant:
    return next(it for it in making.mutants(file) if (it.before, it.after) == (before, after))


def test_each_file_of_the_core_has_crossings_that_there_are() -> None:
    there = {str(crossing) for crossing in every()}
    for file, crossings in FILES.items():
        fresh = [it for it in crossings if " in " not in it]  # Few, for a trial's time; used processes are as many as it takes.
        assert 2 <= len(fresh) <= 7, file
        for name, _, process in (it.partition(" in ") for it in crossings):
            assert name in there and process in {"", *PROCESSES}, file


def test_no_file_of_the_core_is_left_out() -> None:
    core = {str(it.relative_to(ROOT)) for part in ("adapters", "topologies") for it in (ROOT / "interop" / part).glob("*.py")}
    empty = {it for it in core if it.endswith("__init__.py")}
    portals = {f"interop/{name}.py" for name in ("bell", "blocking", "call", "conversation", "errors", "managers", "portal")}
    portals |= {f"interop/{name}.py" for name in ("runtime", "streams", "unpatched", "wrapping")}
    # What makes no portals.
    other = {f"interop/{name}.py" for name in ("__init__", "__main__", "cli", "pytest_plugin")}
    assert core - empty | portals == set(FILES)
    assert {str(it.relative_to(ROOT)) for it in (ROOT / "interop").glob("*.py")} == portals | other


def test_a_mutant_has_a_name_of_its_own_and_is_another_program() -> None:
    found = making.mutants("interop/bell.py")
    assert len({it.id for it in found}) == len(found) > 10
    source = (ROOT / "interop/bell.py").read_text(encoding="utf-8")
    assert all(it.source != source and compile(it.source, it.file, "exec") for it in found)


def test_what_was_written_by_hand_is_a_change_of_the_present_source() -> None:
    found = list(written.every())
    assert len({it.id for it in found}) == len(found) == len(written.entries()) > 80
    assert all(compile(it.source, it.file, "exec") and it.place for it in found)
    assert {it.file for it in found} < set(FILES)


def test_what_is_not_run_makes_no_mutants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        '"""Words."""\nT = TypeVar("T")\n@overload\ndef f(a: int) -> str: ...\n'
        'def f(a: int | None, /) -> str | None:\n    """Words."""\n    return cast("int", a)\n'
    )
    (tmp_path / "piece.py").write_text(source)
    monkeypatch.setattr(making, "ROOT", tmp_path)
    assert {it.after for it in making.mutants("piece.py")} == {
        'return cast("int", None)',
        'return cast("int", )',
        "return cast(a)",
    }


def test_a_method_keeps_its_indentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "method.py").write_text("@done\nclass A:\n    x = 1\n\n    def f(self):\n        return not self.x\n")
    monkeypatch.setattr(making, "ROOT", tmp_path)
    found = {(it.place, it.line, it.before, it.after) for it in making.mutants("method.py")}
    assert ("A.f", 6, "return not self.x", "return self.x") in {(*it[:3], " ".join(it[3].split())) for it in found}
    assert ("A", 1, "@done", "") in found
    assert ("A", 3, "x = 1", "x = None") in found


def test_a_statement_counts_as_run_if_one_of_its_lines_is() -> None:
    one = mutant("interop/blocking.py", "call.settle(value)", "call.settle(None)")
    assert is_reached(one, frozenset({f"{one.file}:{one.line}"}))
    assert not is_reached(one, frozenset({f"{one.file}:{one.line - 1}", f"interop/call.py:{one.line}"}))


def test_without_a_change_nothing_is_killed(trials: Trials) -> None:
    file = "interop/call.py"
    assert trials.of(file, (ROOT / file).read_text(encoding="utf-8"), [CROSSING]) == Outcome("survived")


@pytest.mark.parametrize(
    ("before", "after", "by", "how"),
    [
        (
            "elif self.unwanted is not False and not self.must_begin:",
            "elif self.unwanted is not False and self.must_begin:",
            *("C9", "broken"),
        ),
        ("if not self.routed:", "if not not self.routed:", "C1", "hung"),
        ("self.callee.outstanding.add(self)", "self.callee.outstanding.add(None)", "V1", "blocked"),
    ],
)
def test_a_law_kills_a_mutant(trials: Trials, before: str, after: str, by: str, how: str) -> None:
    one = mutant("interop/call.py", before, after)
    outcome = trials.of(one.file, one.source, [CROSSING])
    assert (outcome.verdict, outcome.by) == ("killed", by)
    assert outcome.how.startswith(how)


def test_a_mutant_that_changes_nothing_survives(trials: Trials) -> None:
    one = mutant("interop/runtime.py", "self._awake = False", "self._awake = None")
    assert trials.of(one.file, one.source, [CROSSING]) == Outcome("survived")


@pytest.mark.campaign
def test_what_no_law_sees_a_test_may_see(trials: Trials) -> None:
    judge = trials.judges[0]
    one = mutant(
        "interop/errors.py",
        'super().__init__(framework, "it already runs in this process", instead)',
        "super().__init__(framework, instead)",
    )
    words = ["tests/adapters/test_errors.py::test_a_user_meets[AlreadyRunning]"]
    assert seen_by_a_test(judge, one.file, (ROOT / one.file).read_text(encoding="utf-8"), words) is None
    assert seen_by_a_test(judge, one.file, one.source, words) == Outcome("tested", words[0])


def test_an_interrupted_run_asks_no_more(tmp_path: Path) -> None:
    judge = Judge(tmp_path, 0)
    judge.close()
    assert judge.ask([], stop=True) is None


def test_what_does_not_answer_is_inconclusive() -> None:
    assert verdict(None).verdict == "inconclusive"
    assert verdict([{"verdict": "failed", "reason": "the judge ended"}]).verdict == "inconclusive"


def test_a_result_is_good_until_what_it_stands_on_changes(tmp_path: Path) -> None:
    one = making.mutants("interop/bell.py")[0]
    results = Results(tmp_path / "results.json")
    results.put(one, Outcome("killed", "V1", CROSSING, "broken: 1"))
    results.write()
    again = Results(tmp_path / "results.json")
    assert again.good(one) == Outcome("killed", "V1", CROSSING, "broken: 1")
    again.found[one.id]["laws"] = "another revision of V1"
    assert again.good(one) is None
    again.put(one, Outcome("tested", "tests/test_it.py::test_it"))
    assert again.put(one, Outcome("survived")).verdict == "tested"
    assert again.put(one, Outcome("killed", "V1")).verdict == "killed"


def test_an_equivalent_mutant_does_not_count() -> None:
    assert share({"killed": 9, "equivalent": 5, "survived": 1}) == 0.9


@pytest.mark.parametrize("entry", EQUIVALENT, ids=lambda it: f"{it.file}:{it.place}:{it.after}")
def test_what_is_listed_is_a_mutant_that_there_is(entry: Known) -> None:
    assert any(map(entry.names, making.mutants(entry.file))), "stale: take it out of tests/mutants/known.py"
    assert len(entry.reason.split()) > 3


def test_the_published_score_is_of_files_that_there_are_and_adds_up() -> None:
    power = json.loads(POWER.read_text(encoding="utf-8"))
    assert set(power["files"]) <= set(FILES)
    assert all(set(counts) == set(KINDS) for counts in power["files"].values())
    assert sum(sum(counts.values()) for counts in power["files"].values()) == power["sample"] <= power["of"]


def test_the_first_test_that_failed_may_have_spaces_in_its_id() -> None:
    summary = (
        "F\n=== short ===\nFAILED tests/a.py::test_b[asyncio-waiter closed] - assert 0 == 1\nFAILED tests/a.py::test_c\n1 failed"
    )
    assert first_failed(summary) == "tests/a.py::test_b[asyncio-waiter closed]"
    assert first_failed("ERROR tests/a.py::test_d\n") == "tests/a.py::test_d"
    assert first_failed("ERROR: not found: tests/a.py\n1 passed") is None
