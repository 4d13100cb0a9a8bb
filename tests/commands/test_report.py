"""`interop report` as a stranger meets it: exit codes, files whole or not at all, one line a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from interop.record import Record, new, read, write
from tests.report.records import of_each_verdict

EACH = of_each_verdict()
GOOD = replace(EACH, findings=tuple(f for f in EACH.findings if not f.against), expected=5)


def interop(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "interop", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("record", "code", "says"),
    [
        (EACH, 1, ""),
        (GOOD, 0, ""),
        (replace(GOOD, expected=9), 1, "interop: interrupted: 5 of 9 findings\n"),
        (new([], expected=0), 3, "interop: nothing ran\n"),
    ],
    ids=["against", "good", "interrupted", "empty"],
)
def test_the_exit_code_says_what_the_record_says(record: Record, code: int, says: str, tmp_path: Path) -> None:
    write(record, tmp_path / "record.json")
    done = interop(tmp_path, "report", "record.json", "--html", "page.html", "--junit", "junit.xml", "--badge", "badge.svg")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", says)
    assert "<!doctype html>" in (tmp_path / "page.html").read_text()
    Xml.parse(tmp_path / "junit.xml")
    Xml.parse(tmp_path / "badge.svg")
    assert {path.name for path in tmp_path.iterdir()} == {"record.json", "page.html", "junit.xml", "badge.svg"}


def test_without_a_file_the_table_is_printed_and_json_is_for_programs(tmp_path: Path) -> None:
    write(EACH, tmp_path / "record.json")
    assert "gevent->asyncio/guest" in interop(tmp_path, "report", "record.json").stdout
    summary = json.loads(interop(tmp_path, "report", "record.json", "--json").stdout)
    assert (summary["passed"], summary["findings"], summary["departures"], len(summary["against"])) == (False, 11, 1, 6)
    assert summary["against"][0]["again"].endswith("--bridge hasty --law C2")


def test_markdown_goes_to_standard_output_too(tmp_path: Path) -> None:
    write(EACH, tmp_path / "record.json")
    assert interop(tmp_path, "report", "record.json", "--markdown", "-").stdout.startswith("### ")


def test_the_page_explains_checks_by_the_catalogue(tmp_path: Path) -> None:
    write(EACH, tmp_path / "record.json")
    interop(tmp_path, "report", "record.json", "--html", "page.html")
    assert "docs/fetch-contract.md" in (tmp_path / "page.html").read_text()


def test_shards_are_merged_into_a_record(tmp_path: Path) -> None:
    write(replace(EACH, findings=EACH.findings[:5], expected=5), tmp_path / "1.json")
    write(replace(EACH, findings=EACH.findings[5:], expected=6), tmp_path / "2.json")
    assert interop(tmp_path, "report", "1.json", "2.json", "--record", "whole.json").returncode == 1
    assert read(tmp_path / "whole.json").findings == EACH.findings


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    write(GOOD, tmp_path / "record.json")
    done = interop(tmp_path, "report", "record.json", "--html", "/dev/null", "--record", "/dev/null")
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path("/dev/null").is_file()


def test_what_cannot_be_read_merged_or_written_is_exit_code_2_in_one_line(tmp_path: Path) -> None:
    write(EACH, tmp_path / "record.json")
    write(replace(EACH, header={**EACH.header, "python": "2.7"}), tmp_path / "old.json")
    (tmp_path / "cut.json").write_text((tmp_path / "record.json").read_text()[:-20])
    for arguments, says in (
        (["none.json"], "cannot read the record 'none.json': No such file or directory"),
        (["cut.json"], "'cut.json' is not a record, or it was cut off"),
        (["record.json", "old.json"], "not of the same environment: python is"),
        (["record.json", "--html", "no/where.html"], "cannot write the report 'no/where.html': No such file or directory"),
        (["record.json", "--record", "."], "cannot write the record '.': Is a directory"),
        (["record.json", "--json", "--markdown", "-"], "both want standard output"),
    ):
        done = interop(tmp_path, "report", *arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert says in done.stderr
