"""A record is read back as it was written, and anything less is an error."""

import json
from pathlib import Path

import pytest

from interop.record import Finding, RecordError, new, read, write

FINDINGS = [
    Finding("bomb-gzip", "bombs", "trio", "kept"),
    Finding("bomb-gzip", "bombs", "tornado", "broken", "expected TooLarge, saw ok", {"expected": {"kind": "TooLarge"}}),
]


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = new(FINDINGS, expected=2, figures={"latest": "0.1 s"})
    write(written, tmp_path / "record.json")
    assert read(tmp_path / "record.json") == written
    assert written.complete
    assert written.count("broken") == 1
    assert written.header["packages"]


def test_an_interrupted_run_can_be_read_and_is_not_complete(tmp_path: Path) -> None:
    write(new(FINDINGS, expected=3), tmp_path / "record.json")
    assert not read(tmp_path / "record.json").complete


def test_any_cut_and_any_edit_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write(new(FINDINGS, expected=2), path)
    whole = path.read_text()
    for length in range(0, len(whole) - 2, 7):
        path.write_text(whole[:length])
        with pytest.raises(RecordError):
            read(path)
    path.write_text(whole.replace('"broken"', '"kept"'))
    with pytest.raises(RecordError, match="edited"):
        read(path)
    document = json.loads(whole)
    document["findings"].pop()
    path.write_text(json.dumps(document))
    with pytest.raises(RecordError, match="edited"):
        read(path)
    document["header"]["schema"] = 99
    path.write_text(json.dumps(document))
    with pytest.raises(RecordError, match="schema 99"):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"footer": 1}',
        '{"footer": {}, "header": {}}',
        '{"footer": null, "header": {}, "findings": []}',
        '{"footer": {"digest": ""}, "header": 1, "findings": []}',
    ],
)
def test_what_is_no_record_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(RecordError, match=r"is not a record, or it was cut off: (Expecting value|the [a-z]+ (is no|has no) )"):
        read(tmp_path / "record.json")


def test_a_record_that_is_not_there_or_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="No such file"):
        read(tmp_path / "none.json")
    with pytest.raises(RecordError, match="No such file"):
        write(new([], expected=0), tmp_path / "no" / "folder.json")
