"""Markdown for a pull request: what is against somebody stands in front, the rest is folded, and it fits into a comment."""

import re
from dataclasses import replace

from markdown_it import MarkdownIt

from interop.record import Finding, new
from interop.report.facts import About
from interop.report.markdown import markdown
from tests.report.records import EVIL, big, hostile, of_each_verdict


def test_totals_findings_against_a_table_and_departures_are_there() -> None:
    text = markdown(of_each_verdict(), {"C2": About("the caller waits for the cleanup", "Trio's reference")})
    assert text.startswith("### ✗ interop: 6 against\n")
    assert (
        "1 kept, 3 broken, 1 hung, 1 crashed, 2 not-applicable, 1 blocked, 1 kit-error, 1 observed, 1 of these known departures"
        in text
    )
    assert "**C2** the caller waits for the cleanup: broken on `trio->asyncio/thread (hasty)`" in text
    assert "interop run --caller trio --callee asyncio --topology thread --bridge hasty --law C2" in text
    assert "a thread cannot be interrupted" in text
    assert "curio not installed" in text
    assert text.count("<details>") == text.count("</details>") == 6 + 3


def test_a_good_record_is_short() -> None:
    text = markdown(new([Finding("C2", "C", "trio->twisted/thread", "kept")], expected=1))
    assert text.startswith("### ✓ interop: nothing against\n")


def test_an_unfinished_record_never_looks_passed() -> None:
    text = markdown(replace(new([Finding("C2", "C", "trio->twisted/thread", "kept")], expected=1), expected=2))
    assert text.startswith("### ✗ interop: interrupted: 1 of 2 findings\n")


def test_20000_findings_fit_into_a_comment_and_what_is_left_out_is_counted() -> None:
    record = big()
    text = markdown(record)
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>")
    shown = text.count("- **")
    (more,) = re.findall(r"and ([\d,]+) more; the record has them all", text.split("<details><summary>Subjects")[0])
    assert shown + int(more.replace(",", "")) == sum(finding.against for finding in record.findings)


def test_hostile_strings_stay_text() -> None:
    text = markdown(hostile(), {EVIL + "0": About(EVIL, EVIL, EVIL)})
    for token in MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text):
        for inner in [token, *(token.children or [])]:
            if inner.type in ("html_block", "html_inline"):
                tags = re.findall(r"<[^>]*>", inner.content)
                assert set(tags) <= {"<details>", "</details>", "<summary>", "</summary>"}, inner.content
            assert inner.type not in ("image", "link_open"), inner
            if inner.type == "text":
                assert "@all" not in inner.content
                assert "\x1b" not in inner.content
