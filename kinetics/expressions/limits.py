"""What an expression may not be: what sympy would take forever over, or turn into an infinite or a complex number.

Each function says in words what is wrong, and nothing if all is well.
"""

from __future__ import annotations

import math
from typing import Any

import sympy as sp

from kinetics.expressions.evaluation import evaluate

__all__ = [
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_EXTREMES",
    "MAX_LENGTH",
    "call_fault",
    "power_fault",
    "result_fault",
]

MAX_DEPTH = 50
MAX_LENGTH = 4000
MAX_POWER = 64
MAX_DIGITS = 40
MAX_BITS = 2048
MAX_EXTREMES = 16
_TOO_HIGH = f"exponent beyond {MAX_POWER}"
_TOO_LARGE = "number too large"


def power_fault(base: Any, exponent: Any) -> str:
    """Of a power that is not computed yet."""
    if base.is_number and evaluate(base, {}) < 0 and not exponent.is_Integer:
        return "a negative number to a power that is not whole"
    if not exponent.is_number:
        return ""
    size = abs(evaluate(exponent, {}))
    if size > MAX_POWER:
        return _TOO_HIGH
    if base == 0 and not exponent.is_positive:
        return "zero to a power that is not positive"
    return _TOO_LARGE if size * _bits(base) > MAX_BITS else ""


def call_fault(name: str, arguments: list[Any]) -> str:
    """Of a call that is not computed yet; sympy turns exp(n*log(x)) into x^n."""
    first = arguments[0]
    if name == "exp" and any(
        abs(evaluate(term.as_coeff_Mul()[0], {})) > MAX_POWER and term.has(sp.log) for term in sp.Add.make_args(first)
    ):
        return _TOO_HIGH
    if name == "exp" and first.is_number and evaluate(first, {}) > 700:
        return _TOO_LARGE
    if name in ("log", "sqrt") and first.is_number and evaluate(first, {}) < 0:
        return f"{name} of a number that is negative"
    return "log of zero" if name == "log" and first == 0 else ""


def result_fault(value: Any) -> str:
    """Of what sympy made: it must be real, finite, and of numbers a float can hold."""
    if value.is_number and not math.isfinite(evaluate(value, {})):
        return "not a finite real number"
    coefficient = value.as_coeff_Mul()[0]
    if not math.isfinite(evaluate(coefficient, {})) or _bits(coefficient) > MAX_BITS:
        return _TOO_LARGE
    for factor in sp.Mul.make_args(value):
        _, exponent = factor.as_base_exp()
        if factor.is_Pow and exponent.is_number and abs(evaluate(exponent, {})) > MAX_POWER:
            return _TOO_HIGH
    return ""


def _bits(expression: Any) -> int:
    """The length of the longest whole number in an expression."""
    return max((max(abs(n.p), n.q).bit_length() for n in expression.atoms(sp.Rational)), default=0)
