"""`interop doctor`: what is installed, what is missing and why, and what can be run here."""

import argparse
import json
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import interop
from interop.bridges.crossing import TOPOLOGIES, every
from interop.commands.environment import packages, strangers
from interop.errors import InteropError
from interop.upgrade import pythons, uv
from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.origin import missing

EXAMPLES = """examples:
  interop doctor           in words
  interop doctor --json    for programs, and for bug reports

Exit code 1 if something that is installed is broken; what is only missing is no fault.
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop doctor` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("--json", action="store_true", help="as JSON")


def main(options: argparse.Namespace) -> int:
    """Look around. Returns 0, or 1 if something that is installed is broken."""
    found = examined()
    if options.json:
        json.dump(found, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("\n".join(_in_words(found)) + "\n")
    return 1 if found["broken"] else 0


def examined() -> dict[str, Any]:
    """Everything that the doctor knows, as JSON values; "broken" names what is installed and of no use."""
    brought = packages()
    others = strangers()
    return {
        "kit": {"version": interop.__version__, "from": str(Path(interop.__file__).parent), "installed": bool(brought)},
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "platform": platform.platform(),
            "executable": sys.executable,
        },
        "packages": [{**asdict(package), "fix": package.fix} for package in brought],
        "fetch": {name: framework.missing() or "" for name, framework in FRAMEWORKS.items()},
        "crossings": {topology: _crossings(topology) for topology in TOPOLOGIES},
        "origin": missing() or "",
        "interpreters": [{"version": one.version, "path": one.path} for one in pythons.installed()],
        "tools": {"uv": _uv(), "chromium": _which(*BROWSERS), "chromedriver": _which("chromedriver")},
        "clashes": others,
        "broken": [package.name for package in brought if package.broken] + others,
    }


def _crossings(topology: str) -> dict[str, Any]:
    """How many crossings there are and can be run, and what keeps how many of the others from it."""
    there = [crossing for crossing in every() if crossing.topology == topology]
    reasons: dict[str, int] = {}
    for crossing in there:
        if reason := crossing.missing:
            reasons[reason] = reasons.get(reason, 0) + 1
    return {"all": len(there), "here": len(there) - sum(reasons.values()), "missing": reasons}


def _uv() -> str:
    try:
        return uv.path()
    except InteropError:
        return ""


def _which(*names: str) -> str:
    return next(filter(None, map(shutil.which, names)), "") or ""


def _in_words(found: dict[str, Any]) -> Iterator[str]:
    kit, python = found["kit"], found["python"]
    yield f"interop {kit['version']} from {kit['from']}"
    yield f"{python['implementation']} {python['version']} on {python['platform']}: {python['executable']}"
    if not kit["installed"]:
        yield "! the kit is not installed as a distribution here: which versions it supports is not known"
    for name in found["clashes"]:
        yield f"✗ {name} brings a top-level package `interop`, too: the two exclude each other; pip uninstall {name}"
    yield from ["", "What the extras bring"]
    for package in found["packages"]:
        mark = "✗" if package["broken"] else "✓" if not package["problem"] else "-" if not package["version"] else "!"
        fix = f"; {package['fix']}" if package["fix"] else ""
        problem = f"  {package['problem']}{fix}" if package["problem"] else ""
        yield f"  {mark} {package['name']:<16} {package['version'] or '':<12} {package['wanted']:<10}{problem}".rstrip()
    yield from ["", "What can be run"]
    for topology, count in found["crossings"].items():
        why = "".join(f"; {reason}: {number}" for reason, number in count["missing"].items())
        yield f"  {_mark(count['here'] == count['all'])} {count['here']} of {count['all']} crossings in topology {topology}{why}"
    able = [name for name, missing in found["fetch"].items() if not missing]
    yield f"  {_mark(len(able) == len(found['fetch']))} interop fetch --framework {' '.join(able)}"
    yield from (f"  - not {name}: {missing}" for name, missing in found["fetch"].items() if missing)
    yield f"  {_mark(not found['origin'])} {found['origin'] or 'the local origin'}"
    yield from ["", "What else there is"]
    for one in found["interpreters"]:
        yield f"  ✓ Python {one['version']}: {one['path']}"
    for name, why in (
        ("uv", "for interop upgrade; install it with: pip install 'async-interop[upgrade]'"),
        ("chromium", "for the tests of the report's page; apt-get install chromium"),
        ("chromedriver", "for the same; apt-get install chromium-driver"),
    ):
        yield f"  {_mark(found['tools'][name])} {name}: {found['tools'][name] or f'not found; {why}'}"


def _mark(good: object) -> str:
    return "✓" if good else "-"
