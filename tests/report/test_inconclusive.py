"""A verdict that the machine was too busy to give speaks against nobody, and is not passed: in every report and exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interop.cli import main
from interop.commands.report import text
from interop.harness.judging import together
from interop.record import INCONCLUSIVE, Finding, Record, RecordError, new, read, write
from interop.record.diff import compare
from interop.record.merge import merge

KEPT = Finding("hello", "plain", "trio", "kept")
UNTOLD = Finding("late", "plain", "trio", "inconclusive", "expected ok, saw Timeout")
BROKEN = Finding("other", "plain", "trio", "broken", "expected ok, saw BadResponse")


def record(*findings: Finding) -> Record:
    return new(findings, expected=len(findings))


@pytest.mark.parametrize(
    ("findings", "code"), [((KEPT,), 0), ((KEPT, UNTOLD), INCONCLUSIVE), ((UNTOLD,), INCONCLUSIVE), ((KEPT, UNTOLD, BROKEN), 1)]
)
def test_the_exit_code_of_a_report_says_so(findings: tuple[Finding, ...], code: int, tmp_path: Path) -> None:
    write(record(*findings), tmp_path / "record.json")
    assert main(["report", str(tmp_path / "record.json")]) == code


def test_an_unfinished_record_is_not_only_inconclusive(tmp_path: Path) -> None:
    write(new([UNTOLD], expected=2), tmp_path / "record.json")
    assert main(["report", str(tmp_path / "record.json")]) == 1


def test_every_report_names_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(record(KEPT, UNTOLD), tmp_path / "record.json")
    main(["report", str(tmp_path / "record.json")])
    assert "? trio: late: expected ok, saw Timeout" in capsys.readouterr().out
    main(["report", "--json", str(tmp_path / "record.json")])
    said = json.loads(capsys.readouterr().out)
    assert (said["passed"], said["against"], said["verdicts"]) == (False, [], {"kept": 1, "inconclusive": 1})
    assert "### ? interop: 1 inconclusive" in text(record(KEPT, UNTOLD), "markdown")
    assert "late: expected ok, saw Timeout" in text(record(KEPT, UNTOLD), "markdown")
    assert 'errors="1"' in text(record(KEPT, UNTOLD), "junit")
    assert 'type="inconclusive"' in text(record(KEPT, UNTOLD), "junit")
    assert "1 inconclusive" in text(record(KEPT, UNTOLD), "badge")
    assert "nothing against anybody, 1 inconclusive" in text(record(KEPT, UNTOLD), "html")


def test_a_part_that_could_tell_it_tells_it_for_all() -> None:
    told, broken = Finding("late", "plain", "trio", "kept"), Finding("late", "plain", "trio", "broken", "saw something")
    for found in (told, broken):
        for records in ([record(KEPT, UNTOLD), record(found)], [record(found), record(KEPT, UNTOLD)]):
            merged = merge(records)
            assert [finding.verdict for finding in merged.findings if finding.check == "late"] == [found.verdict]
            assert merged.complete
    with pytest.raises(RecordError, match="is kept in one record and broken in another"):
        merge([record(told), record(UNTOLD), record(broken)])


def test_repeated_runs_are_told_by_those_that_could_tell() -> None:
    assert together([UNTOLD, Finding("late", "plain", "trio", "kept"), UNTOLD])[0].verdict == "kept"
    assert together([UNTOLD, UNTOLD])[0].verdict == "inconclusive"


@pytest.mark.parametrize("other", ["kept", "broken", "hung", "observed"])
def test_it_is_no_change_of_behavior(other: str) -> None:
    found = Finding("late", "plain", "trio", other)
    for before, after in ((found, UNTOLD), (UNTOLD, found)):
        difference = compare([record(before)], [record(after)])
        assert not difference.changes
        assert "inconclusive" in difference.not_comparable[0].why


def test_it_is_read_back(tmp_path: Path) -> None:
    write(record(UNTOLD), tmp_path / "record.json")
    assert read(tmp_path / "record.json").findings == (UNTOLD,)
