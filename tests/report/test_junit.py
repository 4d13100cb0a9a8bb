"""JUnit XML counts as the record counts, and holds whatever strings it is given."""

from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from interop.record import Record
from interop.report.facts import About, against
from interop.report.junit import xml
from tests.report.records import big, hostile, of_each_verdict


def cases(record: Record) -> list[Xml.Element]:
    return list(Xml.fromstring(xml(record).encode()).iter("testcase"))


@pytest.mark.parametrize("record", [of_each_verdict(), hostile(), big()], ids=["each", "hostile", "big"])
def test_every_finding_is_a_case_and_the_counts_are_the_record_s(record: Record) -> None:
    document = Xml.fromstring(xml(record).encode())
    found = list(document.iter("testcase"))
    assert len(found) == len(record.findings) + (not record.complete) == int(document.attrib["tests"])
    wrong = sum(case.find("failure") is not None or case.find("error") is not None for case in found)
    assert wrong == len(against(record)) + (not record.complete)
    assert wrong == int(document.attrib["failures"]) + int(document.attrib["errors"])
    for suite in document:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))


def test_each_verdict_is_the_kind_that_a_ci_system_knows() -> None:
    record = of_each_verdict()
    kinds = {}
    for finding, case in zip(
        sorted(record.findings, key=lambda f: f.check), sorted(cases(record), key=lambda c: c.attrib["name"]), strict=True
    ):
        child = next(iter(case), None)
        kinds[finding.verdict, bool(finding.departure)] = None if child is None else child.tag
    assert kinds == {
        ("kept", False): None,
        ("observed", False): None,
        ("broken", False): "failure",
        ("broken", True): "skipped",
        ("not-applicable", False): "skipped",
        ("hung", False): "error",
        ("crashed", False): "error",
        ("blocked", False): "error",
        ("kit-error", False): "error",
    }


def test_a_failure_says_how_to_run_it_again_and_a_skip_says_why() -> None:
    text = xml(of_each_verdict(), {"C2": About("the caller waits for the cleanup")})
    assert "interop run --caller trio --callee asyncio --topology thread --bridge hasty --law C2" in text
    assert "C2 the caller waits for the cleanup" in text
    assert "known departure: a thread cannot be interrupted" in text


def test_an_unfinished_record_is_an_error_of_its_own() -> None:
    record = of_each_verdict()
    assert not any(case.attrib["classname"] == "interop" for case in cases(record))
    (case,) = [case for case in cases(replace(record, expected=99)) if case.attrib["classname"] == "interop"]
    error = case.find("error")
    assert error is not None
    assert error.attrib["message"] == "interrupted: 11 of 99 findings"
