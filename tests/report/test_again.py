"""The command that a report gives for a finding runs that finding again, and nothing else."""

from __future__ import annotations

import argparse
import shlex

import pytest

from interop.bridges.crossing import every
from interop.commands import plan, run
from interop.record import Finding
from interop.report.facts import again


def planned(finding: Finding) -> plan.Plan:
    """What `interop run` would do for the command; nothing is run."""
    program, command, *words = shlex.split(" ".join(again(finding)))
    assert (program, command) == ("interop", "run")
    parser = argparse.ArgumentParser()
    run.declare(parser)
    return plan.planned(parser.parse_args(words))


def test_a_law_on_any_crossing_is_one_law_in_one_cell() -> None:
    for crossing in every():
        found = planned(Finding("C2", "C", str(crossing), "broken", bridge="portal"))
        assert [(cell.crossing, cell.laws) for cell in found.cells] == [(crossing, ("C2",))]
        assert found.expected == 1


def test_a_probe_is_that_probe() -> None:
    found = planned(Finding("P1", "P", "python", "observed", strength="PROBE"))
    assert [probe.id for probe in found.probes] == ["P1"]
    assert found.expected == 1


@pytest.mark.parametrize("framework", ["trio", "twisted[asyncio,callbacks]"])
def test_a_behavior_is_that_behavior_in_that_framework(framework: str) -> None:
    found = planned(Finding("bomb-gzip", "bombs", framework, "broken"))
    assert found.frameworks == [framework]
    assert [behavior.name for behavior in found.behaviors] == ["bomb-gzip"]
    assert found.expected == 1
