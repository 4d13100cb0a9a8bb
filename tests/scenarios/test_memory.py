"""Whatever the server does, a fetch takes no more memory than two and a half times what it may bring home."""

import pytest

from scenarios.fetch_and_save.everywhere import Worker
from scenarios.fetch_and_save.job import Errand
from scenarios.fetch_and_save.visit import MAX_BODY

pytest.importorskip("trustme", reason="the origin signs its certificates with trustme; install async-interop[run]")

from scenarios.origin import BEHAVIORS, Origin

pytestmark = pytest.mark.campaign
BIG = [behavior for behavior in BEHAVIORS if behavior.group == "bombs"]


def test_bombs_and_endless_bodies_stay_within_bounds(framework: str, tmp_path: object) -> None:
    with Origin() as origin:
        errands = [Errand(origin.url(behavior), {**behavior.limits}) for behavior in BIG]
        worker = Worker(
            framework, errands, store=f"{tmp_path}/pages.db", concurrency=1, environment={"SSL_CERT_FILE": origin.ca_file}
        )
        kinds = {id(outcome.errand): outcome.kind for outcome in worker.outcomes()}  # Trio begins them in any order.
    assert [kinds[id(errand)] for errand in errands] == [behavior.expects for behavior in BIG]
    assert worker.figures is not None
    assert worker.figures.peak - worker.figures.base <= 2.5 * MAX_BODY
