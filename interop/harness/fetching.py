"""Every behavior of the local origin in every framework: judged by the contract, and by what the other frameworks do.

Each framework has an origin of its own, so that the requests on the wire can be told apart, and a worker process of its own.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import sha256
from typing import Any

from interop.harness.visiting import Visited, visit
from interop.record import Finding
from scenarios.fetch_and_save.everywhere import Worker
from scenarios.origin import Behavior

BUSY = "inconclusive, also alone: the machine is too busy to tell"


def run(frameworks: Sequence[str], behaviors: Sequence[Behavior], *, processes: int) -> Iterator[Visited]:
    """Send every framework to every behavior, that many frameworks at a time; yield each as it ends."""
    started: list[Worker] = []
    with ThreadPoolExecutor(processes) as pool:
        try:
            for done in as_completed([pool.submit(visit, framework, behaviors, started) for framework in frameworks]):
                yield done.result()
        finally:  # also when the caller was interrupted and goes no further
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in started:
                worker.end()


def judge(behaviors: Sequence[Behavior], visited: Sequence[Visited]) -> list[Finding]:
    """Hold every framework against the contract, and against the others: a finding for each behavior and framework."""
    findings = []
    for behavior in behaviors:
        told = [v for v in visited if not v.untold(behavior)]
        images = collections.Counter(tuple(v.requests.get(behavior.name, ())) for v in told)
        usual = images.most_common(1)[0][0] if images else ()
        expected = _expected(behavior)
        findings += [_judge(behavior, v, expected, usual) for v in visited]
    return findings


def _expected(behavior: Behavior) -> dict[str, Any]:
    if behavior.expects != "ok":
        return {"kind": behavior.expects}
    body = behavior.body if isinstance(behavior.body, bytes) else behavior.body()
    return {"kind": "ok", "status": behavior.status, "bytes": len(body), "sha256": sha256(body).hexdigest()}


def _judge(behavior: Behavior, visited: Visited, expected: dict[str, Any], usual: tuple[bytes, ...]) -> Finding:
    outcome = visited.outcomes[behavior.name]
    heads = tuple(visited.requests.get(behavior.name, ()))
    row = visited.rows.get(behavior.name)
    seen = {"kind": outcome.kind, **{name: outcome.details.get(name) for name in expected if name != "kind"}}
    wrong = []
    if seen != expected:
        wrong.append(f"expected {_words(expected)}, saw {outcome}")
    if behavior.final and outcome.kind == "ok" and not outcome.details["final_url"].endswith(behavior.final):
        wrong.append(f"expected to end at {behavior.final}, ended at {outcome.details['final_url']}")
    if (row is not None) != (outcome.kind == "ok"):
        wrong.append("a failure was saved" if row else "a success was not saved")
    elif row and (row.sha256, row.said, row.status, row.framework) != (
        outcome.details["sha256"],
        outcome.details["sha256"],
        outcome.details["status"],
        visited.framework,
    ):
        wrong.append(f"what was saved is not what was fetched: {row}")
    if len(heads) != behavior.requests:
        wrong.append(f"expected {behavior.requests} requests on the wire, saw {len(heads)}")
    elif heads != usual:
        wrong.append("its requests are not those of the other frameworks")
    evidence = {"expected": expected, "seen": seen, "says": outcome.details.get("says", "")}
    if wrong:
        evidence["requests"] = [head.decode("latin-1") for head in heads[:3]]
        evidence["usual_requests"] = [head.decode("latin-1") for head in usual[:3]]
    verdict = outcome.kind if outcome.kind in ("hung", "crashed") else "broken" if wrong else "kept"
    if visited.untold(behavior):
        verdict, wrong = "inconclusive", [BUSY, *wrong]
    return Finding(behavior.name, behavior.group, visited.framework, verdict, "; ".join(wrong), evidence)


def _words(expected: Mapping[str, Any]) -> str:
    if expected["kind"] != "ok":
        return str(expected["kind"])
    return f"status {expected['status']}, {expected['bytes']} bytes, sha256 {expected['sha256']}"


def figures(visited: Sequence[Visited]) -> dict[str, Any]:
    """Measurements of the whole run, each the worst that any framework showed."""
    all_figures = [(figure, v.framework) for v in visited for figure in v.figures]
    if not all_figures:
        return {}
    latest, late = max((figure.latest, framework) for figure, framework in all_figures)
    growth, grown = max((figure.peak - figure.base, framework) for figure, framework in all_figures)
    return {
        "latest end after a deadline": f"{latest:.2f} s ({late})",
        "most memory above the imported framework": f"{growth / 2**20:.0f} MiB ({grown})",
    }
