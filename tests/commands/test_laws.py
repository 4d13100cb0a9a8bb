"""`interop laws` shows everything that can be checked, and explains each."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from interop.commands.catalogue import CHAPTERS, about, entries
from interop.laws.untestable import UNTESTABLE


def interop(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "interop", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_every_law_and_probe_is_listed_once_in_its_chapter() -> None:
    lines = interop("laws").stdout.splitlines()
    ids = [line.split()[0] for line in lines if line.startswith("  ") and line[2] not in " -"]
    assert ids == list(entries())
    heads = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert heads == [chapter for chapter in CHAPTERS if any(entry.chapter == chapter for entry in entries().values())]


def test_a_chapter_can_be_listed_alone() -> None:
    done = interop("laws", "p")
    assert {line.split()[0][0] for line in done.stdout.splitlines() if line.strip()} == {"P"}


def test_every_rule_that_no_law_can_check_is_listed_in_its_chapter_with_the_reason() -> None:
    alone = " ".join(interop("laws", "untestable").stdout.split())
    chapters = {chapter: " ".join(interop("laws", chapter).stdout.split()) for chapter in {rule.chapter for rule in UNTESTABLE}}
    for rule in UNTESTABLE:
        for text in (chapters[rule.chapter], alone):
            assert f"- not checked {rule.sentence} {rule.reason}" in text
    reasons = [line for line in interop("laws", "untestable").stdout.splitlines() if line.startswith(" " * 22)]
    assert reasons
    assert max(map(len, reasons)) <= 110
    assert json.loads(interop("laws", "untestable", "--json").stdout) == [asdict(rule) for rule in UNTESTABLE]


def test_every_entry_is_explained_with_its_sentence_and_how_to_check_it() -> None:
    for entry in [*entries().values()][:1] + [*entries().values()][-1:]:
        text = interop("laws", entry.id.lower()).stdout
        assert text.startswith(f"{entry.id}  {entry.sentence}\n")
        for part in (entry.source, *entry.look.splitlines(), f"interop run --law {entry.id}", CHAPTERS[entry.chapter]):
            assert part in text


def test_json_is_the_whole_catalogue() -> None:
    assert [entry["id"] for entry in json.loads(interop("laws", "--json").stdout)] == list(entries())


def test_an_unknown_id_is_a_usage_error_that_says_where_to_look() -> None:
    done = interop("laws", "Z99")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no law or probe is called 'Z99'" in done.stderr
    assert "interop laws" in done.stderr


def test_the_reports_can_explain_every_law_probe_and_behavior() -> None:
    known = about()
    assert set(entries()) <= set(known)
    assert known["bomb-gzip"].source == "docs/fetch-contract.md"
    assert all(entry.sentence for entry in known.values())
