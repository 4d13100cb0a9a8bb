"""The published schema and the kit's own reader accept the same records, and refuse the same."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from interop import record as records
from interop.cli import main
from interop.record import SCHEMA, VERDICTS, Finding, Record, RecordError, read, write
from interop.record.form import FINDING, HEADER, HEADER_NEEDS, STRENGTHS
from interop.record.merge import merge
from tests.report.records import of_each_verdict

ROOT = Path(__file__).parents[2]
jsonschema: Any = pytest.importorskip("jsonschema", reason="no jsonschema: the extra [test] brings it")
PUBLISHED = json.loads((ROOT / "docs" / "record.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(PUBLISHED)


def test_the_schema_is_a_schema_and_names_what_the_code_names() -> None:
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)
    finding = PUBLISHED["$defs"]["finding"]["properties"]
    assert set(finding) == {field.name for field in fields(Finding)} == set(FINDING)
    assert tuple(finding["verdict"]["enum"]) == VERDICTS
    assert tuple(finding["strength"]["enum"]) == STRENGTHS
    assert PUBLISHED["properties"]["header"]["properties"]["schema"]["const"] == SCHEMA
    assert tuple(PUBLISHED["properties"]["header"]["required"]) == HEADER_NEEDS
    assert set(PUBLISHED["properties"]["header"]["properties"]) == set(HEADER)


def test_the_page_about_records_names_every_field_and_verdict() -> None:
    text = (ROOT / "docs" / "record.md").read_text(encoding="utf-8")
    for name in [*FINDING, *VERDICTS]:
        assert f"| `{name}` |" in text


@pytest.mark.parametrize("record", [of_each_verdict(), merge([of_each_verdict()] * 3)], ids=["each", "merged"])
def test_a_record_of_each_verdict_is_valid(record: Record, tmp_path: Path) -> None:
    write(record, tmp_path / "record.json")
    VALIDATOR.validate(json.loads((tmp_path / "record.json").read_text()))
    assert read(tmp_path / "record.json") == record


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (("--framework", "nothing,trio", "--group", "chunks"), "kept"),
        (("--crossing", "asyncio->threads/thread", "--law", "V1,V10,C1", "--shuffle", "7"), "kept"),
        (("--law", "P1"), "observed"),
    ],
    ids=["behaviors", "laws", "a probe"],
)
def test_a_real_run_says_what_was_kept_and_its_record_is_valid(asked: tuple[str, ...], verdict: str, tmp_path: Path) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "interop", "run", *asked, "--record", "real.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "real.json").read_text())
    VALIDATOR.validate(record)
    assert {finding["verdict"] for finding in record["findings"]} == {verdict}
    assert f"{len(record['findings'])} {verdict}" in done.stdout


def change(where: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def made(document: dict[str, Any]) -> None:
        *path, last = where.split(".")
        place: Any = document
        for part in path:
            place = place[int(part) if part.isdigit() else part]
        if value is KeyError:
            del place[last]
        else:
            place[last] = value

    return made


def sign(document: dict[str, Any]) -> None:
    """An attacker's record has a digest that fits."""
    document["footer"].pop("digest")
    document["footer"]["digest"] = records._digest(document)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("findings.0.verdict", "fine"),
        ("findings.0.verdict", KeyError),
        ("findings.0.check", KeyError),
        ("findings.0.check", 1),
        ("findings.0.evidence", "text"),
        ("findings.0.trace", "text"),
        ("findings.0.trace", [1]),
        ("findings.0.seconds", "1"),
        ("findings.0.seconds", True),
        ("findings.0.strength", "PERHAPS"),
        ("findings.0.more", 1),
        ("findings.0.stacks", None),
        ("header.figures", []),
        ("header.packages", KeyError),
        ("header.python", 3.12),
        ("header.command", "run"),
        ("header.schema", 2),
        ("header.checks", "text"),
        ("header.checks", None),
        ("header.checks", {"V1": 1}),
        ("header.packages", {"trio": None}),
        ("header.merged", 1),
        ("header.merged", [1]),
        ("header.laws", {}),
        ("findings.0.seconds", 10**400),
        ("findings.0.seconds", -1),
        ("findings.0.check", ""),
        ("footer.expected", KeyError),
        ("footer.expected", None),
        ("footer.expected", "3"),
        ("footer.expected", True),
        ("footer.expected", -1),
        ("footer.written", None),
        ("footer.more", 1),
    ],
)
def test_what_the_schema_refuses_is_no_record_for_the_reader_either(where: str, value: Any, tmp_path: Path) -> None:
    write(of_each_verdict(), tmp_path / "record.json")
    document = copy.deepcopy(json.loads((tmp_path / "record.json").read_text()))
    change(where, value)(document)
    sign(document)
    assert not VALIDATOR.is_valid(document)
    (tmp_path / "record.json").write_text(json.dumps(document))
    with pytest.raises(RecordError):
        read(tmp_path / "record.json")


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


EACH = len(of_each_verdict().findings)
HOSTILE: dict[str, Callable[[str], str]] = {
    "deep": lambda text: text.replace('"evidence": {}', f'"evidence": {{"x": {deep(100_000)}}}', 1),
    "deep enough for other walkers": lambda text: text.replace('"evidence": {}', f'"evidence": {{"x": {deep(900)}}}', 1),
    "deep alone": lambda text: deep(100_000),
    "expected null": lambda text: text.replace(f'"expected": {EACH}', '"expected": null'),
    "expected text": lambda text: text.replace(f'"expected": {EACH}', '"expected": "many"'),
    "expected more": lambda text: text.replace(f'"expected": {EACH}', f'"expected": {EACH + 1}'),
    "seconds": lambda text: text.replace('"seconds": 0.0,', f'"seconds": 1{"0" * 400},'),
    "more digits than int() takes": lambda text: text.replace('"seconds": 0.0,', f'"seconds": 1{"0" * 5000},'),
    "not a number": lambda text: text.replace('"seconds": 0.0,', '"seconds": NaN,'),
    "checks": lambda text: text.replace('"header": {', '"header": {"checks": [1],'),
}


@pytest.mark.parametrize("signed", [False, True], ids=["as it is", "with a digest that fits"])
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_record_is_exit_code_2_and_one_sentence_in_every_command(
    what: str, signed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    write(of_each_verdict(), good)
    text = HOSTILE[what](good.read_text())
    assert text != good.read_text()
    if signed and what not in ("deep", "deep alone", "more digits than int() takes", "expected more"):
        document = json.loads(text)
        sign(document)
        text = json.dumps(document)
    bad.write_text(text)
    monkeypatch.chdir(tmp_path)
    for words in (
        ["report", "bad.json"],
        ["report", "good.json", "bad.json", "--record", "whole.json"],
        ["diff", "good.json", "bad.json"],
        ["diff", "good.json,bad.json", "good.json"],
        ["matrix", "--results", "page.md", "bad.json"],
    ):
        assert main(words) == 2, words
        said = capsys.readouterr().err
        assert said.startswith("interop: Usage: ")
        assert said.count("\n") == 1
        assert len(said) < 1000
    assert not (tmp_path / "whole.json").exists()
