"""A difference names what changed in behavior and nothing else: what the kit, the noise or a missing package did stays apart."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from interop.record import Finding, Record, RecordError, new, write
from interop.record.diff import compare, differing
from interop.report.changes import in_words, markdown, text

LAW = Finding(
    "C2", "C", "trio->twisted/thread", "kept", name="the_caller_resumes_after_cleanup", bridge="portal", trace=("a", "b")
)
PROBE = Finding("P12", "P", "tornado", "observed", evidence={"value": {"outer": "pending"}}, name="gen_multi", strength="PROBE")


def record(*findings: Finding, packages: "dict[str, str] | None" = None, **header: Any) -> Record:
    made = new(findings, expected=len(findings))
    return replace(made, header={**made.header, "packages": packages or {}, **header})


def observed(value: Any) -> Finding:
    return replace(PROBE, evidence={"value": value})


def test_two_runs_of_the_same_environment_differ_in_nothing() -> None:
    again = [replace(LAW, seconds=9.0, stacks="other"), replace(PROBE, seconds=3.0)]
    difference = compare([record(LAW, PROBE)], [record(*again)])
    assert not difference.changes
    assert not difference.moved
    assert not difference.kit_changes
    assert not difference.not_comparable
    assert difference.compared == 2


@pytest.mark.parametrize("verdict", ["broken", "hung", "crashed", "blocked"])
def test_a_law_that_was_kept_and_is_not_any_more_is_a_regression_and_the_other_way_round_a_mend(verdict: str) -> None:
    worse = compare([record(LAW)], [record(replace(LAW, verdict=verdict, reason="saw b, a"))])
    assert [(change.kind, change.before, change.after) for change in worse.regressions] == [("verdict", "kept", verdict)]
    assert worse.changes[0].after_reason == "saw b, a"
    better = compare([record(replace(LAW, verdict=verdict))], [record(LAW)])
    assert [(change.before, change.after) for change in better.mends] == [(verdict, "kept")]
    assert not better.regressions


def test_a_law_that_was_broken_and_now_hangs_is_a_regression_too() -> None:
    assert compare([record(replace(LAW, verdict="broken"))], [record(replace(LAW, verdict="hung"))]).regressions


def test_a_law_that_is_kept_in_another_order_is_a_change_of_its_trace() -> None:
    (change,) = compare([record(LAW)], [record(replace(LAW, trace=("b", "a")))]).others
    assert (change.kind, change.before, change.after) == ("trace", ["a", "b"], ["b", "a"])


def test_a_probe_s_new_value_is_a_change_without_right_or_wrong() -> None:
    (change,) = compare([record(PROBE)], [record(observed({"outer": "cancelled"}))]).others
    assert (change.id, change.subject, change.kind) == ("P12", "tornado", "value")
    assert (change.before, change.after) == ({"outer": "pending"}, {"outer": "cancelled"})


@pytest.mark.parametrize("value", ["hung", "stuck", {"asyncio": "fine", "trio": "hung"}, [["crashed: SIGSEGV"]]])
def test_a_probe_that_hangs_or_crashes_now_is_a_regression_even_inside_its_value(value: Any) -> None:
    assert compare([record(PROBE)], [record(observed(value))]).regressions
    assert compare([record(observed(value))], [record(PROBE)]).mends


def test_a_probe_that_hangs_as_a_whole_says_only_that() -> None:
    hung = replace(PROBE, verdict="hung", evidence={}, reason="after 5 s")
    (change,) = compare([record(PROBE)], [record(hung)]).regressions
    assert (change.before, change.after) == ({"outer": "pending"}, "hung")
    assert compare([record(hung)], [record(PROBE)]).mends


def test_an_import_that_fails_comes_first() -> None:
    kept = Finding("import", "import", "tornado", "kept", name="it_can_be_imported")
    worse = [replace(LAW, verdict="broken"), observed("hung"), replace(kept, verdict="broken", reason="ImportError")]
    kinds = [change.kind for change in compare([record(LAW, PROBE, kept)], [record(*worse)]).changes]
    assert kinds == ["import", "verdict", "value"]


def test_regressions_come_before_changes_and_these_before_mends() -> None:
    old = [observed(1), replace(LAW, verdict="broken"), replace(LAW, check="C3")]
    now = [observed(2), LAW, replace(LAW, check="C3", verdict="broken")]
    assert [change.id for change in compare([record(*old)], [record(*now)]).changes] == ["C3", "P12", "C2"]


def test_what_differs_between_two_runs_of_one_environment_is_noise_and_no_change() -> None:
    old, now = record(LAW, PROBE), record(replace(LAW, verdict="broken"), observed("x"))
    assert differing(old, now) == [LAW.key, PROBE.key]
    difference = compare([old], [now, record(LAW, observed("x"))])
    assert [change.id for change in difference.changes] == ["P12"]
    assert [(noise.id, noise.before, noise.after) for noise in difference.noise] == [("C2", ["kept"], ["broken", "kept"])]


def test_noise_shows_on_the_old_side_too_and_where_both_sides_begin_alike() -> None:
    assert compare([record(PROBE), record(observed(2))], [record(observed(2))]).noise
    assert compare([record(PROBE), record(observed(2))], [record(PROBE)]).noise


def test_only_that_part_of_a_value_is_noise_that_is_unsteady() -> None:
    old = [record(observed({"steady": 1, "not": [1, part]})) for part in (1, 2)]
    same = compare(old, [record(observed({"steady": 1, "not": [1, 3]}))])
    assert same.noise
    assert not same.changes
    assert text(same).endswith("P12 tornado: not: 1, 1 or 1, 2")
    other = compare(old, [record(observed({"steady": 2, "not": [1, 3]}))])
    assert other.noise
    assert [(c.before, c.after) for c in other.changes] == [
        ({"steady": 1, "not": [1, "(noise)"]}, {"steady": 2, "not": [1, "(noise)"]})
    ]
    assert not compare([record(PROBE), record(observed("hang"))], [record(observed({"outer": "cancelled"}))]).changes


def test_packages_that_moved_are_named_whatever_their_spelling() -> None:
    old = record(LAW, packages={"zope_interface": "7", "tornado": "6.5", "idna": "3"}, python="3.12.1")
    now = record(LAW, packages={"zope.interface": "7", "tornado": "6.6", "Anyio": "4"}, python="3.13.0")
    moves = [(move.package, move.before, move.after) for move in compare([old], [now]).moved]
    assert moves == [("python", "3.12.1", "3.13.0"), ("anyio", None, "4"), ("idna", "3", None), ("tornado", "6.5", "6.6")]


def test_a_check_that_changed_itself_is_the_kit_s_doing() -> None:
    renamed = replace(PROBE, name="gen_multi_again", evidence={"value": 1})
    difference = compare([record(PROBE)], [record(renamed)])
    assert not difference.changes
    assert [entry.id for entry in difference.kit_changes] == ["P12"]
    old, now = record(PROBE, checks={"P12": "a"}), record(observed(1), checks={"P12": "b"})
    assert [entry.id for entry in compare([old], [now]).kit_changes] == ["P12"]
    assert not compare([old], [now]).changes


def test_what_is_on_one_side_only_is_not_compared_and_says_why() -> None:
    missing = replace(PROBE, verdict="not-applicable", reason="tornado is not installed", evidence={})
    difference = compare([record(PROBE, LAW)], [record(missing)])
    assert not difference.changes
    assert {entry.id: entry.why for entry in difference.not_comparable} == {
        "P12": "does not apply after: tornado is not installed",
        "C2": "only before",
    }
    cut = replace(record(missing), expected=5)
    assert any("interrupted" in entry.why for entry in compare([record(LAW)], [cut]).not_comparable)


def test_a_kit_error_is_no_change_of_behavior() -> None:
    difference = compare([record(LAW)], [record(replace(LAW, verdict="kit-error", reason="oops"))])
    assert not difference.changes
    assert "oops" in difference.not_comparable[0].why


def test_records_of_different_environments_are_not_one_side() -> None:
    with pytest.raises(RecordError, match="trio is 1 and 2"):
        compare([record(LAW, packages={"trio": "1"}), record(LAW, packages={"trio": "2"})], [record(LAW)])


def test_old_and_new_stand_side_by_side_and_what_is_the_same_is_left_out() -> None:
    old = observed({"a": [1, 2], "b": True, "c": {"d": 1, "e": 2}})
    now = observed({"a": [2, 1], "b": True, "c": {"d": 1, "e": 3, "f": "x"}})
    difference = compare([record(old)], [record(now)])
    said = text(difference, "title")
    assert said.endswith("gen multi\n    a: 1, 2 → 2, 1\n    c, e: 2 → 3\n    c, f: (not there) → x")
    assert said.startswith("title\n0 regressions, 1 change, 0 mends; 1 findings compared")
    assert "| a: 1, 2; c, e: 2; c, f: (not there) | a: 2, 1; c, e: 3; c, f: x |" in markdown(difference)
    known = replace(now, evidence={**now.evidence, "source": "tornado 6.6 notes"})
    assert text(compare([record(old)], [record(known)])).endswith("\n    source: tornado 6.6 notes")
    whole = text(compare([record(observed([1]))], [record(observed([2]))]))
    assert "    before: 1\n    after:  2" in whole


def test_a_value_in_a_table_cell_stays_in_its_cell_and_commands_no_terminal() -> None:
    difference = compare([record(PROBE)], [record(observed("a|b<br>\n\x1b[2J"))])
    row = next(line for line in markdown(difference).splitlines() if line.startswith("| P12"))
    assert row.count("|") - row.count("\\|") == 5
    assert "<br>" not in row
    assert "\x1b" not in text(difference)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"),
        (None, "nothing"),
        ([], "nothing"),
        ({"a": [True, 2]}, "a: yes, 2"),
        ([["a"], []], "[a] | [nothing]"),
        ("", '""'),
    ],
)
def test_a_value_is_said_in_words(value: Any, words: str) -> None:
    assert in_words(value) == words


def interop_diff(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-m", "interop", "diff", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_exit_code_says_whether_there_is_a_regression_or_a_change(tmp_path: Path) -> None:
    old, changed, worse = (str(tmp_path / name) for name in ("old.json", "changed.json", "worse.json"))
    write(record(LAW, PROBE), old)
    write(record(LAW, observed("new")), changed)
    write(record(replace(LAW, verdict="broken"), PROBE), worse)
    assert interop_diff(old, old, "--fail-on", "change").returncode == 0
    assert interop_diff(old, changed).returncode == 0
    assert interop_diff(old, changed, "--fail-on", "change").returncode == 1
    assert interop_diff(old, worse).returncode == 1
    assert interop_diff(f"{old},{worse}", worse, "--fail-on", "change").returncode == 0
    done = interop_diff(old, worse, "--json")
    document = json.loads(done.stdout)
    assert {"changes", "moved", "kit_changes", "noise"} <= document.keys()
    (change,) = document["changes"]
    assert {name: change[name] for name in ("id", "subject", "kind", "before", "after", "regression")} == {
        "id": "C2",
        "subject": "trio->twisted/thread",
        "kind": "verdict",
        "before": "kept",
        "after": "broken",
        "regression": True,
    }


def test_what_is_no_record_is_exit_code_2_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    for arguments in ((str(tmp_path / "x.json"),) * 2, (str(tmp_path / "none.json"),) * 2, ("only-one",)):
        done = interop_diff(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert not done.stdout
