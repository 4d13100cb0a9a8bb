"""Each promise on each crossing; see promises.py for what is promised."""

from __future__ import annotations

import pytest

from tests.adapters.crossings import CROSSINGS, Crossing, findings
from tests.adapters.promises import PROMISES

pytestmark = pytest.mark.parametrize("crossing", CROSSINGS, ids=str)


def _needs(crossing: Crossing) -> None:
    if crossing.missing:
        pytest.skip(crossing.missing)


@pytest.mark.parametrize("promise", PROMISES)
def test_crossing_keeps(promise: str, crossing: Crossing) -> None:
    _needs(crossing)
    finding = findings(crossing)[0].get(promise, {"verdict": "not run", "text": "the worker ended before it"})
    if finding["verdict"] == "not-applicable":
        pytest.skip(finding["text"])
    assert finding["verdict"] == "kept", f"{crossing}: {promise}: {finding['verdict']}\n{finding['text']}"


def test_worker_says_nothing_and_ends(crossing: Crossing) -> None:
    _needs(crossing)
    assert findings(crossing)[1] == ""
