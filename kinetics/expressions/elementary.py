"""Circular and hyperbolic functions, their inverses, and functions of whole numbers, that stay as they are written.

SymPy's own turn into one another: the sine of an arc cosine into a root, the sine of pi/5 into nested ones, the
factorial of a billion into a number that no computer holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from kinetics.expressions.functions import branches, log, power


class Elementary(sp.Function):
    """A function of one number without a unit; NaN outside of its domain."""

    is_real = True

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return _SLOPES[type(self)](self.args[argindex - 1])


class sin(Elementary):  # the name it is printed under, as of those below
    """The sine of an angle in radians."""


class cos(Elementary):
    """The cosine of an angle in radians."""


class tan(Elementary):
    """The tangent of an angle in radians."""


class asin(Elementary):
    """The angle from -pi/2 to pi/2 of a sine."""


class acos(Elementary):
    """The angle from 0 to pi of a cosine."""


class atan(Elementary):
    """The angle between -pi/2 and pi/2 of a tangent."""


class sinh(Elementary):
    """The hyperbolic sine."""


class cosh(Elementary):
    """The hyperbolic cosine."""


class tanh(Elementary):
    """The hyperbolic tangent."""


class asinh(Elementary):
    """The inverse of the hyperbolic sine."""


class acosh(Elementary):
    """The inverse of the hyperbolic cosine, not below 0."""


class atanh(Elementary):
    """The inverse of the hyperbolic tangent."""


class floor(Elementary):
    """The largest whole number that is not above."""


class ceil(Elementary):
    """The smallest whole number that is not below."""

    def _latex(self, printer: Any, exp: str = "") -> str:
        return printer._print_ceiling(self, exp or None)


class factorial(Elementary):
    """The product of the whole numbers from 1; NaN of a number that is not whole, or below 0."""


FUNCTIONS: dict[str, type[Elementary]] = {
    kind.__name__: kind
    for kind in (sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, floor, ceil, factorial)
}
"""By the name in expressions."""
_OF_SYMPY: dict[Any, type[Elementary]] = {
    getattr(sp, {"ceil": "ceiling"}.get(name, name)): kind for name, kind in FUNCTIONS.items()
}
"""By the function of SymPy that is the same."""
LARGEST_ANGLE = 2.0**52
"""Beyond it a double cannot tell one angle from the next: the circular functions are NaN."""
LARGEST_FACTORIAL = 170
"""Of the whole numbers whose factorial a double holds."""


def factorial_of(number: float) -> float:
    """The factorial of a whole number; infinite where a double does not hold it, NaN if there is none.

    Examples
    --------
    >>> factorial_of(5.0), factorial_of(171.0), factorial_of(2.5)
    (120.0, inf, nan)
    """
    if not number >= 0 or math.floor(min(number, 2.0**53)) != min(number, 2.0**53):
        return math.nan
    return float(math.factorial(int(number))) if number <= LARGEST_FACTORIAL else math.inf


def as_written(expression: Any) -> Any:
    """An expression of SymPy with functions that stay as they are written in the place of SymPy's own.

    Examples
    --------
    >>> x = sp.Symbol("x", real=True)
    >>> as_written(sp.log(x) * sp.sqrt(x) + x**2).atoms(power, log) == {log(x), power(x, sp.S.Half)}
    True
    >>> sin(acos(x)), as_written(sp.ceiling(sp.cos(x)))
    (sin(acos(x)), ceil(cos(x)))
    """
    expression = expression.replace(sp.log, log).replace(lambda node: node.is_Pow, lambda node: power(*node.args))
    for of_sympy, kind in _OF_SYMPY.items():
        expression = expression.replace(of_sympy, kind)
    return expression.replace(lambda node: type(node) is sp.Piecewise, lambda node: branches(*node.args))


def _one_over_root(square: Any) -> Any:
    return power(square, -sp.S.Half)


_SLOPES: dict[type[Elementary], Callable[[Any], Any]] = {
    sin: cos,
    cos: lambda x: -sin(x),
    tan: lambda x: 1 + tan(x) ** 2,
    asin: lambda x: _one_over_root(1 - x**2),
    acos: lambda x: -_one_over_root(1 - x**2),
    atan: lambda x: 1 / (1 + x**2),
    sinh: cosh,
    cosh: sinh,
    tanh: lambda x: 1 / cosh(x) ** 2,
    asinh: lambda x: _one_over_root(1 + x**2),
    acosh: lambda x: _one_over_root(x - 1) * _one_over_root(x + 1),
    atanh: lambda x: 1 / (1 - x**2),
    floor: lambda _: sp.S.Zero,
    ceil: lambda _: sp.S.Zero,
    factorial: lambda _: sp.S.Zero,
}
