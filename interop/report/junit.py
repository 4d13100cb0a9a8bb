"""JUnit XML, as CI systems read it: a suite for each subject and bridge, a case for each check.

What was broken is a failure; what hung, crashed or could not be checked is an error; what has no place and what is a known
departure is skipped, with the reason. An unfinished record has one more suite with an error in it: it never passes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from interop.record import Finding, Record
from interop.report.facts import About, again, label, outcome, printable, sentence, unfinished, why

KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def xml(record: Record, about: Mapping[str, About] | None = None) -> str:
    """The whole document."""
    suites = Xml.Element("testsuites", name="interop")
    found: dict[str, list[Finding]] = {}
    for finding in record.findings:
        found.setdefault(label(finding), []).append(finding)
    for name, findings in found.items():
        suite = Xml.SubElement(suites, "testsuite", name=_valid(name), timestamp=_valid(record.header["written"])[:19])
        _properties(suite, record)
        for finding in findings:
            _case(suite, finding, about)
        _count(suite, sum(finding.seconds for finding in findings))
    if not record.complete:
        suite = Xml.SubElement(suites, "testsuite", name="the run itself")
        case = Xml.SubElement(suite, "testcase", classname="interop", name="every planned finding is there", time="0.000")
        Xml.SubElement(case, "error", type="interrupted", message=unfinished(record))
        _count(suite, 0.0)
    _count(suites, sum(finding.seconds for finding in record.findings))
    Xml.indent(suites, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _properties(suite: Xml.Element, record: Record) -> None:
    properties = Xml.SubElement(suite, "properties")
    for name in ("kit", "python", "implementation", "platform"):
        Xml.SubElement(properties, "property", name=name, value=_valid(record.header[name]))


def _case(suite: Xml.Element, finding: Finding, about: Mapping[str, About] | None) -> None:
    words = sentence(finding, about)
    name = f"{finding.check} {words}" if words else finding.check
    place = f"{label(finding)}.{finding.chapter}"
    case = Xml.SubElement(suite, "testcase", classname=_valid(place), name=_valid(name), time=f"{finding.seconds:.3f}")
    state = outcome(finding)
    if state in ("kept", "observed"):
        return
    if state in ("not-applicable", "departure"):
        message = finding.reason if state == "not-applicable" else f"known departure: {finding.departure}"
        Xml.SubElement(case, "skipped", message=_valid(message))
        return
    tag = "failure" if state == "broken" else "error"
    details = Xml.SubElement(case, tag, type=finding.verdict, message=_valid(why(finding) or finding.verdict))
    details.text = _valid(_details(finding))


def _details(finding: Finding) -> str:
    parts = [f"again: {' '.join(again(finding))}"]
    parts += [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in finding.evidence.items()]
    if finding.trace:
        parts.append("trace:\n" + "\n".join(f"  {step}" for step in finding.trace))
    if finding.stacks:
        parts.append(f"stacks:\n{finding.stacks}")
    return "\n".join(parts)


def _count(element: Xml.Element, seconds: float) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for tag, attribute in KINDS.items():
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    element.set("time", f"{seconds:.3f}")


def _valid(text: str) -> str:
    """The text as XML 1.0 can hold it; what it cannot hold becomes a visible escape."""
    return re.sub("[\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", printable(text))
