"""The command that a report gives for a finding runs that finding again, and nothing else."""

from __future__ import annotations

import argparse
import shlex

import pytest

from interop.bridges.crossing import every
from interop.commands import run
from interop.record import Finding
from interop.report.facts import again


def planned(finding: Finding) -> run.Plan:
    """What `interop run` would do for the command; nothing is run."""
    program, command, *words = shlex.split(" ".join(again(finding)))
    assert (program, command) == ("interop", "run")
    parser = argparse.ArgumentParser()
    run.declare(parser)
    return run._plan(parser.parse_args(words))


def test_a_law_on_any_crossing_is_one_law_in_one_cell() -> None:
    for crossing in every():
        plan = planned(Finding("C2", "C", str(crossing), "broken", bridge="portal"))
        assert [(cell.crossing, cell.laws) for cell in plan.cells] == [(crossing, ("C2",))]
        assert plan.expected == 1


def test_a_probe_is_that_probe() -> None:
    plan = planned(Finding("P1", "P", "python", "observed", strength="PROBE"))
    assert [probe.id for probe in plan.probes] == ["P1"]
    assert plan.expected == 1


@pytest.mark.parametrize("framework", ["trio", "twisted[asyncio,callbacks]"])
def test_a_behavior_is_that_behavior_in_that_framework(framework: str) -> None:
    plan = planned(Finding("bomb-gzip", "bombs", framework, "broken"))
    assert plan.frameworks == [framework]
    assert [behavior.name for behavior in plan.behaviors] == ["bomb-gzip"]
    assert plan.expected == 1
