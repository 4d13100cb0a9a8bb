"""Exact versions in, an environment in the cache out; built beside its place and moved there, it is whole or not at all."""

from __future__ import annotations

import importlib.metadata
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from interop.upgrade import requirements, uv
from interop.upgrade.cache import digest, folder, settle
from interop.upgrade.planning import Plan

FRAMEWORK = re.compile(r"Framework :: ([\w.-]+)")
TESTING = re.compile(r"""extra\s*==\s*['"](?:all|dev|docs?|lint|tests?|testing|typing|mypy)""")


@dataclass(frozen=True)
class Environment:
    """A virtual environment with exactly what was planned."""

    plan: Plan
    root: Path

    @property
    def key(self) -> str:
        """The same for the same versions on the same Python."""
        return self.root.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        posix = self.root / "bin" / "python"
        return posix if posix.exists() else self.root / "Scripts" / "python.exe"

    @cached_property
    def distributions(self) -> Mapping[str, importlib.metadata.Distribution]:
        """What is installed there, by normalized name."""
        places = [str(path) for path in (*self.root.glob("lib/python*/site-packages"), *self.root.glob("Lib/site-packages"))]
        found = importlib.metadata.distributions(path=places)
        return {uv.normalized(one.metadata["Name"]): one for one in found if one.metadata["Name"]}

    def modules(self, name: str) -> list[str]:
        """What a distribution can be imported as."""
        distribution = self.distributions[name]
        files = [file for file in distribution.files or () if file.suffix in (".py", ".so", ".pyd")]
        tops = {file.parts[0].partition(".")[0] for file in files if len(file.parts) < 3}
        tops &= {top for top in tops if top.isidentifier() and not top.startswith("_")}
        declared = [top for top in (distribution.read_text("top_level.txt") or "").split() if top in tops]
        return sorted(declared or tops)

    @cached_property
    def providers(self) -> Mapping[str, str]:
        """Which distribution a top-level module is from."""
        return {module: name for name in self.distributions for module in self.modules(name)}

    def needs(self, name: str) -> set[str]:
        """A distribution and all that it can use of what is installed.

        Its dependencies, optional ones too, the frameworks that it says it is for, and theirs.
        """
        found, todo = set(), [uv.normalized(name)]
        while todo:
            one = todo.pop()
            if one not in found and one in self.distributions:
                found.add(one)
                todo += self.required[one]
        return found

    @cached_property
    def required(self) -> Mapping[str, list[str]]:
        """What each distribution asks for or says it is for; reading it is slow."""
        return {name: list(_required(distribution)) for name, distribution in self.distributions.items()}


def build(plan: Plan) -> Environment:
    """The environment, from the cache if it was built before; what cannot be built is a problem of the plan and left out."""
    while True:
        place = folder("environments") / digest(plan.interpreter.version, plan.interpreter.path, dict(plan.pins))
        if place.exists():
            return Environment(plan, place)
        failed = place.with_suffix(".failed")  # what took minutes to fail is not tried again
        try:
            if plan.built and failed.exists():
                raise uv.UvFailed("it was tried before", failed.read_text(encoding="utf-8"))
            return _built(plan, place)
        except uv.UvFailed as error:
            if not plan.built:
                raise
            failed.write_text(error.reason, encoding="utf-8")
            reason = f"it has no wheel for Python {plan.interpreter.version}, and cannot be built: {error.reason}"
            plan = replace(
                plan,
                pins={name: version for name, version in plan.pins.items() if name not in plan.built},
                built=(),
                problems={**plan.problems, **dict.fromkeys(plan.built, reason)},
            )


def _built(plan: Plan, place: Path) -> Environment:
    # On the cache's own file system, so that uv can link and rename() is one step.
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="building-") as partial:
        root, pins = Path(partial) / "environment", Path(partial) / "pins.txt"
        pins.write_text(requirements.lines(uv.pinned(plan.pins)), encoding="utf-8")
        what = f"cannot make an environment for Python {plan.interpreter.version}"
        uv.run("venv", "--quiet", "--no-project", "--relocatable", "--python", plan.interpreter.path, str(root), what=what)
        if plan.pins:
            uv.run(
                "pip", "install", "--quiet", "--no-deps", "--python", str(root), *uv.wheels_only(plan.built, plan.pins),
                "-r", str(pins), what=what, patience=uv.BUILD if plan.built else uv.PATIENCE,
            )  # fmt: skip
        settle(root, place)
    return Environment(plan, place)


def _required(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for requirement in distribution.requires or ():
        if not TESTING.search(requirement):
            yield uv.name_of(requirement.partition(";")[0])
    # greenback and sniffio work on Trio, but do not ask for it.
    for classifier in distribution.metadata.get_all("Classifier") or ():
        if made_for := FRAMEWORK.match(classifier):
            yield uv.normalized(made_for[1])
