"""Where the scenario has no place: Twisted's clients take the process's reactor, whichever thread they are in."""

from pathlib import Path

import pytest

from interop.bridges.crossing import Crossing, every
from interop.harness.scenario import Scenario

URLS = {"hello": "http://127.0.0.1:1/"}


@pytest.mark.parametrize("crossing", [crossing for crossing in every() if crossing.missing is None], ids=str)
def test_no_client_is_handed_the_reactor_of_another_thread(crossing: Crossing, tmp_path: Path) -> None:
    both = crossing.caller.startswith("twisted") and crossing.callee.startswith("twisted")
    missing = Scenario(crossing, URLS, tmp_path).missing()
    if both and crossing.topology == "thread":
        assert missing is not None
        assert "another thread" in missing
    elif crossing.topology in ("thread", "loop"):
        assert missing is None
