"""One framework sent to the behaviors of a local origin of its own: what came of it, on the wire and in the store."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from scenarios.fetch_and_save.everywhere import Figures, Outcome, Worker
from scenarios.fetch_and_save.job import Errand
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.urls import without_credentials
from scenarios.origin import Behavior, Origin

CONCURRENCY = 24  # stalls wait for their deadline, so they wait together
TIMED = ("Timeout", "StoreError", "hung")  # outcomes that time may have decided: a deadline, also in the wait for the store
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
    """What came of all behaviors in one framework, by the behavior's name: outcomes, raw requests, saved rows.

    Args:
        sure: the names for which a busy machine is known not to have decided the outcome: see alone.py.
    """

    framework: str
    outcomes: Mapping[str, Outcome]
    requests: Mapping[str, Sequence[bytes]]
    rows: Mapping[str, Row]
    figures: Sequence[Figures]
    said: str
    sure: Collection[str] = ()

    def untold(self, behavior: Behavior) -> bool:
        """Whether time may have decided an outcome that is not the right one."""
        outcome, asked = self.outcomes[behavior.name], len(self.requests.get(behavior.name, ()))
        # The right outcome is Timeout: was the deadline there before the request was?
        wrong = outcome.kind != behavior.expects or asked < behavior.requests
        return outcome.kind in TIMED and wrong and behavior.name not in self.sure


def visit(framework: str, behaviors: Sequence[Behavior], started: list[Worker]) -> Visited:
    """Send one framework to every behavior of an origin of its own, and save what it fetches.

    The workers are put into `started`, for whoever wants to end them early.
    """
    with Origin() as origin, TemporaryDirectory() as folder:
        store = Path(folder) / "pages.db"
        Store(store, framework).open()  # Making it takes its lock, and a short deadline would end in the wait for that.
        errands = errands_of(origin, behaviors)
        workers = _workers(framework, list(errands.values()), store, origin.ca_file)
        started += workers
        with ThreadPoolExecutor(len(workers)) as pool:
            ended = [outcome for each in pool.map(lambda worker: list(worker.outcomes()), workers) for outcome in each]
        of = {id(outcome.errand): outcome for outcome in ended}
        outcomes = {name: of[id(errand)] for name, errand in errands.items()}
        figures = [worker.figures for worker in workers if worker.figures]
        said = "".join(worker.said for worker in workers)
        return Visited(framework, outcomes, heads(origin, errands), rows_of(store, errands), figures, said)


def errands_of(origin: Origin, behaviors: Sequence[Behavior]) -> dict[str, Errand]:
    """What to fetch, by the behavior's name."""
    return {behavior.name: Errand(origin.url(behavior), dict(behavior.limits)) for behavior in behaviors}


def heads(origin: Origin, names: Iterable[str]) -> dict[str, Sequence[bytes]]:
    """The requests that the origin has seen since the last time, as they would be at any port."""
    seen = origin.requests()
    return {name: [_neutral(head) for head in seen.get(name, ())] for name in names}


def rows_of(store: Path, errands: Mapping[str, Errand]) -> dict[str, Row]:
    """What was saved of each, by the behavior's name."""
    rows = _rows(store)
    return {name: rows[url] for name, errand in errands.items() if (url := without_credentials(errand.url)) in rows}


def _workers(framework: str, errands: Sequence[Errand], store: Path, ca_file: str) -> list[Worker]:
    shards = min(BLOCKING_PROCESSES if framework == "nothing" else 1, len(errands))
    return [
        Worker(framework, errands[n::shards], store=str(store), concurrency=CONCURRENCY, environment={"SSL_CERT_FILE": ca_file})
        for n in range(shards)
    ]


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
