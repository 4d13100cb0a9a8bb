"""The first release in which a check sees something else: fewest runs, each release in an environment of its own.

The environments have the package, what the check needs beside it, and what was asked for with it; nothing else moves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interop.harness import planner
from interop.laws.law import catalogue as laws
from interop.probes.probe import catalogue as probes
from interop.record import Finding
from interop.record.diff import seen
from interop.upgrade import requirements, uv
from interop.upgrade.environments import build
from interop.upgrade.observe import Request, observe
from interop.upgrade.planning import CannotPlan, current, plan
from interop.upgrade.pythons import Interpreter, find
from interop.upgrade.selection import STANDARD, words_in

PAGE = "https://pypi.org/project/{package}/{version}/"
TWICE = (1, 2)  # a check that does not see the same twice cannot be bisected


@dataclass(frozen=True)
class Found:
    """Where it changed.

    Args:
        last: the newest release that still sees what the good one sees.
        first: the oldest that does not; between the two are only `skipped` ones.
        before, after: what they see.
        ran: the releases that were run, in order.
        between: how many releases there are from good to bad, both counted.
    """

    package: str
    check: str
    sentence: str
    last: str
    first: str
    before: Any
    after: Any
    ran: Sequence[str]
    skipped: Mapping[str, str]
    between: int

    @property
    def page(self) -> str:
        """The release's page on the index."""
        return PAGE.format(package=self.package, version=self.first)


@dataclass(frozen=True)
class Check:
    """What is looked at: a probe, or a law on one crossing.

    Args:
        names: the frameworks and modules that have to be there.
    """

    id: str
    sentence: str
    names: Sequence[str]
    request: Request


@dataclass
class Runs:
    """One check in one release after the other; what was seen is kept."""

    package: str
    check: Check
    interpreter: Interpreter
    specs: Sequence[str]
    base: Mapping[str, str]
    say: Callable[[str], None]
    jobs: int = 2

    def __post_init__(self) -> None:
        """Nothing was run yet."""
        self.ran: dict[str, Finding] = {}
        self.skipped: dict[str, str] = {}

    def sees(self, version: str) -> Any:
        """What the check sees in this release, or None where it cannot be installed."""
        if version not in self.ran and version not in self.skipped:
            self.say(version)
            self._run(version)
        return None if version in self.skipped else seen(self.ran[version])

    def _run(self, version: str) -> None:
        planned = plan(self.interpreter, [f"{self.package}=={version}", *self.specs], self.base)
        environment = build(planned)
        if problem := environment.plan.problems.get(self.package):
            self.skipped[version] = problem
            return
        self.base = {**environment.plan.pins, **self.base}  # the first run decides what is beside it
        findings = [observe(environment, self.check.request, jobs=1, number=number).findings[0] for number in TWICE]
        if seen(findings[0]) != seen(findings[1]):
            raise CannotPlan(f"{self.check.id} is not steady with {self.package} {version}: it cannot be bisected")
        self.ran[version] = findings[0]


def bisect(
    package: str, check: str, good: str, bad: str, *, crossing: str = "", bridge: str = "portal", specs: Sequence[str] = (),
    python: str | None = None, say: Callable[[str], None] = lambda version: None,
) -> Found:  # fmt: skip
    """Find the first release between that differs from the good one.

    Raises:
        CannotPlan: no such check; nothing differs between the two; a release of the two cannot be installed.
        NoRequirement: a name, a version or a requirement is none; nothing has run.
    """
    requirements.lines(specs)
    package, good, bad = requirements.distribution(package), requirements.version(good), requirements.version(bad)
    package, looked_at = uv.normalized(package), _check(check, crossing, bridge)
    base = current()
    interpreter = find(python) if python else base.interpreter
    needed = _beside(package, looked_at, specs)
    pins = {name: base.pins[name] for name in needed if name in base.pins}
    runs = Runs(package, looked_at, interpreter, [*specs, *(name for name in needed if name not in pins)], pins, say)
    ends = {version: runs.sees(version) for version in (good, bad)}
    for version, outcome in ends.items():
        if outcome is None:
            raise CannotPlan(f"{package} {version} cannot be installed {runs.skipped[version]}")
    if ends[good] == ends[bad]:
        raise CannotPlan(f"{check} sees the same in {package} {good} and {bad}: nothing to bisect")
    versions = releases(package, good, bad, interpreter)
    last, first = first_that_differs(versions, runs.sees)
    return Found(
        package, check, looked_at.sentence, last, first, _shown(runs.ran[last]), _shown(runs.ran[first]),
        list(runs.ran), runs.skipped, len(versions),
    )  # fmt: skip


def first_that_differs(versions: Sequence[str], sees: Callable[[str], Any]) -> tuple[str, str]:
    """The neighbors between which the outcome changes; a release that sees None is passed over.

    Args:
        versions: from one that sees the old outcome to one that does not.
    """
    old = sees(versions[0])
    low, high = 0, len(versions) - 1
    while high - low > 1:
        inside = sorted(range(low + 1, high), key=lambda number: abs(2 * number - low - high))
        middle = next((number for number in inside if sees(versions[number]) is not None), None)
        if middle is None:
            break
        if sees(versions[middle]) == old:
            low = middle
        else:
            high = middle
    return versions[low], versions[high]


def releases(package: str, good: str, bad: str, interpreter: Interpreter) -> list[str]:
    """The releases from good to bad that have a wheel for this Python, both ends included, in that order; asked of uv."""
    upward = uv.order(good) <= uv.order(bad)
    low, high = (good, bad) if upward else (bad, good)
    found, newest = [high], high
    while True:
        options = ["--quiet", "--no-deps", "--no-build", "--no-annotate", "--no-header", "--python", interpreter.path]
        try:
            said = uv.run("pip", "compile", *options, "-", what="no release", specs=[f"{package}>{low},<{newest}"])
        except uv.UvFailed:
            break
        newest = uv.pins_in(said.splitlines())[package]
        if newest == found[-1] or uv.order(newest) <= uv.order(low):
            break
        found.append(newest)
    found.append(low)
    return found[::-1] if upward else found


def _check(id: str, crossing: str, bridge: str) -> Check:
    """The probe or law of this id."""
    if id in probes():
        probe = probes()[id]
        return Check(id, probe.sentence, [probe.subject, *probe.imports], Request(probes=[id]))
    if id not in laws():
        raise CannotPlan(f"no law or probe is called {id!r}; `interop laws` lists them")
    if not crossing:
        raise CannotPlan(f"{id} is a law: say where it is checked, as in --crossing 'asyncio->trio/thread'")
    planner.cells(crossings=[crossing], bridges=[bridge], laws=[id])  # says what is wrong with the names
    cell = {"bridge": bridge, "crossing": crossing, "ids": [id]}
    names = [crossing, *([] if bridge == "portal" else [bridge.replace("-", "_")])]
    return Check(id, laws()[id].sentence, names, Request(laws=[cell]))


def _beside(package: str, check: Check, specs: Sequence[str]) -> list[str]:
    """The distributions that the check needs beside the package; a module is taken for the distribution of its name."""
    words = {word for name in check.names for word in words_in(name)}
    names = {uv.normalized(word) for word in words - set(sys.stdlib_module_names) - STANDARD}
    return sorted(names - {package, *(uv.name_of(spec) for spec in specs)})


def _shown(finding: Finding) -> Any:
    return finding.evidence.get("value") if finding.verdict == "observed" else finding.verdict
