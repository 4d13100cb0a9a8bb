"""The table counts what was kept, and says the rest in words."""

from interop.record import Finding, new
from interop.report.terminal import table


def test_the_table_counts_and_what_is_not_kept_stands_below_in_words() -> None:
    findings = [
        Finding("a", "cuts", "trio", "kept"),
        Finding("b", "cuts", "trio", "hung", "no outcome in time"),
        Finding("a", "cuts", "tornado", "kept"),
        Finding("b", "cuts", "tornado", "kept"),
        Finding("a", "cuts", "curio", "not-applicable", "curio not installed"),
        Finding("b", "cuts", "curio", "not-applicable", "curio not installed"),
    ]
    lines = [line.split() for line in table(new(findings, expected=7, figures={"latest end": "0.1 s"})).splitlines()]
    assert ["trio", "✗", "1/2"] in lines
    assert ["tornado", "✓", "2"] in lines
    assert ["curio", "-"] in lines
    assert ["✗", "trio,", "cuts,", "b:", "hung:", "no", "outcome", "in", "time"] in lines
    assert ["-", "curio:", "curio", "not", "installed"] in lines
    assert ["3", "kept,", "1", "hung,", "2", "not-applicable"] in lines
    assert ["interrupted:", "6", "of", "7", "findings"] in lines
    assert ["latest", "end:", "0.1", "s"] in lines


def test_many_crossings_are_a_matrix_of_callers_and_callees_and_few_are_a_list() -> None:
    names = ["asyncio", "trio", "tornado", "gevent", "threads"]
    findings = [
        Finding("V1", "V", f"{caller}->{callee}/{topology}", "kept", bridge="portal")
        for caller in names
        for callee in names
        for topology in ("thread", "guest")
    ]
    findings.append(Finding("V2", "V", "trio->gevent/thread", "broken", "saw 1", bridge="portal"))
    findings.append(Finding("V2", "V", "trio->asyncio/thread", "not-applicable", "says why", bridge="portal"))
    lines = [line.split() for line in table(new(findings, expected=len(findings))).splitlines()]
    assert ["calls", *names] in lines
    assert ["trio", *["✓", "2", "✓", "2", "✓", "2", "✗", "2/3", "✓", "2"]] in lines
    assert "says why" not in table(new(findings, expected=len(findings)))
    few = [finding for finding in findings if finding.subject.startswith("trio->asyncio")]
    assert ["trio->asyncio/thread", "✓", "1"] in [line.split() for line in table(new(few, expected=len(few))).splitlines()]
