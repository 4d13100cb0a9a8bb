"""The page: one file that asks nobody for anything, with the whole record in it, to filter and to click through.

A record's strings come from the code under test, and may be anything. They are data here: JSON that cannot end its own element,
put on the page as text only; and a policy lets no script or style run but ours (page/).
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from interop.record import Finding, Record
from interop.record.crossing import crossing
from interop.report.facts import (
    MARKS,
    MEANINGS,
    About,
    again,
    against,
    departures,
    inconclusive,
    outcome,
    printable,
    sentence,
    totals,
    unfinished,
)
from interop.report.order import in_order

SCRIPTS = ("1_record.js", "2_grid.js", "3_details.js", "4_page.js")


def page(record: Record, about: Mapping[str, About] | None = None, chapters: Mapping[str, str] | None = None) -> str:
    """The whole document; `about` explains checks by id, `chapters` says what a chapter's letter stands for."""
    style, script = _style(), _script()
    wrong = len(against(record))
    headline = f"{wrong:,} against somebody" if wrong else "nothing against anybody" if record.findings else "nothing ran"
    if untold := len(inconclusive(record)):
        headline = f"{headline}, {untold:,} inconclusive"
    if not record.complete:
        headline = f"{unfinished(record)}, {headline}"
    parts = {
        "policy": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        "title": escape(f"interop: {headline}"),
        "headline": escape(headline),
        "totals": escape(totals(record)),
        "style": style,
        "script": script,
        "data": _json(data(record, about or {}, chapters or {})),
    }
    # One pass: what a record says is never looked at again for places to fill.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("page.html"))


def data(record: Record, about: Mapping[str, About], chapters: Mapping[str, str]) -> dict[str, Any]:
    """What the page's script works on: a column for each field, its values once, and for each finding their places."""
    findings = record.findings
    crossings = [crossing(finding.subject) for finding in findings]
    callers = [there.caller if there else "" for there in crossings]
    callees = [there.callee if there else "" for there in crossings]
    names = in_order([*callers, *callees])  # the same order on both sides: a framework and itself meet on the diagonal
    commands = [again(finding) for finding in findings]
    columns = {
        "check": _column([finding.check for finding in findings]),
        "chapter": _column([finding.chapter for finding in findings]),
        "subject": _column([finding.subject for finding in findings], in_order([finding.subject for finding in findings])),
        "caller": _column(callers, names),
        "callee": _column(callees, names),
        "topology": _column([there.topology if there else "" for there in crossings]),
        "kind": _column([_kind(finding, there is not None) for finding, there in zip(findings, crossings, strict=True)]),
        "sentence": _column([sentence(finding, about) for finding in findings]),
        "state": _column([outcome(finding) for finding in findings]),
        "evidence": _column([_evidence(finding) for finding in findings]),
        "trace": _column([tuple(finding.trace) for finding in findings]),
        "place": _column([place for place, _ in commands]),
        "what": _column([what for _, what in commands]),
    }
    for field in ("verdict", "strength", "bridge", "reason", "stacks", "departure"):
        columns[field] = _column([getattr(finding, field) for finding in findings])
    checks = {finding.check for finding in findings}
    examples = {place: number for number, place in reversed(list(enumerate(columns["check"]["at"])))}
    return {
        "size": len(findings),
        "columns": columns,
        "examples": [examples[place] for place in range(len(examples))],
        "against": [int(finding.against) for finding in findings],
        "seconds": [round(finding.seconds, 6) if math.isfinite(finding.seconds) else None for finding in findings],
        "verdicts": {verdict: record.count(verdict) for verdict in columns["verdict"]["values"]},
        "departures": len(departures(record)),
        "about": {_shown(id): _about(known) for id, known in about.items() if id in checks},
        "chapters": {_shown(letter): title for letter, title in chapters.items()},
        "marks": MARKS,
        "meanings": MEANINGS,
        "origin": _origin(record),
        "environment": _environment(record),
    }


def _kind(finding: Finding, crosses: bool) -> str:
    if finding.strength == "PROBE":
        return "probe"
    return "law" if crosses or re.fullmatch("[A-Z]+[0-9]+", finding.check) else "behavior"


def _column(values: Sequence[Any], order: Sequence[Any] | None = None) -> dict[str, Any]:
    """The values once, in the given order or as ids are counted, and where each finding's is."""
    known = list(dict.fromkeys(values))
    ordered = in_order(known) if order is None and all(isinstance(value, str) for value in known) else order or known
    kept = [value for value in ordered if value in set(known)]
    places = {value: place for place, value in enumerate(kept)}
    return {"values": [_shown(value) for value in kept], "at": [places[value] for value in values]}


def _shown(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else [_shown(part) for part in value]


def _about(known: About) -> dict[str, str]:
    return {"source": printable(known.source), "look": printable(known.look)}


def _evidence(finding: Finding) -> tuple[tuple[str, str], ...]:
    return tuple((name, _text(value)) for name, value in finding.evidence.items())


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else json.dumps(value, ensure_ascii=False, indent=1)


def _origin(record: Record) -> list[tuple[str, str]]:
    header = record.header
    command = " ".join(["interop", *(str(word) for word in header["command"])])
    if "merged" in header:
        command = f"{len(header['merged'])} runs, merged"
    pairs = [("", f"{header['implementation']} {header['python']}"), ("on", header["platform"]), ("kit", header["kit"])]
    return [(name, printable(str(text))) for name, text in [*pairs, ("at", header["written"]), ("by", command)]]


def _environment(record: Record) -> list[tuple[str, str]]:
    header = record.header
    known = {"kit", "python", "implementation", "platform", "written", "command", "packages", "figures", "merged"}
    pairs = [*header["figures"].items(), *((name, value) for name, value in header.items() if name not in known)]
    pairs += [(f"part {number}", run) for number, run in enumerate(header.get("merged", []), 1)]
    return [(printable(str(name)), printable(_text(value))) for name, value in [*pairs, *header["packages"].items()]]


def _json(value: Any) -> str:
    """JSON that cannot end the element that it stands in, nor begin a comment in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return (resources.files("interop.report") / "page" / name).read_text(encoding="utf-8")


def _style() -> str:
    dark = _asset("dark.css")
    rules = f':root[data-theme="dark"] {{\n{dark}}}\n'
    rules += f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{\n{dark}}} }}'
    return _asset("style.css").replace("{{dark}}", rules)


def _script() -> str:
    return "(() => {\n" + "\n".join(_asset(name) for name in SCRIPTS) + "\n})();\n"
