"""A deadline that comes before the request is there says nothing and is tried again; one that always does is broken."""

from __future__ import annotations

import pytest

from interop.harness import fetching
from interop.record import Finding
from scenarios import origin

if origin.missing():
    pytest.skip(str(origin.missing()), allow_module_level=True)

AT_ONCE = 0.0001  # of two seconds: there is no connection by then


def judged(name: str) -> Finding:
    behavior = next(behavior for behavior in origin.BEHAVIORS if behavior.name == name)
    return fetching.judge([behavior], [fetching.visit("nothing", [behavior], [])])[0]


def test_a_deadline_that_came_too_early_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "STRETCHES", (AT_ONCE, AT_ONCE, 1, 4))
    assert judged("stall-in-body").verdict == "kept"


def test_a_client_that_never_asks_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "STRETCHES", (AT_ONCE, AT_ONCE))
    finding = judged("stall-in-body")
    assert (finding.verdict, finding.reason) == ("broken", "expected 1 requests on the wire, saw 0")
