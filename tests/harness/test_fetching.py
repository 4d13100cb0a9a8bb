"""What a busy machine may have decided is tried again alone; then it is kept, or broken for another reason, or inconclusive."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from interop.harness import alone, fetching, visiting
from interop.record import Finding
from scenarios import origin
from scenarios.fetch_and_save.everywhere import Outcome
from scenarios.fetch_and_save.job import Errand

if origin.missing():
    pytest.skip(str(origin.missing()), allow_module_level=True)

AT_ONCE = 0.0002  # seconds: there is no connection by then


def behavior(name: str, **more: object) -> origin.Behavior:
    return replace(next(one for one in origin.BEHAVIORS if one.name == name), **more)  # type: ignore[arg-type]


def judged(one: origin.Behavior, *, first: float = AT_ONCE, framework: str = "nothing") -> Finding:
    """As `interop run` does it, but with the first deadline too short to say anything."""
    limits = {**one.limits, "timeout": first}
    visited = visiting.visit(framework, [replace(one, limits=limits)], [])
    visited = next(iter(alone.again([visited], [one])))
    return fetching.judge([one], [visited])[0]


@pytest.mark.parametrize("name", ["stall-in-body", "hello"])
def test_a_deadline_that_came_too_early_is_tried_again_alone_and_kept(name: str) -> None:
    assert judged(behavior(name)).verdict == "kept"


@pytest.mark.parametrize("framework", ["nothing", "trio", "gevent"])
def test_a_framework_that_sleeps_until_its_deadline_is_broken(framework: str) -> None:
    """Nobody does anything: what should have come does not come on the quietest machine either."""
    finding = judged(behavior("stall-in-body", expects="ok", body=b"hello"), first=2.0, framework=framework)
    assert (finding.verdict, finding.reason.partition(":")[0]) == ("broken", "expected status 200, 5 bytes, sha256 " + HELLO)


def test_what_others_do_meanwhile_does_not_count() -> None:
    """Another origin of the same process wakes up again and again."""
    restless = subprocess.Popen([sys.executable, "-c", "import time\nwhile True: time.sleep(0.01)"])
    try:
        finding = judged(behavior("stall-in-body", expects="ok", body=b"hello"), first=2.0)
    finally:
        restless.kill()
        restless.wait()
    assert finding.verdict == "broken", finding


HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824, saw Timeout"


def test_a_deadline_that_always_comes_too_early_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "STRETCHES", (1, 1))
    finding = judged(behavior("stall-in-body", limits={"timeout": AT_ONCE}))
    assert finding.verdict == "inconclusive", finding
    assert finding.reason.startswith(fetching.BUSY)
    assert "saw 0" in finding.reason


def test_what_is_not_tried_again_is_inconclusive_and_what_time_cannot_decide_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "BUDGET", -1.0)
    assert judged(behavior("hello")).verdict == "inconclusive"
    assert judged(behavior("hello", expects="BadResponse"), first=30.0).verdict == "broken"


def visited(framework: str, kind: str, requests: Sequence[bytes]) -> visiting.Visited:
    details = {"says": kind, "final_url": "/hello", "status": 200, "bytes": 5, "sha256": HELLO[:64]}
    row = {"hello": visiting.Row("/hello", 200, HELLO[:64], HELLO[:64], framework)} if kind == "ok" else {}
    outcome = Outcome(framework, Errand("http://x/", {}), kind, details)
    return visiting.Visited(framework, {"hello": outcome}, {"hello": requests}, row, [], "")


def test_those_that_were_too_slow_do_not_decide_what_a_usual_request_is() -> None:
    slow = [visited(name, "Timeout", []) for name in ("trio", "gevent")]
    findings = fetching.judge([behavior("hello")], [*slow, visited("nothing", "ok", [b"GET /hello"])])
    assert [finding.verdict for finding in findings] == ["inconclusive", "inconclusive", "kept"]


@pytest.mark.parametrize(
    ("kind", "seconds", "asleep", "sure"),
    [
        ("ok", 90.0, 0.0, True),
        ("BadResponse", 90.0, 0.0, True),
        ("Timeout", 10.1, 4.9, False),
        ("Timeout", 10.1, 5.1, True),
        ("StoreError", 10.1, 0.0, False),
        ("StoreError", 0.1, 0.0, True),
        ("hung", 90.0, 0.0, False),
        ("hung", 90.0, 80.0, True),
    ],
)
def test_time_decides_only_where_nobody_did_anything(kind: str, seconds: float, asleep: float, sure: bool) -> None:
    outcome = Outcome("trio", Errand("http://x/", {"timeout": 10.0}), kind)
    assert alone.Attempt(outcome, seconds, asleep).sure is sure
