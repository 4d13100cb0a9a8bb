"""One file that shows a finding without this kit: the check in plain text, and what it rests on, packed, below it.

The file needs the frameworks of the finding, and nothing else; it prints the finding, and exits 1 if it speaks against somebody.
"""

from __future__ import annotations

import base64
import dis
import inspect
import io
import textwrap
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType

import interop
from interop.bridges import known as bridges
from interop.bridges.crossing import Crossing
from interop.errors import InteropError
from interop.laws.law import FILES, catalogue
from interop.portal import FRAMEWORKS
from interop.probes.probe import catalogue as probes

COMMAND = ("interop.__main__", "interop.cli", "interop.commands.run")
ROOT = Path(interop.__file__).parents[1]
HEAD = '''#!/usr/bin/env python
"""{title}

{what}

Run it where these are installed: {needs}. Made by interop {version}; it does not need interop to be installed.
"""

# The check itself; what is packed below has the same text.
#
{source}

import base64
import io
import sys
import tempfile
import zipfile

PACKED = """
{packed}
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(io.BytesIO(base64.b64decode(PACKED))).extractall(folder)
        sys.path.insert(0, folder)
        {run}


if __name__ == "__main__":
    sys.exit(main())
'''
RUN = """import os

        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
        from interop.cli import main as command

        return command({words!r} + ["--record", os.path.join(folder, "record.json")])"""


def law(id: str, crossing: Crossing, bridge: str) -> str:
    """The file for a law on a crossing.

    Raises:
        InteropError: there is no such law or bridge.
    """
    laws, kinds = catalogue(), bridges()
    if id not in laws or bridge not in kinds:
        raise InteropError(f"no law is called {id!r}, or no bridge {bridge!r}: see `interop laws` and `interop run --help`")
    sides = {FRAMEWORKS[name][0] for name in (crossing.caller, crossing.callee)}
    roots = [*COMMAND, "interop.harness.preload", kinds[bridge][0].partition(":")[0]]
    roots += [f"interop.laws.{name}" for name in FILES]
    roots += [f"interop.adapters.{name}" for name in sides | {"threads"}]
    roots += [f"interop.harness.drivers.{name}" for name in sides]
    if id.startswith("F"):
        roots += ["scenarios.fetch_and_save", "scenarios.origin"]
    packages = sorted({package for name in (crossing.caller, crossing.callee) if (package := FRAMEWORKS[name][2])})
    if kinds[bridge][1].package:
        packages.append(kinds[bridge][1].package)
    words = ["run", "--crossing", str(crossing), "--bridge", bridge, "--law", id, "--jobs", "1"]
    title = f"{id} on {crossing} by {bridge}: {laws[id].sentence}"
    return _file(title, f"Source: {laws[id].source}", packages, inspect.getsource(laws[id].check), roots, words)


def probe(id: str) -> str:
    """The file for a probe.

    Raises:
        InteropError: there is no such probe.
    """
    there = probes()
    if id not in there:
        raise InteropError(f"no probe is called {id!r}: see `interop laws P`")
    one = there[id]
    module = one.fn.__module__
    roots = [*COMMAND, "interop.probes.one", module]
    needs = [] if one.subject == "python" else [one.subject]
    return _file(
        f"{id}, {one.subject}: {one.sentence}",
        f"Source: {one.source}",
        needs,
        inspect.getsource(one.fn),
        roots,
        ["run", "--law", id],
    )


def _file(title: str, what: str, needs: Iterable[str], source: str, roots: Iterable[str], words: list[str]) -> str:
    return HEAD.format(
        title=title,
        what=textwrap.fill(what, 120),
        needs=", ".join(needs) or "Python alone",
        version=interop.__version__,
        source=textwrap.indent(source.rstrip(), "# ", lambda _: True),
        packed="\n".join(textwrap.wrap(base64.b64encode(packed(roots)).decode(), 120)),
        run=RUN.format(words=words),
    )


def packed(roots: Iterable[str]) -> bytes:
    """A zip archive of these modules, and of what they import of ours."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_closure(roots)):
            archive.write(path, path.relative_to(ROOT))
    return out.getvalue()


def _closure(roots: Iterable[str]) -> set[Path]:
    """The files of modules and of all that they import of ours, inside functions, too; and data files beside them."""
    found: set[Path] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        base = ROOT.joinpath(*name.split("."))
        path = base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"
        if not path.exists() or path in found:
            continue
        found.add(path)
        found |= set(path.parent.glob("*.toml"))
        if path.name == "__init__.py" and name.startswith("scenarios."):
            todo += [f"{name}.{item.stem}" for item in path.parent.iterdir() if item.suffix == ".py" or item.is_dir()]
        parts = name.split(".")
        todo += [".".join(parts[:length]) for length in range(1, len(parts))]
        code = compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
        todo += [name for name in _imported(code) if name.startswith(("interop", "scenarios"))]
    return found


def _imported(code: CodeType) -> Iterator[str]:
    """Names of modules, and of what is in them: in bytecode, since ast.parse() is not reentrant before Python 3.11.8, and the
    garbage collector may parse, too, for the traceback of what it finds: https://github.com/python/cpython/issues/106905."""
    module = ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            yield (module := step.argval)
        elif step.opname == "IMPORT_FROM":
            yield f"{module}.{step.argval}"
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _imported(inner)
