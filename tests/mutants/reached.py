"""Which lines the laws run, so that a mutant of a line that none of them runs needs no trial: it survives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from tests.mutants.mutant import ROOT, Mutant


def is_reached(mutant: Mutant, lines: frozenset[str]) -> bool:
    """Whether the statement that it changes is run; of a statement with others in it, its head.

    Args:
        lines: "interop/call.py:12", of each line that was run.
    """
    first, last = _statement(mutant.file, mutant.line)
    return any(f"{mutant.file}:{line}" in lines for line in range(first, last + 1))


def _statement(file: str, line: int) -> tuple[int, int]:
    around = [it for it in _statements(file) if it[0] <= line <= it[1]]
    return min(around, key=lambda it: (it[1] - it[0], -it[0]), default=(line, line))


@cache
def _statements(file: str) -> tuple[tuple[int, int], ...]:
    return tuple(_heads(ast.parse((ROOT / file).read_text(encoding="utf-8"))))


def _heads(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(it.lineno for it in decorators)])
            body = getattr(node, "body", None)
            yield first, body[0].lineno - 1 if body and body[0].lineno > node.lineno else node.end_lineno or first
