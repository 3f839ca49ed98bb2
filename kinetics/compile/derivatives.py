"""Derivatives of a model's expressions; of powers of a state they are finite at zero, as a Hill term before a dose."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sympy as sp

from kinetics.expressions import finite_power, power


def derivatives(
    expressions: Sequence[Any], symbols: Sequence[sp.Symbol], states: Collection[sp.Symbol]
) -> dict[tuple[int, int], Any]:
    """The nonzero entries of a matrix of derivatives; a kink of max, min or abs has no curvature.

    By (expression, symbol), in the order of expressions. Where a power of a state is infinite in a derivative, at zero,
    it counts as zero. An infinite derivative by a parameter alone stays infinite.

    Examples
    --------
    >>> x, p = sp.symbols("x p", real=True)
    >>> derivatives([power(x, p)], [x, p], {x})
    {(0, 0): p*finite_power(x, p - 1), (0, 1): log_power(x, p)}
    """
    position = {symbol: index for index, symbol in enumerate(symbols)}
    return {
        (row, position[symbol]): value
        for row, expression in enumerate(expressions)
        for symbol in sorted(expression.free_symbols & position.keys(), key=lambda s: position[s])
        if (value := _plain(sp.diff(expression, symbol), frozenset(states))) != 0
    }


def _plain(expression: Any, states: frozenset[sp.Symbol]) -> Any:
    def is_of_parameters(node: Any) -> bool:
        return isinstance(node, finite_power) and not node.args[0].free_symbols & states

    smooth = expression.replace(sp.DiracDelta, lambda *_: sp.S.Zero)
    return smooth.replace(is_of_parameters, lambda node: power(*node.args))
