"""Derivatives of a model's expressions that are right where a power has the base zero, as a Hill term before a dose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

__all__ = ["derivatives"]


class _Power(sp.Function):
    """A power whose exponent is not a number: its derivative is ``p x^(p - 1)``; SymPy's, ``p x^p / x``, is 0/0."""

    def fdiff(self, argindex: int = 1) -> Any:
        base: Any = self.args[0]
        exponent: Any = self.args[1]
        if argindex == 1:
            return exponent * _Power(base, exponent - 1)
        return sp.log(base) * _Power(base, exponent)


def derivatives(expressions: Sequence[Any], symbols: Sequence[sp.Symbol]) -> dict[tuple[int, int], Any]:
    """The nonzero entries of a matrix of derivatives; a kink of max, min or abs has no curvature.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        The rows.
    symbols : sequence of sympy.Symbol
        The columns.

    Returns
    -------
    dict of (int, int) to sympy.Expr
        By row and column, in the order of rows.

    Examples
    --------
    >>> x, p = sp.symbols("x p")
    >>> derivatives([x**p], [x])
    {(0, 0): p*x**(p - 1)}
    """
    position = {symbol: index for index, symbol in enumerate(symbols)}
    return {
        (row, position[symbol]): value
        for row, expression in enumerate(_with_powers(expression) for expression in expressions)
        for symbol in sorted(expression.free_symbols & position.keys(), key=lambda s: position[s])
        if (value := _plain(sp.diff(expression, symbol))) != 0
    }


def _with_powers(expression: Any) -> Any:
    return expression.replace(
        lambda node: isinstance(node, sp.Pow) and not node.exp.is_number, lambda node: _Power(*node.args)
    )


def _plain(expression: Any) -> Any:
    return expression.replace(sp.DiracDelta, lambda *_: sp.S.Zero).replace(_Power, sp.Pow)
