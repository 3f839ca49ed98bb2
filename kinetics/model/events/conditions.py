"""Conditions of triggers: the comparisons they are made of, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

if TYPE_CHECKING:
    from kinetics.model.events.event import Event

_BY_SIGN: dict[Any, Callable[[np.ndarray], np.ndarray]] = {
    sp.StrictLessThan: lambda sign: sign < 0,
    sp.LessThan: lambda sign: sign <= 0,
    sp.StrictGreaterThan: lambda sign: sign > 0,
    sp.GreaterThan: lambda sign: sign >= 0,
    sp.Equality: lambda sign: sign == 0,
    sp.Unequality: lambda sign: sign != 0,
}
_OPERATIONS: dict[Any, Any] = {sp.And: np.logical_and, sp.Or: np.logical_or, sp.Xor: np.logical_xor}


def comparisons(condition: Any) -> list[Any]:
    """The comparisons of a condition, each once, in order.

    Examples
    --------
    >>> x, y = sp.symbols("x y", real=True)
    >>> comparisons((x > 2) & ((y <= 1) | (x > 2)))
    [y <= 1, x > 2]
    """
    if isinstance(condition, Relational):
        return [condition]
    parts = sorted(condition.args, key=sp.default_sort_key) if condition.args else []
    return list(dict.fromkeys(inner for part in parts for inner in comparisons(part)))


def switches_of(events: Iterable[Event]) -> list[Any]:
    """The comparisons of the triggers of events, each once, in order."""
    return list(dict.fromkeys(row for event in events for row in comparisons(event.trigger)))


def is_condition(expression: Any) -> bool:
    """Whether an expression is made of comparisons joined by and, or, not, exclusive or.

    Examples
    --------
    >>> x = sp.Symbol("x", real=True)
    >>> is_condition((x > 2) | sp.false), is_condition(x), is_condition(sp.ITE(x > 2, x > 3, x > 1))
    (True, False, False)
    """
    if isinstance(expression, Relational | BooleanAtom):
        return True
    return isinstance(expression, (sp.Not, *_OPERATIONS)) and all(map(is_condition, expression.args))


def condition_truth(condition: Any, signs: Mapping[Any, np.ndarray], shape: tuple[int, ...] = ()) -> np.ndarray:
    """Whether a condition holds, from the sign of left less right of each of its `comparisons`.

    Parameters
    ----------
    condition : sympy.Boolean
        Comparisons joined by and, or, not, exclusive or.
    signs : mapping of comparison to ndarray of float
        -1, 0 or 1, all of one shape.
    shape : tuple of int
        That shape.

    Examples
    --------
    >>> x, y = sp.symbols("x y", real=True)
    >>> condition_truth((x > 2) & ~(y > 1), {x > 2: np.array([1.0, 1.0]), y <= 1: np.array([1.0, 0.0])}, (2,)).tolist()
    [False, True]
    """
    if isinstance(condition, Relational):
        return _BY_SIGN[condition.func](signs[condition])
    if condition in (sp.true, sp.false):
        return np.full(shape, condition == sp.true)
    parts = [condition_truth(part, signs, shape) for part in condition.args]
    return ~parts[0] if isinstance(condition, sp.Not) else reduce(_OPERATIONS[condition.func], parts)
