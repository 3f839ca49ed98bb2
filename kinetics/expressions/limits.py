"""Limits of an expression: of its size, and against values that are infinite or complex.

Beyond the limits of size sympy would not end. Each function returns what is wrong as text, and nothing otherwise.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import sympy as sp

from kinetics.expressions.evaluation import evaluate

MAX_DEPTH = 50
MAX_LENGTH = 4000
MAX_POWER = 64
MAX_DIGITS = 40
MAX_BITS = 2048
ROUNDED_BITS = 256
MAX_EXPONENT = 1024
"""Of two, in a double."""
MAX_EXTREMES = 16
MAX_COMPARISONS = 256
_TOO_HIGH = f"exponent beyond {MAX_POWER}"
_TOO_LARGE = "number too large"


def power_fault(base: Any, exponent: Any) -> str:
    """Of a power that is not computed yet."""
    if not exponent.is_Integer and _is_negative(base):
        return "a negative number to a power that is not whole"
    if not exponent.is_number:
        return ""
    size = abs(evaluate(exponent, {}))
    if size > MAX_POWER:
        return _TOO_HIGH
    if base == 0 and not exponent.is_positive:
        return "zero to a power that is not positive"
    return ""


def call_fault(name: str, arguments: list[Any]) -> str:
    """Of a call that is not computed yet."""
    first = arguments[0]
    if name == "exp" and first.is_number and evaluate(first, {}) > 700:
        return _TOO_LARGE
    if name in ("log", "sqrt") and _is_negative(first):
        return f"{name} of a number that is negative"
    return "log of zero" if name == "log" and first == 0 else ""


def result_fault(value: Any) -> str:
    """Of what sympy made: it must be real, finite, and of numbers a float can hold."""
    if value.is_number and not math.isfinite(evaluate(value, {})):
        return "not a finite real number"
    coefficient = value.as_coeff_Mul()[0]
    if not math.isfinite(evaluate(coefficient, {})):
        return _TOO_LARGE
    for factor in sp.Mul.make_args(value):
        _, exponent = factor.as_base_exp()
        if factor.is_Pow and exponent.is_number and abs(evaluate(exponent, {})) > MAX_POWER:
            return _TOO_HIGH
    return ""


def rounded(value: Any) -> Any:
    """What sympy made, each long number cut to 77 digits, or to zero below the least float, so that it stays short.

    sympy multiplies numbers into sums and raises them inside of ``piecewise``, so all terms and factors are looked at.
    `OverflowError` if a double cannot hold one.
    """
    if value.is_Rational:
        return _short(value)
    parts: Any = value.args
    if isinstance(value, sp.Piecewise):
        short = [(rounded(part), condition) for part, condition in parts]
        is_short = all(new[0] is old[0] for new, old in zip(short, parts, strict=True))
    elif value.is_Add or value.is_Mul:
        short = [rounded(part) for part in parts]
        is_short = all(new is old for new, old in zip(short, parts, strict=True))
    else:
        return value
    return value if is_short else value.func(*short)


def _short(number: Any) -> Any:
    if abs(number.p).bit_length() - number.q.bit_length() > MAX_EXPONENT + 1:
        raise OverflowError(_TOO_LARGE)
    if max(abs(number.p).bit_length(), number.q.bit_length()) <= MAX_BITS:
        return number
    places = ROUNDED_BITS - abs(number.p).bit_length() + number.q.bit_length()
    if places > MAX_BITS:  # far below the least float, for which it is zero as well
        return sp.S.Zero
    return sp.Rational(round(Fraction(number.p, number.q) * Fraction(2) ** places)) / sp.Integer(2) ** places


def _is_negative(expression: Any) -> bool:
    """Whether an expression is negative whatever its names stand for."""
    return evaluate(expression, {}) < 0 if expression.is_number else expression.is_extended_nonpositive is True
