"""Every behavior of the local origin in every framework: judged by the contract, and by what the other frameworks do.

Each framework has an origin of its own, so that the requests on the wire can be told apart, and a worker process of its own.
"""

import collections
import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from interop.record import Finding
from scenarios.fetch_and_save.everywhere import Figures, Outcome, Worker
from scenarios.fetch_and_save.job import Errand
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.urls import without_credentials
from scenarios.origin import Behavior, Origin

CONCURRENCY = 24  # stalls wait for their deadline, so they wait together
STRETCHES = (1, 2, 4, 8)  # how much longer a deadline gets that came too early to say anything: the machine is busy
BLOCKING_PROCESSES = 8  # plain blocking code has no other way to wait together


@dataclass(frozen=True)
class Row:
    """What is in the store; `sha256` is of the body that is there, `said` is what the row says it is."""

    final_url: str
    status: int
    sha256: str
    said: str
    framework: str


@dataclass(frozen=True)
class Visited:
    """What came of all behaviors in one framework, by the behavior's name: outcomes, raw requests, saved rows."""

    framework: str
    outcomes: Mapping[str, Outcome]
    requests: Mapping[str, Sequence[bytes]]
    rows: Mapping[str, Row]
    figures: Sequence[Figures]
    said: str


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


def visit(framework: str, behaviors: Sequence[Behavior], started: list[Worker]) -> Visited:
    """Send one framework to every behavior of an origin of its own, and save what it fetches.

    The workers are put into `started`, for whoever wants to end them early.
    """
    with Origin() as origin, TemporaryDirectory() as folder:
        store = Path(folder) / "pages.db"
        Store(store, framework).open()  # Making it takes its lock, and a short deadline would end in the wait for that.
        urls = {behavior.name: origin.url(behavior) for behavior in behaviors}
        found = Visited(framework, {}, {}, {}, [], "")
        left = behaviors
        for stretch in STRETCHES:
            errands = {behavior.name: Errand(urls[behavior.name], _limits(behavior, stretch)) for behavior in left}
            workers = _workers(framework, list(errands.values()), store, origin.ca_file)
            started += workers
            with ThreadPoolExecutor(len(workers)) as pool:
                ended = [outcome for each in pool.map(lambda worker: list(worker.outcomes()), workers) for outcome in each]
            of = {id(outcome.errand): outcome for outcome in ended}
            outcomes = {name: of[id(errand)] for name, errand in errands.items()}
            requests = {name: [_neutral(head) for head in heads] for name, heads in origin.requests().items()}
            found = Visited(
                framework,
                {**found.outcomes, **outcomes},
                {**found.requests, **requests},
                {},
                [*found.figures, *(worker.figures for worker in workers if worker.figures)],
                found.said + "".join(worker.said for worker in workers),
            )
            left = [behavior for behavior in left if _too_early(behavior, found)]
            if not left:
                break
            origin.requests()  # What is on its way from those that have given up is nothing of the next.
        rows = _rows(store)
        saved = {name: rows[url] for name, it in urls.items() if (url := without_credentials(it)) in rows}
        return replace(found, rows=saved)


def _workers(framework: str, errands: Sequence[Errand], store: Path, ca_file: str) -> list[Worker]:
    shards = min(BLOCKING_PROCESSES if framework == "nothing" else 1, len(errands))
    return [
        Worker(framework, errands[n::shards], store=str(store), concurrency=CONCURRENCY, environment={"SSL_CERT_FILE": ca_file})
        for n in range(shards)
    ]


def _limits(behavior: Behavior, stretch: int) -> dict[str, Any]:
    limits = dict(behavior.limits)
    return {**limits, "timeout": limits["timeout"] * stretch} if "timeout" in limits else limits


def _too_early(behavior: Behavior, found: Visited) -> bool:
    """The deadline came before the request was there, perhaps in the wait for the store: that says nothing of the behavior."""
    if behavior.expects != "Timeout" or "timeout" not in behavior.limits:
        return False
    kind, asked = found.outcomes[behavior.name].kind, len(found.requests.get(behavior.name, ()))
    return kind == "StoreError" or (kind == "Timeout" and asked < behavior.requests)


def _rows(store: Path) -> dict[str, Row]:
    if not store.exists():
        return {}
    with contextlib.closing(sqlite3.connect(store)) as connection:
        return {
            url: Row(final_url, status, sha256(body).hexdigest(), said, framework)
            for url, final_url, status, body, said, framework in connection.execute(
                "SELECT url, final_url, status, body, sha256, framework FROM pages"
            )
        }


def _neutral(head: bytes) -> bytes:
    """A request as it would be at any port."""
    return re.sub(rb"(?<=[\]a-z0-9.]):[0-9]{2,5}(?=\r\n)", b":PORT", head)


def judge(behaviors: Sequence[Behavior], visited: Sequence[Visited]) -> list[Finding]:
    """Hold every framework against the contract, and against the others: a finding for each behavior and framework."""
    findings = []
    for behavior in behaviors:
        images = collections.Counter(tuple(v.requests.get(behavior.name, ())) for v in visited)
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
