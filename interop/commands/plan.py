"""Plan: what `interop run` was asked to do, and what it has found so far."""

from __future__ import annotations

import argparse
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop.errors import InteropError
from interop.record import Finding

if TYPE_CHECKING:
    from interop.harness.cell import Cell
    from interop.probes.probe import Probe
    from scenarios.origin import Behavior

LAWS = ("caller", "callee", "topology", "crossing", "bridge", "law")
FETCHING = ("framework", "group", "behavior")


@dataclass
class Plan:
    """What one run does, in which order, and what it has found so far."""

    cells: list[Cell] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    frameworks: list[str] = field(default_factory=list)
    behaviors: list[Behavior] = field(default_factory=list)
    repeat: int = 1
    seed: int | None = None
    part: bool = False  # Of a run on several machines: it may have nothing to do, and `interop report` judges the whole.
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    stopped_by: int = signal.SIGINT

    def stop(self, number: int, frame: object) -> None:
        """A signal's handler: go no further."""
        self.stopped_by = number
        raise KeyboardInterrupt

    @property
    def expected(self) -> int:
        """How many findings there will be."""
        return sum(len(cell.laws) for cell in self.cells) + len(self.probes) + len(self.frameworks) * len(self.behaviors)

    @property
    def steps(self) -> int:
        """How many times the progress bar will move."""
        return len(self.cells) * self.repeat + len(self.probes) + len(self.frameworks)


def planned(options: argparse.Namespace) -> Plan:
    """What the options of `interop run` ask for.

    Raises:
        InteropError: something of it does not exist.
    """
    asked_laws = any(getattr(options, name) for name in LAWS)
    asked_fetching = any(getattr(options, name) for name in FETCHING)
    plan = Plan(repeat=options.repeat, seed=options.shuffle)
    if plan.seed == 0:
        plan.seed = random.randrange(1, 2**32)
    if asked_laws or not asked_fetching:
        _laws(plan, options)
    if asked_fetching or not asked_laws:
        _fetching(plan, options)
    if options.shard and plan.expected:
        from interop.harness.planner import shard

        plan.cells, plan.probes = shard(plan.cells, options.shard), shard(plan.probes, options.shard)
        plan.frameworks = shard(plan.frameworks, options.shard)
        plan.part = True
    return plan


def _laws(plan: Plan, options: argparse.Namespace) -> None:
    from interop.harness import planner

    asked = [name for name in options.law if not name.startswith("P")]
    if len(asked) < len(options.law):
        from interop.probes.probe import catalogue

        probes, wanted = catalogue(), [name for name in options.law if name.startswith("P")]
        for name in wanted:
            if name != "P" and name not in probes:
                raise planner.NoSuchThing("probe", name, ["those that `interop laws P` lists"])
        plan.probes = [probe for id, probe in probes.items() if "P" in wanted or id in wanted]
    if asked or not options.law:
        plan.cells = planner.cells(
            callers=options.caller,
            callees=options.callee,
            topologies=options.topology,
            crossings=options.crossing,
            bridges=options.bridge,
            laws=planner.laws(asked),
            seed=plan.seed,
            seeds=planner.seeds(options.seeds) if options.seeds else range(0),
            program=_program(options.program),
        )


def _program(path: str | None) -> str:
    """The text of a program for chapter M, from a file.

    Raises:
        InteropError: it cannot be read, or is no program.
    """
    if path is None:
        return ""
    from interop.laws.model.program import Program

    try:
        return Program.parse(Path(path).read_text(encoding="utf-8")).text()
    except (OSError, ValueError) as error:
        raise InteropError(f"--program {path}: {error}") from error


def _fetching(plan: Plan, options: argparse.Namespace) -> None:
    from interop.harness.planner import NoSuchThing
    from scenarios.fetch_and_save import FRAMEWORKS
    from scenarios.origin import BEHAVIORS, GROUPS, missing

    if why := missing():
        raise InteropError(f"{why}. The laws alone need nothing: --law V,C,X,L,R,S,H,M")
    for what, asked, known in (
        ("framework", options.framework, list(FRAMEWORKS)),
        ("group", options.group, list(GROUPS)),
        ("behavior", options.behavior, [behavior.name for behavior in BEHAVIORS]),
    ):
        for name in asked:
            if name not in known:
                raise NoSuchThing(what, name, known)
    plan.frameworks = options.framework or list(FRAMEWORKS)
    plan.behaviors = [
        behavior
        for behavior in BEHAVIORS
        if (not options.group or behavior.group in options.group) and (not options.behavior or behavior.name in options.behavior)
    ]
