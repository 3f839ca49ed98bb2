"""The functions of PEtab formulas, in those of `kinetics.expressions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from kinetics.expressions import log, power

CONSTANTS = {"true": sp.true, "false": sp.false, "inf": sp.oo}


def _sign(x: Any) -> Any:
    return sp.Piecewise((1, x > 0), (-1, x < 0), (0, True))


def _log(x: Any, base: Any = None) -> Any:
    return log(x) if base is None else log(x) / log(base)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int | None]] = {
    "pow": (power, 2, 2),
    "exp": (sp.exp, 1, 1),
    "sqrt": (lambda x: power(x, sp.S.Half), 1, 1),
    "log": (_log, 1, 2),
    "ln": (log, 1, 1),
    "log2": (lambda x: _log(x, sp.Integer(2)), 1, 1),
    "log10": (lambda x: _log(x, sp.Integer(10)), 1, 1),
    "sin": (sp.sin, 1, 1),
    "cos": (sp.cos, 1, 1),
    "tan": (sp.tan, 1, 1),
    "cot": (lambda x: sp.cos(x) / sp.sin(x), 1, 1),
    "sec": (lambda x: 1 / sp.cos(x), 1, 1),
    "csc": (lambda x: 1 / sp.sin(x), 1, 1),
    "arcsin": (sp.asin, 1, 1),
    "arccos": (sp.acos, 1, 1),
    "arctan": (sp.atan, 1, 1),
    "arccot": (lambda x: sp.atan(1 / x), 1, 1),
    "arcsec": (lambda x: sp.acos(1 / x), 1, 1),
    "arccsc": (lambda x: sp.asin(1 / x), 1, 1),
    "sinh": (sp.sinh, 1, 1),
    "cosh": (sp.cosh, 1, 1),
    "tanh": (sp.tanh, 1, 1),
    "coth": (lambda x: sp.cosh(x) / sp.sinh(x), 1, 1),
    "sech": (lambda x: 1 / sp.cosh(x), 1, 1),
    "csch": (lambda x: 1 / sp.sinh(x), 1, 1),
    "arcsinh": (sp.asinh, 1, 1),
    "arccosh": (sp.acosh, 1, 1),
    "arctanh": (sp.atanh, 1, 1),
    "arccoth": (lambda x: sp.atanh(1 / x), 1, 1),
    "arcsech": (lambda x: sp.acosh(1 / x), 1, 1),
    "arccsch": (lambda x: sp.asinh(1 / x), 1, 1),
    "abs": (sp.Abs, 1, 1),
    "sign": (_sign, 1, 1),
    "min": (sp.Min, 2, None),
    "max": (sp.Max, 2, None),
}
"""What each function becomes, and the least and the greatest number of its arguments."""
RESERVED = frozenset({*FUNCTIONS, *CONSTANTS, "piecewise", "time"})
"""Names that no entity of a problem may have."""
