"""Sympy to CasADi: the same expressions that the engines of this project are compiled from."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import casadi as ca
import sympy as sp

from kinetics.expressions import log, power

__all__ = ["to_casadi"]

_OF_ONE = {sp.exp: ca.exp, sp.log: ca.log, log: ca.log, sp.Abs: ca.fabs, sp.sign: ca.sign}
_OF_MANY = {sp.Max: ca.fmax, sp.Min: ca.fmin, sp.And: ca.logic_and, sp.Or: ca.logic_or}
_COMPARED = {
    sp.StrictLessThan: ca.lt,
    sp.LessThan: ca.le,
    sp.StrictGreaterThan: ca.gt,
    sp.GreaterThan: ca.ge,
    sp.Equality: ca.eq,
    sp.Unequality: ca.ne,
}


def to_casadi(expressions: Sequence[Any], symbols: Mapping[sp.Symbol, Any]) -> Any:
    """A column of CasADi expressions; equal subexpressions become one node.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        Sums, products, powers, exp, log, abs, sign, min, max, piecewise, comparisons.
    symbols : mapping of sympy.Symbol to casadi.SX
        What stands for each symbol.

    Returns
    -------
    casadi.SX, (expression,)
    """
    shared, reduced = sp.cse(list(expressions), symbols=sp.numbered_symbols("shared", real=True), order="none")
    known: dict[Any, Any] = dict(symbols)
    for symbol, value in shared:
        known[symbol] = _convert(value, known)
    return ca.vertcat(*(ca.SX(_convert(expression, known)) for expression in reduced))


def _convert(node: Any, known: dict[Any, Any]) -> Any:
    if node not in known:
        known[node] = _converted(node, known)
    return known[node]


def _converted(node: Any, known: dict[Any, Any]) -> Any:
    if node.is_Number or node.is_NumberSymbol:
        return float(node)
    if isinstance(node, sp.logic.boolalg.BooleanAtom):
        return float(bool(node))
    if isinstance(node, sp.Piecewise):
        return _piecewise(node, known)
    arguments = [_convert(argument, known) for argument in node.args]
    kind = node.func
    if kind is sp.Add:
        return sum(arguments[1:], start=arguments[0])
    if kind is sp.Mul:
        return functools.reduce(lambda left, right: left * right, arguments)
    if kind in (sp.Pow, power):
        return _power(node, arguments)
    if kind is sp.Heaviside:
        return ca.gt(arguments[0], 0)
    if kind is sp.Not:
        return ca.logic_not(arguments[0])
    if kind in _COMPARED:
        return _COMPARED[kind](*arguments)
    if kind in _OF_ONE:
        return _OF_ONE[kind](arguments[0])
    if kind in _OF_MANY:
        return functools.reduce(_OF_MANY[kind], arguments)
    raise TypeError(f"no CasADi counterpart of {kind.__name__}")


def _power(node: Any, arguments: list[Any]) -> Any:
    base, exponent = arguments
    if node.args[1] == sp.Rational(1, 2):
        return ca.sqrt(base)
    if node.args[1] == sp.Rational(-1, 2):
        return 1.0 / ca.sqrt(base)
    return ca.power(base, int(node.args[1]) if node.args[1].is_Integer else exponent)


def _piecewise(node: Any, known: dict[Any, Any]) -> Any:
    """The first branch whose condition holds; NaN where none does."""
    value: Any = float("nan")
    for branch, condition in reversed(node.args):
        chosen = _convert(branch, known)
        value = chosen if condition == sp.true else ca.if_else(_convert(condition, known), chosen, value)
    return value
