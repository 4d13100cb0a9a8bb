"""The mutants of a file: what the operators change, without what is no change, or no program.

No mutants are made of what only type checkers read (annotations, overloads, type variables, `if TYPE_CHECKING`, the first
argument of cast()), of docstrings, and none that is no Python, or that another operator has made already.
"""

from __future__ import annotations

import ast
import difflib
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cosmic_ray.ast import get_ast

from tests.mutants.crossings import FILES
from tests.mutants.mutant import ROOT, Mutant, digest
from tests.mutants.operators import changes

TYPING = re.compile(r"@overload\n|\w+ = (TypeVar|ParamSpec)\(|\w+: TypeAlias = ")
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}


def every() -> Iterator[Mutant]:
    """The mutants of all files."""
    for file in FILES:
        yield from mutants(file)


@cache
def mutants(file: str) -> tuple[Mutant, ...]:
    """Those of one file, by their lines."""
    return tuple(sorted(_mutants(file, (ROOT / file).read_text(encoding="utf-8")), key=lambda it: it.line))


def _mutants(file: str, source: str) -> Iterator[Mutant]:
    places = list(_places(ast.parse(source)))
    times: dict[tuple[str, ...], int] = {}
    for piece in _pieces(source):
        if TYPING.match(piece.text.lstrip()):
            continue
        seen = {_program(piece.text)}
        for operator, changed in changes(piece.text):
            program = _program(changed)
            if program is None or program in seen or not changed.endswith(piece.pad):
                continue
            seen.add(program)
            offset, before, after = _difference(piece.text, changed)
            line = piece.line + offset
            place = _innermost(places, line)
            name = (place, operator, before, after)
            again = times[name] = times.get(name, -1) + 1
            yield Mutant(file, *name, again, line, piece.whole, piece.put(changed))


@dataclass(frozen=True)
class Piece:
    """A statement, function, method, or head of a class, without its indentation: operators work on one at a time.

    Args:
        text: its source.
        indent: of its lines in the file.
        around: what comes before and after it in the file.
        whole: a digest of the top-level statement that it is in.
        pad: what was added to make it a statement.
    """

    text: str
    indent: str
    around: tuple[str, str]
    whole: str
    pad: str = ""

    @property
    def line(self) -> int:
        """The number of lines before it."""
        return self.around[0].count("\n")

    def put(self, changed: str) -> str:
        """The whole file with another text in its place."""
        return self.around[0] + textwrap.indent(changed[: len(changed) - len(self.pad)], self.indent) + self.around[1]


def _pieces(source: str) -> Iterator[Piece]:
    begin = 0
    for child in get_ast(source).children:
        code: str = child.get_code()
        whole = digest(str(_program(code)))
        for at, text, pad in _parts(child):
            first, last = begin + at, begin + at + len(text)
            plain = textwrap.dedent(text)
            line = next((line for line in text.splitlines() if line.strip()), "")
            indent = line[: len(line) - len(line.lstrip())]
            yield Piece(plain + pad, indent, (source[:first], source[last:]), whole, pad)
        begin += len(code)


def _parts(node: Any) -> Iterator[tuple[int, str, str]]:
    """Where each part begins in a statement, its text, and what makes it a statement: a class is its head and what is in it."""
    kind = node.children[-1] if node.type == "decorated" else node
    if kind.type != "classdef" or kind.children[-1].type != "suite":
        yield 0, node.get_code(), ""
        return
    suite = kind.children[-1]
    code: str = node.get_code()
    at = len(code) - len(suite.get_code())
    yield 0, code[:at], "\n    pass\n"
    for child in suite.children:
        for offset, text, pad in _parts(child):
            yield at + offset, text, pad
        at += len(child.get_code())


def _difference(piece: str, changed: str) -> tuple[int, str, str]:
    """The first changed line, counted from one, what the changed lines were, and what they are."""
    old, new = piece.splitlines(), changed.splitlines()
    codes = [it for it in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if it[0] != "equal"]
    first, last = codes[0], codes[-1]
    before, after = old[first[1] : last[2]], new[first[3] : last[4]]
    # A decorator is removed with the lines above it.
    blank = next((n for n, line in enumerate(before) if line.strip() and not line.lstrip().startswith("#")), 0)
    return first[1] + blank + 1, *(" ".join(" ".join(lines).split()) for lines in (before, after))  # type: ignore[return-value]


def place_of(tree: ast.AST, line: int) -> str:
    """The function or class around a line, or "" for the module."""
    return _innermost(list(_places(tree)), line)


def _innermost(places: Sequence[tuple[int, int, str]], line: int) -> str:
    return max((it for it in places if it[0] <= line <= it[1]), default=(0, 0, ""))[2]


def _places(tree: ast.AST, outer: str = "") -> Iterator[tuple[int, int, str]]:
    for node in ast.iter_child_nodes(tree):
        name = outer
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{outer}.{node.name}".lstrip(".")
            first = min([node.lineno, *(it.lineno for it in node.decorator_list)])
            yield first, node.end_lineno or first, name
        yield from _places(node, name)


def _program(piece: str) -> str | None:
    """The piece as it is run: equal for pieces that are the same program; None if it is none."""
    try:
        tree = ast.parse(piece)
        compile(tree, "", "exec")
    except (SyntaxError, ValueError):
        return None
    return ast.dump(_Run().visit(tree))


class _Run(ast.NodeTransformer):
    """Leaves out what is not run."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [it for it in body if not _read_only(it)]  # type: ignore[attr-defined]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant("")
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "cast" and len(node.args) == 2:
            return self.visit(node.args[1])  # type: ignore[no-any-return]
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if not isinstance(node.op, ast.Not):
            return node
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
            return inner.operand
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1 and type(inner.ops[0]) in OPPOSITE:
            return ast.Compare(inner.left, [OPPOSITE[type(inner.ops[0])]()], inner.comparators)
        return node


def _read_only(node: ast.AST) -> bool:
    """Whether it is a docstring, an overload, or for type checkers."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return "overload" in map(ast.unparse, node.decorator_list)
    return False
