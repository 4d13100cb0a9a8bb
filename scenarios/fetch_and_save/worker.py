"""One framework in a process of its own: a job comes in on standard input, outcomes go out on standard output, in JSON lines.

Frameworks cannot share a process honestly (a reactor cannot restart, patching patches the world), and a hang or a crash
must be an outcome of the one, never the end of the others.
"""

import json
import os
import resource
import sys
from typing import Any

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.command import described, stopped_by_signals
from scenarios.fetch_and_save.errors import FetchAndSaveError
from scenarios.fetch_and_save.job import Errand, Job
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import Page

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


def main() -> None:
    """Do one job and say how each errand ended; the last line says how much memory that took."""
    # The answers keep the real standard output; what a framework prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    order = json.load(sys.stdin)
    errands = {entry["number"]: Errand(entry["url"], entry["limits"]) for entry in order["errands"]}
    number_of = {id(errand): number for number, errand in errands.items()}

    def answer(**what: Any) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    def report(errand: Errand, outcome: Page | FetchAndSaveError) -> None:
        answer(number=number_of[id(errand)], **_described(outcome))

    name = order["framework"]
    store = Store(order["store"], name) if order["store"] else None
    job = Job(name, list(errands.values()), report, store=store, concurrency=order["concurrency"])
    with stopped_by_signals(job):
        module = FRAMEWORKS[name].load()
        answer(ready=True, memory=_peak())
        job.open_store()
        module.run(job)
    answer(done=True, memory=_peak(), latest=job.latest)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def _described(outcome: Page | FetchAndSaveError) -> dict[str, Any]:
    if isinstance(outcome, FetchAndSaveError):
        return {"kind": outcome.kind, "says": str(outcome)}
    return {"kind": "ok", **described(outcome)}


if __name__ == "__main__":
    main()
