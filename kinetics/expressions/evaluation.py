"""Numbers out of expressions, in plain floating point: never slow, never an exception, whatever the values are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from kinetics.expressions.elementary import FUNCTIONS, LARGEST_ANGLE, factorial_of
from kinetics.expressions.functions import log, power

_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sp.Pow: np.power,
    power: np.power,
    sp.exp: np.exp,
    log: np.log,
    sp.Abs: np.abs,
    sp.Max: lambda *arguments: np.max(arguments),
    sp.Min: lambda *arguments: np.min(arguments),
    sp.StrictLessThan: np.less,
    sp.LessThan: np.less_equal,
    sp.StrictGreaterThan: np.greater,
    sp.GreaterThan: np.greater_equal,
    sp.Equality: np.equal,
    sp.Unequality: np.not_equal,
    sp.And: lambda *arguments: all(arguments),
    sp.Or: lambda *arguments: any(arguments),
    sp.Xor: lambda *arguments: sum(map(bool, arguments)) % 2 == 1,
    sp.Not: np.logical_not,
    FUNCTIONS["factorial"]: lambda number: np.float64(factorial_of(float(number))),
}
_NUMPYS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
_NUMPYS |= {"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}
_FUNCTIONS |= {kind: getattr(np, _NUMPYS.get(name, name)) for name, kind in FUNCTIONS.items() if name != "factorial"}


def _circular(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda angle: function(angle) if abs(angle) <= LARGEST_ANGLE else np.nan


_FUNCTIONS |= {FUNCTIONS[name]: _circular(_FUNCTIONS[FUNCTIONS[name]]) for name in ("sin", "cos", "tan")}


def evaluate(expression: Any, values: Mapping[sp.Symbol, float]) -> float:
    """The value of an expression: NaN where it is not defined or not real, infinite where it is too large.

    Examples
    --------
    >>> x = sp.Symbol("x", real=True)
    >>> evaluate(sp.sqrt(x) + sp.Rational(1, 2), {x: 4.0}), evaluate(sp.sqrt(x), {x: -1.0})
    (2.5, nan)
    """
    known: dict[Any, Any] = {symbol: np.float64(value) for symbol, value in values.items()}

    def value(node: Any) -> Any:
        if node not in known:
            known[node] = _value(node, value)
        return known[node]

    with np.errstate(all="ignore"):
        return float(value(expression))


def _value(node: Any, value: Callable[[Any], Any]) -> Any:
    if node in (sp.true, sp.false):
        return bool(node)
    if isinstance(node, sp.Number | sp.NumberSymbol):
        return np.float64(_number(node))
    if isinstance(node, sp.Piecewise):
        branches: Any = node.args
        return next((value(result) for result, condition in branches if value(condition)), np.nan)
    if node.is_Add:
        return np.sum([value(argument) for argument in node.args])
    if node.is_Mul:
        return np.prod([value(argument) for argument in node.args])
    if node.func in _FUNCTIONS:
        return _FUNCTIONS[node.func](*map(value, node.args))
    return np.nan


def _number(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)
    except TypeError:
        return math.nan
