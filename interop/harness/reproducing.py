"""One file that shows a finding without this kit: the check in plain text, and what it rests on, packed, below it.

The file needs the frameworks of the finding, and nothing else; showing.py says what it prints and which exit code it has.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import interop
from interop.bridges import known as bridges
from interop.bridges.bridge import Bridge
from interop.bridges.crossing import ON_ASYNCIO, Crossing
from interop.errors import InteropError
from interop.harness import planner, probing, programs
from interop.harness.cell import Cell
from interop.harness.packing import packed
from interop.laws.law import FILES, Law, catalogue
from interop.portal import FRAMEWORKS
from interop.probes.probe import catalogue as probes
from interop.wrapping import HOMES

RUNS = 200  # of a program in its file: a race does not show itself each time
WIDTH = 700  # of the packed lines, which nobody reads
HEAD = '''#!/usr/bin/env python
"""{title}

{what}

Run it where these are installed: {needs}
Made by interop {version}; it does not need interop to be installed, and on Python 3.10 and later it says what it sees.
Exit code: 1 it shows the finding, 0 it does not, 3 something is missing, 4 the file itself failed.
"""

# The check itself; what is packed below has the same code.
#
{source}

import base64
import json
import os
import sys
import tempfile

JOB = {job}
PACKED = """
{packed}
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        try:
            import lzma

            for path, text in json.loads(lzma.decompress(base64.b85decode(PACKED.replace("\\n", "")))).items():
                os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
                with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                    file.write(text)
            sys.path.insert(0, folder)
            os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
            from interop.harness.showing import main as show
        except Exception as error:
            sys.stderr.write(f"the file itself failed: {{type(error).__name__}}: {{error}}\\n")
            return 4
        return show(JOB)


if __name__ == "__main__":
    sys.exit(main())
'''


def law(id: str, crossing: Crossing, bridge: str, seeds: range = range(0)) -> str:
    """The file for a law on a crossing; for a law of chapter M, for its smallest program that differs.

    Args:
        seeds: of the programs that are tried for that, instead of the law's own few.

    Raises:
        InteropError: there is no such law, bridge or crossing, or no program that differs.
    """
    laws, kinds = catalogue(), bridges()
    if id not in laws or bridge not in kinds:
        raise InteropError(f"no law is called {id!r}, or no bridge {bridge!r}: see `interop laws` and `interop run --help`")
    planner.cells(crossings=[str(crossing)], bridges=[bridge], laws=[id])  # Says what is wrong with the crossing.
    spec, kind = kinds[bridge]
    job: dict[str, Any] = {"law": id, "crossing": str(crossing), "bridge": spec}
    title = f"{id} on {crossing} by {bridge}: {laws[id].sentence}"
    source = inspect.getsource(laws[id].check)
    if laws[id].chapter == "M":
        program, lines = programs.differing(Cell(spec, crossing, (id,), seeds=seeds))
        if program is None and seeds:
            job["seeds"] = [seeds.start, seeds.stop]
        elif program is not None:
            job |= {"seeds": [0, RUNS], "program": program.text()}
            source = "\n".join(lines)
    needs = _packages(crossing, kind, scenario=id.startswith("F"))
    without = [] if id.startswith("F") else ["interop.harness.scenario", "scenarios"]
    return _file(title, f"Source: {laws[id].source}", needs, source, _roots(laws[id], crossing, spec), without, job)


def probe(id: str) -> str:
    """The file for a probe; the finding is what it sees here, if it can be run here.

    Raises:
        InteropError: there is no such probe.
    """
    there = probes()
    if id not in there:
        raise InteropError(f"no probe is called {id!r}: see `interop laws P`")
    one = there[id]
    finding = probing.observe(one)
    job: dict[str, Any] = {"probe": id}
    if finding.verdict == "observed":
        job["value"] = finding.evidence["value"]
    needs = [name.partition(".")[0] for name in (one.subject, *one.imports) if name != "python"]
    title = f"{id}, {one.subject}: {one.sentence}"
    roots = ["interop.harness.showing", "interop.probes.one", one.fn.__module__]
    return _file(title, f"Source: {one.source}", needs, inspect.getsource(one.fn), roots, ["interop.harness.runner"], job)


def _roots(law: Law, crossing: Crossing, spec: str) -> Iterator[str]:
    """What is loaded by name, as no import says."""
    yield from ("interop.harness.showing", "interop.harness.runner", spec.partition(":")[0])
    yield from (f"interop.laws.{name}" for name in FILES if law.check.__module__ == f"interop.laws.{name}")
    # A flavour that is a framework of its own, as anyio's backends are, has a driver that the other one uses.
    sides = [part for name in (crossing.caller, crossing.callee) for part in re.findall(r"\w+", name)]
    adapters = [*sides, "threads", "asyncio", *(HOMES if law.needs & {"wrap"} or law.chapter == "M" else ())]
    yield from (f"interop.adapters.{name}" for name in adapters)
    yield from (f"interop.harness.drivers.{name}" for name in sides)
    if law.chapter == "F":
        yield from ("interop.harness.scenario", "scenarios.fetch_and_save", "scenarios.origin")


def _packages(crossing: Crossing, kind: type[Bridge], *, scenario: bool) -> Iterator[str]:
    """What has to be installed, as pip wants it; one may come twice."""
    for name in (crossing.caller, crossing.callee):
        adapter, _, package = FRAMEWORKS[name]
        yield from (package, adapter if package and adapter not in sys.stdlib_module_names else "")
        if scenario:
            from scenarios.fetch_and_save import FRAMEWORKS as fetching

            yield from _extra(fetching[name].extra if name in fetching else "")
    guest = {"guest": crossing.callee, "hosted": crossing.caller}.get(crossing.topology)
    if guest in ON_ASYNCIO:
        yield "greenlet"
    yield kind.package
    if scenario:
        yield from _extra("run")


def _extra(name: str) -> Iterator[str]:
    """The requirements of an extra of this kit, and of the extras that it names, without versions and markers."""
    try:
        requirements = importlib.metadata.requires("async-interop") or []
    except importlib.metadata.PackageNotFoundError:
        return
    for requirement in requirements:
        if re.search(rf"""extra\s*==\s*["']{re.escape(name)}["']""", requirement) and name:
            found = re.match(r"([\w.-]+)\s*(?:\[([^\]]*)\])?", requirement)
            if found and found[1] == "async-interop":
                for other in (found[2] or "").split(","):
                    yield from _extra(other.strip())
            elif found and found[1] != "rich":  # A table's; there is none here.
                yield found[1] + (f"[{found[2]}]" if found[2] else "")


def _once(packages: Iterable[str]) -> list[str]:
    """Each package once, with its extras where it is wanted with some."""
    found: dict[str, str] = {}
    for package in filter(None, packages):
        name = re.sub(r"[-_.]+", "-", package.partition("[")[0]).lower()
        found[name] = max(found.get(name, ""), package.lower(), key=len)
    return [found[name] for name in sorted(found)]


def _file(
    title: str, what: str, needs: Iterable[str], source: str, roots: Iterable[str], without: Iterable[str], job: dict[str, Any]
) -> str:
    return HEAD.format(
        title=title.replace("\\", "\\\\"),
        what=textwrap.fill(what, 120).replace("\\", "\\\\"),
        needs=", ".join(_once(needs)) or "Python alone",
        version=interop.__version__,
        source=textwrap.indent(source.rstrip(), "# ", lambda _: True),
        job=repr(job),
        packed="\n".join(textwrap.wrap(packed(roots, without), WIDTH)),
    )
