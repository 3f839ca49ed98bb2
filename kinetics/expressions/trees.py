"""Expressions as nested lists of JSON, and back: exact, and nothing of them is run."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from kinetics.errors import InputError
from kinetics.expressions.elementary import FUNCTIONS
from kinetics.expressions.functions import log, piecewise, power

_NODES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        sp.Add, sp.Mul, sp.Pow, sp.exp, sp.Abs, sp.Max, sp.Min, sp.Piecewise, sp.StrictLessThan, sp.LessThan,
        sp.StrictGreaterThan, sp.GreaterThan, sp.Equality, sp.Unequality,
        sp.And, sp.Or, sp.Xor, sp.Not, power, log, piecewise, *FUNCTIONS.values(),
    )
}  # fmt: skip
_CONSTANTS: dict[str, Any] = {str(one): one for one in (sp.true, sp.false, sp.pi, sp.E)}
_NAMES = {one: name for name, one in _CONSTANTS.items()}


def expression_tree(expression: Any) -> list[Any]:
    """An expression as lists: the name of a node, then its arguments.

    Raises
    ------
    InputError
        If it has a node that no model file can write.

    Examples
    --------
    >>> expression_tree(sp.Symbol("A", real=True) / 2)
    ['Mul', ['Rational', '1', '2'], ['Symbol', 'A']]
    """
    if isinstance(expression, sp.Symbol):
        return ["Symbol", expression.name]
    if isinstance(expression, sp.Rational):
        return ["Rational", str(expression.p), str(expression.q)]
    if expression in _NAMES:
        return ["constant", _NAMES[expression]]
    if isinstance(expression, ExprCondPair):
        return ["pair", *map(expression_tree, expression.args)]
    name = type(expression).__name__
    if _NODES.get(name) is not type(expression):
        raise InputError(f"{name} is no part of an expression of a model file: {expression!s:.60}")
    return [name, *map(expression_tree, expression.args)]


def expression_of(tree: list[Any]) -> Any:
    """The expression of `expression_tree`, with its parts in the same order.

    Examples
    --------
    >>> A = sp.Symbol("A", real=True)
    >>> expression_of(expression_tree(2 * (A + 1))) == 2 * (A + 1)
    True
    """
    name, *arguments = tree
    match name:
        case "Symbol":
            return sp.Symbol(arguments[0], real=True)
        case "Rational":
            return sp.Rational(int(arguments[0]), int(arguments[1]))
        case "constant":
            return _CONSTANTS[arguments[0]]
        case "pair":
            return tuple(map(expression_of, arguments))
        case _:
            return _NODES[name](*map(expression_of, arguments), evaluate=False)
