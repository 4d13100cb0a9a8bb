"""Requirements in, exact versions out; what cannot be had on that Python is a finding and is left out, and the rest goes on.

What the user has (the base) is kept where it can be: its versions are preferences, so that one package that moves takes with it
only what has to move. Only wheels are used, but a package that was asked for by name and has none is built from its source.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from interop.errors import InteropError
from interop.record import Finding
from interop.upgrade import requirements, uv
from interop.upgrade.pythons import Interpreter, find, running

KIT = "async-interop"
FREEZE = """
import importlib.metadata, json, platform, sys
found = {d.metadata["Name"]: [d.version, bool(d.read_text("direct_url.json"))] for d in importlib.metadata.distributions()}
print(json.dumps([platform.python_version(), found]))
"""


class CannotPlan(InteropError):
    """What was asked for cannot be turned into an environment."""


@dataclass(frozen=True)
class Base:
    """What the user has: a Python and exact versions; `left_out` is what no index has."""

    interpreter: Interpreter
    pins: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """An environment to build.

    Args:
        built: the packages that have no wheel and are built from their source.
        problems: for a name that was asked for, why it cannot be had here.
        left_out: for a name of the base, why it is not here.
    """

    interpreter: Interpreter
    pins: Mapping[str, str]
    built: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def current() -> Base:
    """The active virtual environment, or else the one that the kit runs in; what is installed from a folder is left out."""
    active = os.environ.get("VIRTUAL_ENV")
    python = next(
        (
            path
            for path in (Path(active or "") / "bin" / "python", Path(active or "") / "Scripts" / "python.exe")
            if path.exists()
        ),
        None,
    )
    if active is None or python is None:
        return _base(running(), {_name(d): (d.version, bool(d.read_text("direct_url.json"))) for d in _distributions()})
    done = subprocess.run([str(python), "-I", "-c", FREEZE], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise CannotPlan(
            f"the active environment {active!r} cannot be asked what it has: {done.stderr.strip().splitlines()[-1:]}"
        )
    version, found = json.loads(done.stdout)
    return _base(find(version), {name: tuple(entry) for name, entry in found.items() if name})


def from_file(path: str, interpreter: Interpreter) -> Base:
    """What a requirements file, pylock.toml, uv.lock or pyproject.toml asks for on this Python, in exact versions."""
    file = Path(path)
    if not file.is_file():
        raise CannotPlan(f"there is no file {path!r}")
    with tempfile.TemporaryDirectory() as folder:
        if file.name == "uv.lock":
            project = ["--project", str(file.resolve().parent)]
            export = ["export", "--frozen", "--no-hashes", "--no-emit-project", "--python", interpreter.path, *project]
            text = uv.run(*export, what=f"cannot read {path!r}")
            file = Path(folder) / "requirements.txt"
            file.write_text(text, encoding="utf-8")
        empty = str(Path(folder) / "empty")
        uv.run("venv", "--no-project", "--python", interpreter.path, empty, what="cannot make an environment")
        said = uv.run("pip", "install", "--dry-run", "--python", empty, "-r", str(file.resolve()), what=f"cannot read {path!r}")
    pins = uv.pins_in(line for line in said.splitlines() if line.lstrip().startswith("+"))
    if not pins:
        raise CannotPlan(f"{path!r} asks for nothing that an index has")
    return Base(interpreter, pins)


def plan(interpreter: Interpreter, wanted: Sequence[str], base: Mapping[str, str], moving: Iterable[str] = ()) -> Plan:
    """Find exact versions: `wanted` as it is required, of `base` whatever goes with it, in its versions where that can be.

    Args:
        moving: the names whose versions in the base are no preference: the newest that fits is taken.

    Raises:
        NoRequirement: one of `wanted` is none; nothing has run.
    """
    specs = {uv.name_of(spec): requirements.requirement(spec) for spec in wanted}
    prefer = {name: version for name, version in base.items() if name not in {*specs, *moving}}
    problems, built = {}, []
    try:
        return Plan(interpreter, _compile(interpreter, list(specs.values()), prefer))
    except uv.UvFailed:
        for name, spec in list(specs.items()):
            if why := _alone(interpreter, spec):
                if _alone(interpreter, spec, build=True):
                    problems[name] = why
                    del specs[name]
                else:
                    built.append(name)
    try:
        rest, left_out = _what_fits(interpreter, list(specs.values()), prefer, built)
    except uv.UvFailed as error:
        together = " ".join(specs.values())
        return Plan(interpreter, {}, (), {**problems, **dict.fromkeys(specs, f"{together}: {error.reason}")})
    return Plan(interpreter, rest, tuple(built), problems, left_out)


def unavailable(interpreter: Interpreter, name: str, version: str) -> str:
    """Why this very version cannot be had here, in uv's words; empty if it can."""
    return _alone(interpreter, f"{name}=={version}")


def _what_fits(
    interpreter: Interpreter, specs: Sequence[str], prefer: Mapping[str, str], built: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The versions with as much of the base as goes with what is wanted, and why the rest does not; halves where it must."""
    accepted: dict[str, str] = {}
    found = _compile(interpreter, specs, accepted, built)
    left_out: dict[str, str] = {}
    queue = [dict(prefer)]
    while queue:
        part = queue.pop(0)
        if not part:
            continue
        try:
            found = _compile(interpreter, specs, {**accepted, **part}, built)
            accepted |= part
        except uv.UvFailed as error:
            if len(part) == 1:
                left_out[next(iter(part))] = error.reason
                continue
            names = list(part)
            queue += [{name: part[name] for name in half} for half in (names[: len(names) // 2], names[len(names) // 2 :])]
    return found, left_out


def _compile(
    interpreter: Interpreter, specs: Sequence[str], prefer: Mapping[str, str], built: Sequence[str] = ()
) -> dict[str, str]:
    """Ask uv; what is in `prefer` stands in the file that uv updates, so that it keeps those versions where it can."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "pins.txt"
        output.write_text(requirements.lines(uv.pinned(prefer)), encoding="utf-8")
        names = [*prefer, *(uv.name_of(spec) for spec in specs)]
        uv.run(
            "pip", "compile", "--quiet", "--no-annotate", "--no-header", "--python", interpreter.path,
            *uv.wheels_only(built, names), "--output-file", str(output), "-",
            what="these do not go together", specs=[*specs, *sorted(prefer)],
            patience=uv.BUILD if built else uv.PATIENCE,
        )  # fmt: skip
        return uv.pins_in(output.read_text(encoding="utf-8").splitlines())


def _alone(interpreter: Interpreter, spec: str, *, build: bool = False) -> str:
    """Why uv cannot have this one requirement here, its dependencies aside; empty if it can."""
    options = ["--quiet", "--no-deps", "--python", interpreter.path, *([] if build else ["--no-build"])]
    try:
        uv.run("pip", "compile", *options, "-", what=f"{spec} cannot be had", specs=[spec], patience=uv.BUILD)
    except uv.UvFailed as error:
        return f"on Python {interpreter.version}: {error.reason}"
    return ""


def findings(plan: Plan, names: Iterable[str]) -> list[Finding]:
    """Whether each of these can be installed, as a finding of its own."""
    found = []
    for name in dict.fromkeys(names):
        verdict = "broken" if name in plan.problems else "kept" if name in plan.pins else "not-applicable"
        why = plan.problems.get(name) or {"kept": "", "not-applicable": "nothing asks for it here"}.get(verdict, "")
        if name in plan.built and verdict == "kept":
            why = f"built from its source: there is no wheel for Python {plan.interpreter.version}"
        found.append(Finding("install", "install", name, verdict, why, name="it_can_be_installed"))
    return found


def _distributions() -> list[importlib.metadata.Distribution]:
    return [found for found in importlib.metadata.distributions() if _name(found)]


def _name(distribution: importlib.metadata.Distribution) -> str:
    return str(distribution.metadata["Name"] or "")


def _base(interpreter: Interpreter, found: Mapping[str, tuple[str, bool]]) -> Base:
    strange = {name for name, (version, _) in found.items() if not requirements.REQUIREMENT.fullmatch(f"{name}=={version}")}
    pins = {uv.normalized(name): version for name, (version, local) in found.items() if not local and name not in strange}
    pins.pop(KIT, None)
    left_out = {uv.normalized(name): "installed from a folder, not from an index" for name, (_, local) in found.items() if local}
    left_out |= dict.fromkeys(strange, "its name or its version is none")
    left_out.pop(KIT, None)
    return Base(interpreter, pins, left_out)
