"""What a reproducer carries: the modules of this kit that one check needs, without comments and docstrings, as text.

What is loaded by name is not seen in any import: drivers, adapters, files of laws, scenarios. Whoever packs names them as roots.
"""

from __future__ import annotations

import ast
import base64
import dis
import gc
import io
import json
import lzma
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType

import interop

ROOT = Path(interop.__file__).parents[1]
OURS = ("interop", "scenarios")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def packed(roots: Iterable[str], without: Iterable[str] = ()) -> str:
    """These modules and what they import of ours, as ASCII text without quotes: JSON of path and text, LZMA, base 85.

    Args:
        without: modules that are imported somewhere, but not on this check's way.
    """
    files = {path.relative_to(ROOT).as_posix(): _text(path) for path in sorted(closure(roots, without))}
    squeezed = lzma.compress(json.dumps(files).encode(), preset=9 | lzma.PRESET_EXTREME)
    return base64.b85encode(squeezed).decode()


def closure(roots: Iterable[str], without: Iterable[str] = ()) -> set[Path]:
    """The files of modules and of all that they import of ours, inside functions, too; and data files beside them."""
    found: set[Path] = set()
    todo, seen = list(roots), set(without)
    while todo:
        name = todo.pop()
        base = ROOT.joinpath(*name.split("."))
        path = base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"
        if name in seen or not path.exists() or path in found:
            continue
        found.add(path)
        found |= set(path.parent.glob("*.toml"))
        if path.name == "__init__.py" and name.startswith("scenarios."):  # They are loaded by name.
            todo += [f"{name}.{item.stem}" for item in path.parent.iterdir() if item.suffix == ".py" or item.is_dir()]
        parts = name.split(".")
        todo += [".".join(parts[:length]) for length in range(1, len(parts))]
        code = compile(path.read_text(encoding="utf-8"), path, "exec", dont_inherit=True)
        todo += [name for name in _imported(code) if name.startswith(OURS)]
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


def _text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    # A probe is about Python itself, and may look at its own text.
    return bare(text) if path.suffix == ".py" and "probes" not in path.parts else text


def bare(text: str) -> str:
    """A module's text without docstrings, lines that are comments, and empty lines."""
    lines = text.splitlines(keepends=True)
    collecting = gc.isenabled()
    gc.disable()  # See _imported().
    try:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                _drop(lines, node.body[0], alone=len(node.body) == 1)
    finally:
        if collecting:
            gc.enable()
    text = "".join(lines)
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        number = token.start[0] - 1
        only = not token.line[: token.start[1]].strip()
        if (token.type == tokenize.COMMENT and only) or (token.type == tokenize.NL and not token.line.strip()):
            lines[number] = ""
    return "".join(lines)


def _drop(lines: list[str], docstring: ast.stmt, *, alone: bool) -> None:
    first, last = docstring.lineno - 1, (docstring.end_lineno or docstring.lineno) - 1
    before = lines[first][: docstring.col_offset]
    if before.strip() or lines[last][docstring.end_col_offset :].strip():
        return  # Something else is on its line.
    lines[first : last + 1] = [f"{before}pass\n" if alone else "", *[""] * (last - first)]
