"""Which small faults are planted: a choice of mutmut's operators, and a few that it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import libcst as cst
from mutmut.mutation import mutators

type Change = tuple[cst.CSTNode, cst.CSTNode]

_BORROWED: Final[tuple[tuple[type[cst.CSTNode], Callable[[Any], Any]], ...]] = (
    (cst.BaseNumber, mutators.operator_number),
    (cst.Name, mutators.operator_name),
    (cst.AugAssign, mutators.operator_augmented_assignment),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.Lambda, mutators.operator_lambda),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
    (cst.IfExp, mutators.operator_if_exp),
)
_OPPOSITES: Final[dict[type[cst.BaseCompOp], type[cst.BaseCompOp]]] = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
}
_SWAPPED_NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _condition_negated(node: cst.If | cst.While | cst.CompIf) -> Iterator[Change]:
    """Negate a condition that is not a lone comparison: that one is turned anyway."""
    if not isinstance(node.test, cst.Comparison | cst.UnaryOperation):
        yield node.test, _negated(node.test)


def _case_dropped(node: cst.Match) -> Iterator[Change]:
    """Forget one case; without one for everything else that does nothing, a match does the same."""
    for i, case in enumerate(node.cases):
        wildcard = isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None and not case.guard
        if len(node.cases) > 1 and not (wildcard and _does_nothing(case.body)):
            yield node, node.with_changes(cases=[*node.cases[:i], *node.cases[i + 1 :]])


def _does_nothing(suite: cst.BaseSuite) -> bool:
    return [type(part) for line in suite.body for part in getattr(line, "body", ())] == [cst.Pass]


def _guard_negated(node: cst.MatchCase) -> Iterator[Change]:
    if node.guard:
        yield node.guard, _negated(node.guard)


def _comparison_turned(node: cst.ComparisonTarget) -> Iterator[Change]:
    if opposite := _OPPOSITES.get(type(node.operator)):
        yield node.operator, opposite()


def _name_swapped(node: cst.Call) -> Iterator[Change]:
    if isinstance(node.func, cst.Name) and node.func.value in _SWAPPED_NAMES:
        yield node.func, cst.Name(_SWAPPED_NAMES[node.func.value])


def _one_less(node: cst.Integer | cst.Float) -> Iterator[Change]:
    value = node.evaluated_value - 1
    yield node, cst.parse_expression(f"({value!r})" if value < 0 else repr(value))


def _assigned_none(node: cst.Assign) -> Iterator[Change]:
    kept = isinstance(node.targets[0].target, cst.Attribute | cst.Subscript)
    if kept and not (isinstance(node.value, cst.Name) and node.value.value in ("None", "True", "False")):
        yield from ((node, new) for new in mutators.operator_assignment(node))


def _statement_dropped(node: cst.SimpleStatementLine) -> Iterator[Change]:
    """Forget a call or an assignment to something that outlives the function."""
    statement = node.body[0]
    outlives = (
        (isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Call))
        or (isinstance(statement, cst.AugAssign) and not isinstance(statement.target, cst.Name))
        or (isinstance(statement, cst.Assign) and not isinstance(statement.targets[0].target, cst.Name))
    )
    if outlives:
        yield statement, cst.Pass()


def _negated(test: cst.BaseExpression) -> cst.BaseExpression:
    bracketed = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(cst.Not(), bracketed)


_OWN: Final[tuple[tuple[Any, Callable[[Any], Iterator[Change]]], ...]] = (
    (cst.If | cst.While | cst.CompIf, _condition_negated),
    (cst.Match, _case_dropped),
    (cst.MatchCase, _guard_negated),
    (cst.ComparisonTarget, _comparison_turned),
    (cst.Call, _name_swapped),
    (cst.Integer | cst.Float, _one_less),
    (cst.Assign, _assigned_none),
    (cst.SimpleStatementLine, _statement_dropped),
)


def changes(node: cst.CSTNode) -> Iterator[Change]:
    """Yield what may be planted at `node`: the part that goes, and what comes instead."""
    for kind, borrowed in _BORROWED:
        if isinstance(node, kind):
            yield from ((node, new) for new in borrowed(node))
    for kinds, own in _OWN:
        if isinstance(node, kinds):
            yield from own(node)
