"""The badge says the worst of it."""

from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from interop.record import Record, new
from interop.report.badge import svg
from tests.report.records import hostile, of_each_verdict

EACH = of_each_verdict()
GOOD = [finding for finding in EACH.findings if not finding.against]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (EACH, "interop: 6 against"),
        (hostile(), "interop: 2 against"),
        (new(GOOD, expected=len(GOOD)), "interop: 1 kept"),
        (new(GOOD, expected=99), "interop: unfinished"),
        (new([], expected=0), "interop: nothing ran"),
        (replace(EACH, findings=()), "interop: unfinished"),
    ],
)
def test_the_badge_says(record: Record, says: str) -> None:
    document = Xml.fromstring(svg(record))
    assert document.attrib["aria-label"] == says
    assert len(svg(record)) < 1000


def test_a_label_is_text() -> None:
    Xml.fromstring(svg(EACH, "<&\"'>"))
