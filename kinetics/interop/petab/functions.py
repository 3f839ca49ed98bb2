"""The functions of PEtab formulas, in those of `kinetics.expressions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from kinetics.expressions import ELEMENTARY, branches, log, power


def _elementary(*names: str) -> list[Callable[[Any], Any]]:
    return [ELEMENTARY[name] for name in names]


_sin, _cos, _tan = _elementary("sin", "cos", "tan")
_asin, _acos, _atan = _elementary("asin", "acos", "atan")
_sinh, _cosh, _tanh = _elementary("sinh", "cosh", "tanh")
_asinh, _acosh, _atanh = _elementary("asinh", "acosh", "atanh")

CONSTANTS: dict[str, Any] = {"true": sp.true, "false": sp.false, "inf": sp.oo}


def _sign(x: Any) -> Any:
    return branches((1, x > 0), (-1, x < 0), (0, True))


def _log(x: Any, base: Any = None) -> Any:
    logarithm: Any = log(x)
    return logarithm if base is None else logarithm / log(base)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int | None]] = {
    "pow": (power, 2, 2),
    "exp": (sp.exp, 1, 1),
    "sqrt": (lambda x: power(x, sp.S.Half), 1, 1),
    "log": (_log, 1, 2),
    "ln": (log, 1, 1),
    "log2": (lambda x: _log(x, sp.Integer(2)), 1, 1),
    "log10": (lambda x: _log(x, sp.Integer(10)), 1, 1),
    "sin": (_sin, 1, 1),
    "cos": (_cos, 1, 1),
    "tan": (_tan, 1, 1),
    "cot": (lambda x: _cos(x) / _sin(x), 1, 1),
    "sec": (lambda x: 1 / _cos(x), 1, 1),
    "csc": (lambda x: 1 / _sin(x), 1, 1),
    "arcsin": (_asin, 1, 1),
    "arccos": (_acos, 1, 1),
    "arctan": (_atan, 1, 1),
    "arccot": (lambda x: _atan(1 / x), 1, 1),
    "arcsec": (lambda x: _acos(1 / x), 1, 1),
    "arccsc": (lambda x: _asin(1 / x), 1, 1),
    "sinh": (_sinh, 1, 1),
    "cosh": (_cosh, 1, 1),
    "tanh": (_tanh, 1, 1),
    "coth": (lambda x: _cosh(x) / _sinh(x), 1, 1),
    "sech": (lambda x: 1 / _cosh(x), 1, 1),
    "csch": (lambda x: 1 / _sinh(x), 1, 1),
    "arcsinh": (_asinh, 1, 1),
    "arccosh": (_acosh, 1, 1),
    "arctanh": (_atanh, 1, 1),
    "arccoth": (lambda x: _atanh(1 / x), 1, 1),
    "arcsech": (lambda x: _acosh(1 / x), 1, 1),
    "arccsch": (lambda x: _asinh(1 / x), 1, 1),
    "abs": (sp.Abs, 1, 1),
    "sign": (_sign, 1, 1),
    "min": (sp.Min, 2, None),
    "max": (sp.Max, 2, None),
}
"""What each function becomes, and the least and the greatest number of its arguments."""
RESERVED = frozenset({*FUNCTIONS, *CONSTANTS, "piecewise", "time"})
"""Names that no entity of a problem may have."""
