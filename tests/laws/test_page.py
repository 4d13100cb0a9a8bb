"""docs/laws.md says what the catalogue says."""

from __future__ import annotations

from pathlib import Path

from interop.laws.law import CHAPTERS, catalogue
from interop.laws.page import killers, page
from interop.laws.untestable import UNTESTABLE

PAGE = Path(__file__).parents[2] / "docs/laws.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m interop.laws.page > docs/laws.md"


def test_every_law_of_the_page_names_a_fault_that_breaks_it() -> None:
    assert list(killers()) == list(catalogue())
    assert all(killers().values())


def test_every_rule_that_cannot_be_tested_has_a_reason() -> None:
    assert all(rule.chapter in CHAPTERS and rule.sentence and rule.reason for rule in UNTESTABLE)
    assert len({rule.sentence for rule in UNTESTABLE}) == len(UNTESTABLE)
