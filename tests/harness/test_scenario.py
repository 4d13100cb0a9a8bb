"""Where the scenario has no place: Twisted's clients take the process's reactor, whichever thread they are in."""

import sys
from pathlib import Path

import pytest

from interop import cli
from interop.bridges.crossing import Crossing, every
from interop.harness import runner
from interop.harness.cell import Cell
from interop.harness.scenario import Scenario

FETCHES = Cell("interop.bridges.portals:Portals", Crossing("threads", "threads", "thread"), ("F1", "V1"))
URLS = {"hello": "http://127.0.0.1:1/"}


@pytest.mark.parametrize("crossing", [crossing for crossing in every() if crossing.missing is None], ids=str)
def test_no_client_is_handed_the_reactor_of_another_thread(crossing: Crossing, tmp_path: Path) -> None:
    both = crossing.caller.startswith("twisted") and crossing.callee.startswith("twisted")
    missing = Scenario(crossing, URLS, tmp_path).missing()
    if both and crossing.topology == "thread":
        assert missing is not None
        assert "another thread" in missing
    elif crossing.caller == crossing.callee == "eventlet":
        assert missing is not None
        assert "one hub" in missing
    elif crossing.topology in ("thread", "loop"):
        assert missing is None


def test_where_no_origin_can_be_started_what_fetches_does_not_apply_and_all_else_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the environments of `interop upgrade`, which have nothing but what is upgraded."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    found = {finding.check: finding for finding in runner.run([FETCHES], jobs=1)}
    assert (found["F1"].verdict, found["V1"].verdict) == ("not-applicable", "kept")
    assert "local origin" in found["F1"].reason
    assert cli.main(["run", "--behavior", "hello"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("interop: Usage: the local origin needs trustme; install it with: pip install ")
    assert "The laws alone need nothing: --law V" in said
