"""A departure excuses one broken law where it says, for as long as it is needed, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from interop.bridges.crossing import every
from interop.errors import InteropError
from interop.harness.judging import judged, together
from interop.laws import departures, toml
from interop.laws.departures import DepartureError, _within
from interop.laws.law import catalogue
from interop.record import Finding

ENTRY = """
[[departure]]
law = ["V1", "V2"]
bridge = "portal"
crossing = "*->trio/*"
reason = "because"
link = "https://example.org/"
"""


def entries(tmp_path: Path, text: str) -> list[departures.Departure]:
    file = tmp_path / "departures.toml"
    file.write_text(text)
    return departures.read(file)


def broken(crossing: str, verdict: str = "broken", law: str = "X8") -> Finding:
    return Finding(law, law[0], crossing, verdict, bridge="portal")


def test_ours_are_about_laws_and_crossings_that_there_are() -> None:
    for entry in departures.read():
        assert set(entry.laws) <= set(catalogue())
        for pattern in entry.crossings:
            assert any(departures._like(str(crossing), pattern) for crossing in every()), pattern


def test_a_broken_law_is_excused_and_a_hang_is_not() -> None:
    found, _ = judged([broken("asyncio->trio/guest"), broken("asyncio->trio/guest", "hung"), broken("asyncio->trio/thread")])
    assert [bool(finding.departure) for finding in found] == [True, False, False]
    assert [finding.against for finding in found] == [False, True, True]
    assert "https://trio.readthedocs.io" in found[0].departure


def test_an_entry_that_nothing_needs_is_stale() -> None:
    kept = [broken("asyncio->trio/guest", "kept"), broken("trio->asyncio/hosted", "kept")]
    assert len(judged(kept)[1]) == 1
    assert judged([*kept, broken("tornado->trio/guest")])[1] == []
    assert judged([broken("asyncio->asyncio/thread", "kept", "V1")])[1] == []


def test_a_race_is_excused_when_it_breaks_and_not_stale_when_it_does_not(tmp_path: Path) -> None:
    checked = [("V1", "asyncio->trio/guest", "portal", False)]
    always, race = entries(tmp_path, ENTRY)[0], entries(tmp_path, ENTRY + "race = true\n")[0]
    assert race.covers("V1", "asyncio->trio/guest", "portal")
    assert len(departures.stale([always], checked)) == 1
    assert departures.stale([race], checked) == []


def test_brackets_stand_for_themselves(tmp_path: Path) -> None:
    entry = entries(tmp_path, ENTRY.replace("*->trio/*", "*->anyio[trio]/*"))[0]
    assert entry.covers("V1", "asyncio->anyio[trio]/guest", "portal")
    assert not entry.covers("V1", "asyncio->anyiot/guest", "portal")


@pytest.mark.parametrize("wrong", [ENTRY.replace("reason =", "why ="), ENTRY.replace('link = "https://example.org/"', "")])
def test_an_entry_without_a_reason_or_a_link_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(DepartureError, match="needs law, bridge, crossing, reason and link"):
        entries(tmp_path, wrong)


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("0.30.0", "<0.30", False),
        ("0.29.9", "<0.30", True),
        ("6.5", "==6.5.0", True),
        ("24.10.0rc1", ">=24.10", True),
        ("1.2.3", ">=1,<2,!=1.2.3", False),
        ("10.0", ">9", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, fits: bool) -> None:
    assert _within(version, wanted) is fits


def test_a_version_condition_that_is_none_is_refused() -> None:
    with pytest.raises(DepartureError, match="no version condition"):
        _within("1.0", "~=1")


def test_python_310_reads_the_file_as_later_ones_do() -> None:
    text = departures.FILE.read_text(encoding="utf-8") + ENTRY + 'versions = {trio = "<0.30", tornado = ">=6"}\nrace = true\n'
    text += ENTRY + "# a comment\nrace = false # and another\nversions = {'zope.interface' = \">=5\"}\n"
    text += ENTRY.replace('"V1", "V2"', "\"V1\", 'V2', ").replace("because", "because # of {this} = [that]")
    assert toml.parsed_by_hand(text) == toml.parsed(text)


@pytest.mark.parametrize(
    "line",
    [
        "race = False",
        "race = 1",
        'reason = """two\nlines"""',
        'reason = "a \\" b"',
        "law = [\n'V1'\n]",
        "x",
        "[other]",
        'link = "twice"',
    ],
)
def test_what_python_310_alone_cannot_read_is_a_sentence(line: str) -> None:
    with pytest.raises(toml.TomlError, match=r"line .* cannot be read on this Python"):
        toml.parsed_by_hand(ENTRY + line)


def test_python_310_reads_a_race_that_is_none_without_tomli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, name, None)
    assert [entry.race for entry in entries(tmp_path, ENTRY + "race = false\n" + ENTRY + "race = true\n")] == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        ENTRY + 'race = "false"\n',
        ENTRY + "versions = {trio = 1}\n",
        ENTRY + 'versions = {trio = "~=1"}\n',
        ENTRY.replace('["V1", "V2"]', "[1]"),
        ENTRY.replace('["V1", "V2"]', "[]"),
        ENTRY.replace('"portal"', "3"),
        "departure = 5\n",
        "[departure]\n",
        "= = =",
    ],
)
def test_a_list_of_another_form_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(InteropError) as caught:
        entries(tmp_path, text)
    assert isinstance(caught.value, DepartureError)


def test_a_list_that_is_not_there_or_no_text_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DepartureError, match="No such file"):
        departures.read(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff")
    with pytest.raises(DepartureError, match=r"binary\.toml"):
        departures.read(tmp_path / "binary.toml")


def test_repeated_findings_are_the_worst_with_its_rate() -> None:
    found = together([broken("a", "kept"), broken("a", "broken"), broken("a", "kept"), broken("b", "kept")])
    assert [finding.verdict for finding in found] == ["broken", "kept"]
    assert found[0].evidence["rate"] == 0.3333
    assert "flaky, broken in 1 of 3 runs" in found[0].reason
