"""The page of results says what records say, and a section that is not written anew stays as it was."""

from pathlib import Path

import pytest

from interop.commands import matrix as command
from interop.record import Finding, Record, new, write
from interop.upgrade.covering import LINES, PYTHON, read
from interop.upgrade.results import HEAD, together

PAGE = f"{HEAD}\n## tornado\n\nkept as it was\n\n## uvloop\n\nthis, too\n"
FINDINGS = [
    Finding("V1", "V", "asyncio->trio/thread", "kept", bridge="portal"),
    Finding("X8", "X", "asyncio->trio/guest", "broken", "it does", bridge="portal", departure="As Trio says. See https://trio"),
    Finding("C1", "C", "asyncio->trio/thread", "hung", "a | b", bridge="portal"),
    Finding("C1", "C", "trio->asyncio/thread", "hung", "c", bridge="portal"),
    Finding("V1", "V", "asyncio->trio/thread", "broken", bridge="another library"),
    Finding("V2", "V", "asyncio->trio/thread", "not-applicable", bridge="portal"),
    Finding("hello", "plain", "trio", "kept"),
    Finding("bomb", "plain", "trio", "broken", "too much"),
    Finding("hello", "plain", "gevent", "not-applicable"),
    Finding("P1", "P", "python", "observed", strength="PROBE"),
]


def record(python: str = "3.12.1", **packages: str) -> Record:
    made = new(FINDINGS, expected=len(FINDINGS))
    return Record({**made.header, "python": python, "packages": packages}, made.findings, made.expected)


def section(page: str) -> list[str]:
    return page.partition("\n## every pair of releases\n")[2].splitlines()


def test_a_row_says_what_our_portals_and_the_clients_kept_in_one_environment() -> None:
    lines = section(together(PAGE, [record(trio="0.35.0")]))
    row = next(line for line in lines if line.startswith("| 3.12.1"))
    assert [word.strip() for word in row.strip("|").split("|")] == [
        "3.12.1",
        *("0.35.0" if package == "trio" else "(not installed)" for package in LINES),
        "1 of 4",
        "1 of 2",
        "X8 (departure), C1 (hung), bomb (broken)",
    ]


def test_what_is_excused_has_its_reason_and_what_is_not_its_place_and_words() -> None:
    lines = section(together(PAGE, [record(), record("3.13.0")]))
    assert lines.count("- X8: As Trio says. See https://trio") == 1
    assert sum(line.startswith("- ✗") for line in lines) == 6
    assert sum("C1, asyncio->trio/thread and 1 more: hung: a \\| b" in line for line in lines) == 2


def test_a_departure_that_became_known_after_the_run_excuses_the_releases_that_it_is_about() -> None:
    broken = Finding("F4", "F", "asyncio->anyio[trio]/guest", "broken", "unclosed", bridge="portal")
    header = record().header
    old, new = (Record({**header, "packages": {"anyio": version}}, [broken], 1) for version in ("4.4.0", "4.16.0"))
    assert any("F4 (departure)" in line for line in section(together(PAGE, [old])))
    assert any("F4 (broken)" in line for line in section(together(PAGE, [new])))


def test_the_rest_of_the_page_stays_as_it_was_and_the_section_is_written_anew() -> None:
    page = together(PAGE, [record()])
    assert page.startswith(PAGE)
    assert together(page, [record()]) == page


def test_the_command_writes_the_section_from_records_and_runs_nothing(tmp_path: Path) -> None:
    import argparse

    page, file = tmp_path / "matrix.md", tmp_path / "record.json"
    page.write_text(PAGE, encoding="utf-8")
    write(record(), file)
    parser = argparse.ArgumentParser()
    command.declare(parser)
    assert command.main(parser.parse_args(["--results", str(page), str(file)])) == 0
    assert page.read_text(encoding="utf-8") == together(PAGE, [record()])


CHECKED_IN = Path(__file__).parents[2] / "docs" / "matrix.md"


@pytest.mark.skipif(not CHECKED_IN.exists(), reason="needs a checkout")
def test_the_page_that_is_checked_in_has_every_environment_of_the_covering_set() -> None:
    rows = [line.strip("| ").split(" | ") for line in section(CHECKED_IN.read_text(encoding="utf-8")) if line.startswith("| 3.")]
    for row in read().rows:
        wanted = [row[PYTHON], *(row[package] for package in LINES)]
        assert any(
            all(f"{got}.".startswith(f"{want}.") for got, want in zip(versions, wanted, strict=False)) for versions in rows
        ), row
