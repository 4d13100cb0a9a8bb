"""The page holds the whole record, asks nobody for anything, and runs only its own script. In a browser: test_browser.py."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from interop.record import VERDICTS, Record
from interop.report.facts import MARKS, MEANINGS, About, printable
from interop.report.html import page
from tests.report.records import EVIL, big, hostile, of_each_verdict

RECORDS = [pytest.param(of_each_verdict(), id="each"), pytest.param(hostile(), id="hostile"), pytest.param(big(), id="big")]


class Elements(HTMLParser):
    """Every element with its attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Mapping[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.found[-1] if self.found else ("", {})
        if self.cdata_elem is not None:  # in a script or a style
            name = attributes.get("type") or tag
            self.texts[name] = self.texts.get(name, "") + data


def embedded(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Elements(text).texts["application/json"])
    return found


@pytest.mark.parametrize("record", RECORDS)
def test_everything_in_the_record_is_in_the_page(record: Record) -> None:
    data = embedded(page(record))
    columns = data["columns"]
    assert data["size"] == len(record.findings)
    assert sum(data["verdicts"].values()) == len(record.findings)
    assert sum(data["against"]) == sum(finding.against for finding in record.findings)

    def shown(column: str, n: int) -> Any:
        return columns[column]["values"][columns[column]["at"][n]]

    for n, finding in enumerate(record.findings):
        for field in ("check", "chapter", "subject", "verdict", "reason", "strength", "bridge", "stacks", "departure"):
            assert shown(field, n) == printable(getattr(finding, field))
        assert shown("trace", n) == [printable(step) for step in finding.trace]
        assert [name for name, _ in shown("evidence", n)] == [printable(name) for name in finding.evidence]


@pytest.mark.parametrize("record", RECORDS)
def test_the_page_asks_nobody_for_anything_and_runs_nothing_but_its_own(record: Record) -> None:
    text = page(record, {"C2": About("s", "https://example.org/", "l"), EVIL + "0": About(EVIL, EVIL, EVIL)})
    elements = Elements(text)
    tags = [tag for tag, _ in elements.found]
    assert tags.count("script") == 2
    assert tags.count("style") == 1
    assert not set(tags) & {"img", "iframe", "object", "embed", "base", "form", "video", "audio", "source"}
    for _, attributes in elements.found:
        assert "src" not in attributes
        assert attributes.get("href", "data:,") == "data:,"
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert not re.search(r"url\(|@import", elements.texts["style"])
    ways_out = r"fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|document\.write|\beval\(|import\("
    assert not re.search(ways_out, elements.texts["script"])
    policy = next(attributes["content"] or "" for tag, attributes in elements.found if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; ")
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(elements.texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_every_verdict_has_a_mark_and_a_meaning() -> None:
    assert set(MARKS) == set(MEANINGS) == {*VERDICTS, "departure"}


def test_frameworks_have_the_same_order_on_both_sides_and_laws_are_counted() -> None:
    columns = embedded(page(big()))["columns"]
    assert columns["caller"]["values"] == columns["callee"]["values"]
    assert columns["caller"]["values"][:3] == ["asyncio", "asyncio[uvloop]", "tornado"]
    assert columns["check"]["values"][:11] == [f"V{n}" for n in range(1, 12)]
    assert columns["topology"]["values"] == ["loop", "guest", "thread"]


def test_an_unfinished_and_an_empty_record_say_so_on_top() -> None:
    assert '<p id="headline">interrupted: 5 of 6 findings, 2 against somebody</p>' in page(hostile())
    assert "<title>interop: nothing ran</title>" in page(Record(of_each_verdict().header, (), 0))
