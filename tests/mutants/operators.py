"""The operators, of cosmic-ray and of mutmut, and what each makes of a piece of source.

cosmic-ray's change how control flows, mutmut's what is passed and assigned. Where both change the same, one of them is left out.
Not used: operators on strings, since most of our strings are the words of errors, which tests read; and of cosmic-ray's for
comparisons and binary operators those that need a type that is not there (`is` to `<`): any law would kill them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.operators.provider import OperatorProvider
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

COSMIC_RAY = (
    "AddNot",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_Is_Eq",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_IsNot_NotEq",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Add",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ExceptionReplacer",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)
MUTMUT = (
    "operator_assignment",
    "operator_augmented_assignment",
    "operator_arg_removal",
    "operator_if_exp",
    "operator_lambda",
    "operator_match",
)
_provider: Any = OperatorProvider()


def changes(piece: str) -> Iterator[tuple[str, str]]:
    """The operator and the changed piece, for each change of a piece of source that each operator makes."""
    tree = get_ast(piece)
    nodes = list(ast_nodes(tree))
    for name in COSMIC_RAY:
        operator = _provider[name]()
        for occurrence in range(sum(len(list(operator.mutation_positions(node))) for node in nodes)):
            changed = MutationVisitor.mutate_code(piece, operator, occurrence)
            if changed is not None:
                yield f"cosmic-ray/{name}", changed
    yield from _by_mutmut(piece)


def _by_mutmut(piece: str) -> Iterator[tuple[str, str]]:
    wrapper = MetadataWrapper(libcst.parse_module(piece))
    positions = wrapper.resolve(PositionProvider)
    starts = [0]
    for line in piece.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    wanted = [(kind, fn) for kind, fn in mutators.mutation_operators if fn.__name__ in MUTMUT]
    for node in _walk(wrapper.module):
        for kind, operator in wanted:
            if isinstance(node, kind):
                where: Any = positions[node]
                begin = starts[where.start.line - 1] + where.start.column
                end = starts[where.end.line - 1] + where.end.column
                for changed in operator(node):
                    yield f"mutmut/{operator.__name__}", piece[:begin] + wrapper.module.code_for_node(changed) + piece[end:]


def _walk(node: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    yield node
    for child in node.children:
        if not isinstance(child, libcst.Annotation):
            yield from _walk(child)
