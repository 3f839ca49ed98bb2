"""Sympy to Python text over generated names only, in the subset numba compiles well."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

from kinetics.expressions import evaluate


class CodePrinter(PythonCodePrinter):
    """Print numbers as floats, whole powers as literal powers, kinks as conditional expressions.

    Other powers, exponentials and logarithms are those of `elementary`.

    Examples
    --------
    >>> from kinetics.expressions import power
    >>> x = sp.Symbol("x", real=True)
    >>> CodePrinter().doprint(sp.Rational(1, 2) * x**2 + sp.Max(0, power(x, sp.Float(0.3))))
    '(0.5)*x**2 + max(0.0, power(x, 0.3))'
    """

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True})

    def _print_Integer(self, expr: Any) -> str:
        return repr(float(expr))

    def _print_Rational(self, expr: Any) -> str:
        return repr(float(expr))

    def _print_Float(self, expr: Any) -> str:
        return repr(float(expr))

    def _print_Half(self, expr: Any) -> str:
        return "0.5"

    def _print_Exp1(self, expr: Any) -> str:
        return "math.e"

    def _print_Pow(self, expr: Any, rational: bool = False, sqrt: str = "math.sqrt") -> str:
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            return f"1.0/{self.parenthesize(sp.Pow(base, -exponent, evaluate=False), PRECEDENCE['Pow'])}"
        text = self.parenthesize(base, PRECEDENCE["Pow"] + 1)
        return text if exponent == 1 else f"{text}**{int(exponent)}"

    def _print_power(self, expr: Any) -> str:
        if expr.is_number:
            return repr(evaluate(expr, {}))
        base, exponent = map(self._print, expr.args)
        if exponent == "0.5":
            return f"math.sqrt({base})"
        return f"(1.0/math.sqrt({base}))" if exponent == "-0.5" else f"power({base}, {exponent})"

    def _print_finite_power(self, expr: Any) -> str:
        return self._function("finite_power", expr)

    def _print_log_power(self, expr: Any) -> str:
        return self._function("log_power", expr)

    def _print_exp(self, expr: Any) -> str:
        return self._function("exponential", expr)

    def _print_log(self, expr: Any) -> str:
        return self._function("logarithm", expr)

    def _function(self, name: str, expr: Any) -> str:
        return f"{name}({', '.join(map(self._print, expr.args))})"

    def _print_Max(self, expr: Any) -> str:
        return self._nested("max", expr.args)

    def _print_Min(self, expr: Any) -> str:
        return self._nested("min", expr.args)

    def _nested(self, function: str, arguments: Any) -> str:
        text = self._print(arguments[-1])
        for argument in reversed(arguments[:-1]):
            text = f"{function}({self._print(argument)}, {text})"
        return text

    def _print_Heaviside(self, expr: Any) -> str:
        return f"(1.0 if {self._print(expr.args[0])} > 0.0 else 0.0)"

    def _print_sign(self, e: Any) -> str:
        argument = self._print(e.args[0])
        return f"(1.0 if {argument} > 0.0 else (-1.0 if {argument} < 0.0 else 0.0))"
