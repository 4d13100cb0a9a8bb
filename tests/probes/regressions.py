"""Does some probe show each measured change of a cases.json, and stay the same on its control pairs?

    python -m tests.probes.regressions /path/to/cases.json [--venvs FOLDER] [CASE ...]

For each case both environments are built with uv (kept under FOLDER), the probes of the subjects that the case is about run in
both, and those whose value differs are named. Exit code 1 if a change shows in none, or if the behavior's own probe differs on
its control pair (others may: much else changes between two Pythons).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interop.harness import probing
from interop.probes.probe import Probe, catalogue

# Whose probes are asked; by the start of the case's name, the longest first.
SUBJECTS = {
    "aiohttp": ("aiohttp",),
    "anyio": ("anyio",),
    "asgiref": ("asgiref",),
    "async_timeout": ("async_timeout",),
    "eventlet": ("eventlet",),
    "gevent": ("gevent",),
    "greenback": ("greenback",),
    "janus": ("janus",),
    "outcome": ("outcome",),
    "py": ("python", "asyncio"),
    "pytest_asyncio": ("pytest_asyncio",),
    "tenacity": ("tenacity",),
    "tornado": ("tornado",),
    "trio": ("trio",),
    "trio_asyncio": ("trio_asyncio",),
    "twisted": ("twisted",),
    "uvloop": ("uvloop",),
}
# The behavior's own probe, for each control pair.
OWN = {
    "anyio_memory_stream_drop": "P324",
    "greenback_context_leak": "P278",
    "py_nested_taskgroup_cancel": "P17",
    "pytest_asyncio_fixture_context": "P248",
    "trio_asyncio_sniffio": "P270",
}
OLDEST = "3.10"  # The kit's: a case that was measured on an older Python is asked on this one, if it can be built there.


def subjects(case: str) -> "tuple[str, ...]":
    """The subjects of a case, by its name."""
    start = max((name for name in SUBJECTS if case.startswith(name + "_")), key=len)
    return SUBJECTS[start]


def environment(side: "dict[str, Any]", folder: Path) -> Path:
    """The interpreter of an environment with what one side of a case requires; built if it is not there."""
    for python in dict.fromkeys([max(side["python"], OLDEST, key=_minor), side["python"]]):
        name = "-".join([python, *side["requirements"]]).replace("==", "")
        executable = folder / name / "bin" / "python"
        if (folder / name / "built").exists() or _build(executable, python, side["requirements"]):
            (folder / name / "built").touch()
            return executable
    raise SystemExit(f"no environment on any Python here: {side}")


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _build(executable: Path, python: str, requirements: "list[str]") -> bool:
    uv = os.environ.get("UV", shutil.which("uv") or "uv")
    settings = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    made = subprocess.run(
        [uv, "venv", "-q", "--clear", "-p", interpreter(python), str(executable.parents[1])], check=False, env=settings
    )
    install = [uv, "pip", "install", "-q", "-p", str(executable), *requirements]
    return made.returncode == 0 and (not requirements or subprocess.run(install, check=False, env=settings).returncode == 0)


def interpreter(version: str) -> str:
    """One of pyenv's interpreters, if there is one of that version, or the version for uv to find."""
    found = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python"))
    return str(found[-1]) if found else version


def values(probes: "list[Probe]", python: Path, jobs: int) -> "dict[str, Any]":
    """What each probe says there."""
    return {
        finding.check: finding.evidence.get("value", f"{finding.verdict}: {finding.reason}")
        for finding in probing.run(probes, jobs=jobs, python=str(python))
    }


def differing(case: "dict[str, Any]", probes: "list[Probe]", folder: Path, jobs: int) -> "list[str]":
    """The probes whose values differ between the two sides."""
    before, after = (values(probes, environment(case[side], folder), jobs) for side in ("before", "after"))
    return [id for id in before if before[id] != after[id]]


def report(document: "dict[str, Any]", only: "list[str]", folder: Path, jobs: int) -> "Iterator[tuple[str, bool]]":
    """A line for each case and control pair, and whether it is as it should be."""
    shown: dict[str, list[str]] = {}
    for case in document["cases"]:
        if not only or case["id"] in only:
            probes = [probe for probe in catalogue().values() if probe.subject in subjects(case["id"])]
            shown[case["id"]] = differing(case, probes, folder, jobs)
            yield f"{case['id']}: {', '.join(shown[case['id']]) or 'shown by none'}", bool(shown[case["id"]])
    for case in document["controls"]:
        name = case["id"].removeprefix("control_")
        if not only or name in only or case["id"] in only:
            asked = {OWN[name], *shown.get(name, ())}  # What showed the change, and the own probe also where no case is.
            also = differing(case, [catalogue()[id] for id in sorted(asked)], folder, jobs)
            yield f"{case['id']}: {', '.join(also) + ' differ, too' if also else 'the same'}", OWN[name] not in also


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("only", nargs="*")
    parser.add_argument("--venvs", type=Path, default=Path.home() / ".cache" / "interop-regressions")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    good = True
    for line, as_it_should in report(json.loads(options.cases.read_text()), options.only, options.venvs, options.jobs):
        print("ok " if as_it_should else "NOT", line, flush=True)
        good &= as_it_should
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
