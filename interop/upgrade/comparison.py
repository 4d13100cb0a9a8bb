"""Plan both sides, build them, observe what touches what moved, observe again what differs, and compare.

What differs is run once more on both sides, and a law until it has said the same five times; what does not, is noise.
A probe is made to see the same on every run; a law of somebody else's bridge may be a race, and look well in one run of two.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from interop.probes.probe import Probe, catalogue
from interop.record import Finding, Record
from interop.record.diff import Difference, Key, compare, differing
from interop.upgrade import planning, requirements, uv
from interop.upgrade.environments import Environment, build
from interop.upgrade.observe import Request, observe
from interop.upgrade.planning import Base, CannotPlan, Plan, current, from_file, plan
from interop.upgrade.pythons import Interpreter, find
from interop.upgrade.selection import PYTHON, Touch

AGAIN = (2, 3, 4, 5)  # the numbers of the repetitions
Say = Callable[[str, int, int, str], None]  # phase, done, total, what


@dataclass(frozen=True)
class Question:
    """What somebody wants to know before an upgrade.

    Args:
        specs: the requirements of the new side.
        from_specs: those of the old side; what is not named has the version of the base.
        with_specs: requirements of both sides.
        python: the new side's Python, and the old one's too if packages are asked about and from_python is not given.
        file: the base; without it, the user's current environment.
        alone: no base at all: what is named, and its dependencies.
        laws: ids and chapters of the laws and probes to run; without any, all of them.
        everything: run them also where they do not touch what moved.
    """

    specs: Sequence[str] = ()
    from_specs: Sequence[str] = ()
    with_specs: Sequence[str] = ()
    python: str | None = None
    from_python: str | None = None
    file: str | None = None
    alone: bool = False
    laws: Sequence[str] = ()
    everything: bool = False
    jobs: int = 2
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no requirement, before anything runs; raises NoRequirement."""
        requirements.lines([*self.specs, *self.from_specs, *self.with_specs])


@dataclass(frozen=True)
class Answer:
    """The difference, the records that it rests on, and what was chosen to run.

    Args:
        chosen: how many probes were run of how many, on what, how many laws on how many crossings, how many imports.
        notes: what a reader has to know: packages that are in neither environment, and why.
    """

    difference: Difference
    before: Sequence[Record]
    after: Sequence[Record]
    chosen: Mapping[str, Any]
    notes: Sequence[str] = ()
    phases: Mapping[str, float] = field(default_factory=dict)


def answer(question: Question, say: Say = lambda phase, done, total, what: None) -> Answer:
    """Compare the two environments that the question describes.

    Raises:
        InteropError: it cannot be asked like this: no such Python, no uv, a requirement that names nothing, a file that is none.
    """
    phases: dict[str, float] = {}
    with _timed(phases, "plan"):
        say("planning", 0, 1, "")
        old, new, base = _plans(question)
    with _timed(phases, "build"), ThreadPoolExecutor(2) as pool:
        say("building", 0, 2, f"Python {old.interpreter.version} and {new.interpreter.version}")
        before, after = pool.map(build, (old, new))
    touch = Touch(before, after, moved(before, after))
    probes = touch.probes(question.laws, everything=question.everything)
    laws = touch.laws(question.laws, everything=question.everything)
    ids = [probe.id for probe in probes]
    sides = [
        Side(name, side, Request(touch.imports(side), ids, laws, found))
        for name, side, found in zip(("before", "after"), (before, after), _installable(question, before, after), strict=True)
    ]
    records = [[side.observed(1, question, say, phases)] for side in sides]
    again(sides, records, {id for cell in laws for id in cell["ids"]}, lambda side, n: side.observed(n, question, say, phases))
    notes = [*_notes(base, before.plan, after.plan), *_gone_back(question, before, after)]
    notes += [] if touch.moved else ["nothing moved: both environments have the same versions"]
    return Answer(compare(*records), records[0], records[1], _chosen(probes, laws, sides), notes, phases)


def again(
    sides: Sequence[Side], records: Sequence[list[Record]], laws: Collection[str], observed: Callable[[Side, int], Record]
) -> None:
    """Add to the first record of each side the repetitions of what differs: see the module's docstring."""
    keys = differing(records[0][0], records[1][0])
    for number in AGAIN:
        for side, found in zip(sides, records, strict=True):
            part = side.only(keys)
            found += [] if part.request.empty else [observed(part, number)]
        noise = {(each.id, each.subject, each.bridge) for each in compare(*records).noise}
        keys = [key for key in keys if key[0] in laws and key not in noise]


@dataclass(frozen=True)
class Side:
    """One of the two environments, and what is asked there."""

    name: str
    environment: Environment
    request: Request

    def observed(self, number: int, question: Question, say: Say, phases: dict[str, float]) -> Record:
        """Its record; the time goes to the phase."""

        def advance(done: int, total: int, what: str) -> None:
            say(self.name, done, total, what)

        advance(0, 0, "")
        with _timed(phases, self.name):
            jobs, fresh = question.jobs, question.fresh
            return observe(self.environment, self.request, jobs=jobs, number=number, fresh=fresh, advance=advance)

    def only(self, keys: Collection[Key]) -> Side:
        """The same with the part of the request that makes these findings."""
        checks = {(check, subject) for check, subject, _ in keys}
        ids = {check for check, _ in checks}
        imports = {name: modules for name, modules in self.request.imports.items() if ("import", name) in checks}
        probes = [id for id in self.request.probes if id in ids]
        laws = [
            {**cell, "ids": again}
            for cell in self.request.laws
            if (again := [id for id in cell["ids"] if (id, cell["crossing"], cell["bridge"]) in keys])
        ]
        return replace(self, name=f"{self.name} again", request=Request(imports, probes, laws))


def moved(before: Environment, after: Environment) -> set[str]:
    """The names of the distributions, and of Python, whose versions differ."""
    old, new = ({name: one.version for name, one in side.distributions.items()} for side in (before, after))
    names = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return names | ({PYTHON} if before.plan.interpreter.version != after.plan.interpreter.version else set())


def _plans(question: Question) -> tuple[Plan, Plan, Base]:
    base = _base(question)
    old_python, new_python = _interpreters(question, base)
    named = {uv.name_of(spec) for spec in question.from_specs}
    asked = {uv.name_of(spec) for spec in question.specs}
    fixed = {uv.name_of(spec) for spec in question.with_specs}
    for name in sorted(asked - named - fixed - base.pins.keys() - {""}):
        raise CannotPlan(
            f"{name} is not in {question.file or 'this environment'}: say what to compare with: --from '{name}==...'"
        )
    for name in sorted(named - asked - fixed - base.pins.keys() - {""}):
        raise CannotPlan(f"{name} is not in {question.file or 'this environment'}: say what to compare with: '{name}==...'")
    old = plan(old_python, [*question.from_specs, *_others(question.with_specs, named)], base.pins)
    kept = {**old.pins, **{name: base.pins[name] for name in named - asked - fixed}}
    kept |= {name: version for name, version in base.pins.items() if name in asked}
    new = plan(new_python, [*question.specs, *_others(question.with_specs, asked)], kept, asked)
    return old, new, base


def _others(specs: Iterable[str], named: Collection[str]) -> list[str]:
    return [spec for spec in specs if uv.name_of(spec) not in named]


def _base(question: Question) -> Base:
    if question.alone:
        return Base(current().interpreter, {})
    if question.file is None:
        return current()
    wanted = question.from_python or (question.python if question.specs or question.from_specs else None)
    return from_file(question.file, find(wanted) if wanted else current().interpreter)


def _interpreters(question: Question, base: Base) -> tuple[Interpreter, Interpreter]:
    """About packages: both sides on one Python, unless two are named. About nothing else: from what the user has."""
    new = find(question.python) if question.python else base.interpreter
    if question.from_python:
        return find(question.from_python), new
    return (new if question.specs or question.from_specs else base.interpreter), new


def _installable(question: Question, before: Environment, after: Environment) -> tuple[list[Finding], list[Finding]]:
    """Whether what was asked for can be had; and what had to move unasked, since the new Python has no use for its version."""
    named = [uv.name_of(spec) for spec in (*question.specs, *question.from_specs, *question.with_specs)]
    old, new = (planning.findings(side.plan, named) for side in (before, after))
    for name in sorted(moved(before, after) - {PYTHON, *named}):
        pinned, taken = before.plan.pins.get(name), after.plan.pins.get(name)
        other_python = before.plan.interpreter.version != after.plan.interpreter.version
        if pinned and other_python and (why := planning.unavailable(after.plan.interpreter, name, pinned)):
            why = f"{name} {pinned} cannot be had {why}; " + (f"{taken} was taken" if taken else "it was left out")
            old.append(Finding("install", "install", name, "kept", name="it_can_be_installed"))
            new.append(Finding("install", "install", name, "broken", why, name="it_can_be_installed"))
    return old, new


def _chosen(probes: Sequence[Probe], laws: Sequence[Mapping[str, Any]], sides: Sequence[Side]) -> dict[str, Any]:
    subjects: dict[str, int] = {}
    for probe in probes:
        subjects[probe.subject] = subjects.get(probe.subject, 0) + 1
    imports = len({name for side in sides for name in side.request.imports})
    return {
        "probes": len(probes),
        "of": len(catalogue()),
        "subjects": subjects,
        "laws": len({id for cell in laws for id in cell["ids"]}),
        "crossings": len(laws),
        "imports": imports,
    }


def _notes(base: Base, old: Plan, new: Plan) -> Iterator[str]:
    for name, why in {**base.left_out, **new.left_out, **old.left_out}.items():
        yield f"{name} is left out: {why}"
    for side, problems in (("before", old.problems), ("after", new.problems)):
        yield from (f"{name} cannot be had {side}: {why}" for name, why in problems.items())


def _gone_back(question: Question, before: Environment, after: Environment) -> Iterator[str]:
    """What nobody asked about, and has an older version than before."""
    named = {uv.name_of(spec) for spec in (*question.specs, *question.from_specs)}
    for name in sorted(moved(before, after) - {PYTHON, *named}):
        old, new = before.plan.pins.get(name), after.plan.pins.get(name)
        if old and new and uv.order(new) < uv.order(old):
            yield f"{name} has to go back from {old} to {new}"


@contextlib.contextmanager
def _timed(phases: dict[str, float], name: str) -> Iterator[None]:
    begun = time.monotonic()
    try:
        yield
    finally:
        phases[name] = round(phases.get(name, 0) + time.monotonic() - begun, 1)
