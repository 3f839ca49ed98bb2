"""Powers and logarithms that stay as they are written.

SymPy works out powers and logarithms of numbers exactly: of 56^0.751 it makes the 1000th root of 56^751, and it splits
(56/w)^0.751 to do so. Numbers of that size are no floats, and roots of them take minutes.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sympy as sp
from sympy.logic.boolalg import BooleanAtom
from sympy.printing.precedence import PRECEDENCE

ROOTS = 10
"""The largest denominator of an exponent that LaTeX shows as a root; others are decimals."""


class power(sp.Function):  # the name it is printed under
    """A power whose exponent is no whole number; of a whole one `sympy.Pow` is made.

    Examples
    --------
    >>> w = sp.Symbol("w", real=True)
    >>> power(56 / w, sp.Rational(751, 1000)), power(w, sp.Integer(2)), power(w, sp.Rational(1, 2))
    ((56/w)**(751/1000), w**2, sqrt(w))
    """

    is_real = True
    precedence: ClassVar[int] = PRECEDENCE["Pow"]

    @classmethod
    def eval(cls, *args: Any) -> Any:  # SymPy's hook for simplifying a new function: takes expressions, never text
        """Whole powers, and powers of one, are worked out."""
        base, exponent = args
        if exponent.is_Integer or base == 1:
            return sp.Pow(base, exponent)
        return None

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative by the base or by the exponent."""
        base, exponent = _parts(self)
        if argindex == 1:
            return exponent * power(base, exponent - 1)
        logarithm: Any = log(base)
        return logarithm * self

    def sort_key(self, order: Any = None) -> Any:
        """The place among factors and terms: that of SymPy's own power."""
        return _unevaluated(self).sort_key(order)

    def _eval_is_extended_nonnegative(self) -> bool | None:
        return True if _parts(self)[0].is_extended_nonnegative else None

    def _sympystr(self, printer: Any) -> str:
        return printer._print_Pow(_unevaluated(self))

    def _latex(self, printer: Any, exp: str = "") -> str:
        base, exponent = _parts(self)
        if decimal := exponent_text(exponent):
            text = f"{printer.parenthesize(base, PRECEDENCE['Pow'])}^{{{decimal}}}"
        else:
            text = printer._print_Pow(_unevaluated(self))
        return rf"\left({text}\right)^{{{exp}}}" if exp else text


class log(sp.Function):  # the name it is printed under
    """The natural logarithm; ``exp`` does not turn it into a power."""

    is_real = True

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        argument: Any = self.args[argindex - 1]
        return 1 / argument

    def _latex(self, printer: Any, exp: str = "") -> str:
        return printer._print_log(self, exp or None)


class piecewise(sp.Piecewise):  # the name it is printed under
    """Branches that stay as they are written: SymPy multiplies out the conditions of those with equal values."""

    @classmethod
    def eval(cls, *_: Any) -> Any:
        """Nothing is worked out."""
        return None

    def _latex(self, printer: Any) -> str:
        return printer._print_Piecewise(self)


def branches(*pairs: Any) -> Any:
    """Values and their conditions; those with comparisons of size alone are SymPy's own.

    Examples
    --------
    >>> x = sp.Symbol("x", real=True)
    >>> type(branches((1, x < 2), (0, True))).__name__, type(branches((1, sp.Eq(x, 2)), (0, True))).__name__
    ('Piecewise', 'piecewise')
    """
    is_plain = all(isinstance(condition, _PLAIN) for _, condition in map(tuple, pairs))
    return (sp.Piecewise if is_plain else piecewise)(*pairs)


_PLAIN = (sp.StrictLessThan, sp.LessThan, sp.StrictGreaterThan, sp.GreaterThan, BooleanAtom, bool)


def _parts(function: Any) -> tuple[Any, Any]:
    base, exponent = function.args
    return base, exponent


def _unevaluated(function: Any) -> Any:
    return sp.Pow(*function.args, evaluate=False)


def exponent_text(number: Any) -> str:
    """An exponent as people write it, with a decimal point; empty for one that is a root, or has no end of digits.

    Examples
    --------
    >>> exponent_text(sp.Rational(751, 1000)), exponent_text(sp.Rational(-1, 80)), exponent_text(sp.Rational(1, 4))
    ('0.751', '-0.0125', '')
    """
    if not number.is_Rational or number.q <= ROOTS:
        return ""
    places = next((places for places in range(1, 41) if 10**places % number.q == 0), None)
    if places is None:
        return ""
    digits = str(abs(number.p) * 10**places // number.q).rjust(places + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}"
