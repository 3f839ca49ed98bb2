"""A model to the source text of a Python module of numba functions, with common subexpressions taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy as sp

from kinetics.compile.printer import CodePrinter
from kinetics.model import Model

__all__ = ["generate"]

_HEAD = '''"""Generated from a model; do not edit."""

import math

import numpy as np
from numba import njit

'''
_TAIL = '''
@njit(cache=True, error_model="numpy")
def output_table(states, c):
    """Outputs at many times, (time, output)."""
    out = np.empty((len(states), OUTPUTS))
    for i in range(len(states)):
        out[i] = outputs(states[i], c)
    return out


@njit(cache=True, error_model="numpy")
def augmented_rate(z, c, by_parameter, forcing):
    """Rates of the states and of their sensitivities: dS/dt = J S + (df/dc)(dc/dp)."""
    n, m = forcing.size, by_parameter.shape[1]
    y = z[:n]
    out = np.empty(n * (m + 1))
    out[:n] = rate(y, c, forcing)
    sensitivities = z[n:].reshape(m, n)
    direct = rate_by_constant(y, c) @ by_parameter
    out[n:] = (sensitivities @ jacobian(y, c).T + direct.T).ravel()
    return out


@njit(cache=True, error_model="numpy")
def augmented_jacobian(z, c, by_parameter, forcing):
    """The block diagonal of the augmented Jacobian in LAPACK band storage, (2 n - 1, n (m + 1))."""
    n, m = forcing.size, by_parameter.shape[1]
    block = jacobian(z[:n], c)
    band = np.zeros((2 * n - 1, n * (m + 1)))
    for k in range(m + 1):
        for i in range(n):
            for j in range(n):
                band[n - 1 + i - j, k * n + j] = block[i, j]
    return band
'''


class _Writer:
    """Writes functions of arrays ``y`` (states) and ``c`` (parameters and constants)."""

    def __init__(self, arrays: dict[str, Sequence[sp.Symbol]]) -> None:
        self._printer = CodePrinter()
        self._generated = {
            symbol: sp.Symbol(f"{array}{index}", real=True)
            for array, symbols in arrays.items()
            for index, symbol in enumerate(symbols)
        }

    def function(
        self,
        name: str,
        arguments: str,
        shape: str,
        entries: Iterable[tuple[str, Any]],
        extra: dict[str, str] | None = None,
    ) -> str:
        """The text of one function that fills ``out``, entry by entry."""
        places, expressions = [], []
        for place, expression in entries:
            places.append(place)
            expressions.append(expression.xreplace(self._generated))
        shared, reduced = sp.cse(expressions, symbols=sp.numbered_symbols("x", real=True), order="none")
        used = sorted({s.name for e in expressions for s in e.free_symbols}, key=lambda s: (s[0], int(s[1:])))
        lines = [f"    out = np.zeros({shape})"]
        lines += [f"    {symbol} = {symbol[0]}[{symbol[1:]}]" for symbol in used]
        lines += [f"    {symbol.name} = {self._printer.doprint(value)}" for symbol, value in shared]
        for place, expression in zip(places, reduced, strict=True):
            text = self._printer.doprint(expression)
            lines.append(f"    out[{place}] = {text}{(extra or {}).get(place, '')}")
        body = "\n".join([*lines, "    return out"])
        return f'\n@njit(cache=True, error_model="numpy")\ndef {name}({arguments}):\n{body}\n'


def generate(model: Model) -> str:
    """The source of a module with everything the integrators call.

    Parameters
    ----------
    model : Model
        A checked model.

    Returns
    -------
    str
        Functions ``constants(p)``, ``initial(c)``, ``rate(y, c, forcing)``, ``jacobian(y, c)``, ``outputs(y, c)``, and
        the derivatives ``constants_by_parameter(p)``, ``initial_by_constant(c)``, ``rate_by_constant(y, c)``,
        ``outputs_by_state(y, c)``, ``outputs_by_constant(y, c)``; ``output_table(states, c)``, ``augmented_rate`` and
        ``augmented_jacobian``. Names are generated: y0, p3, c5.
    """
    parameters = [sp.Symbol(name, real=True) for name in model.defaults]
    derived = [model.definitions[name].symbol for name in model.constants]
    constants = parameters + derived
    states = [row.symbol for row in model.states.values()]
    n, m, k = len(states), len(constants), len(model.outputs)

    rates = [model.written_out(row.rate, model.constants) for row in model.states.values()]
    initials = [row.initial for row in model.states.values()]
    outputs = [
        row.symbol if row.name in model.constants else model.written_out(row.value, model.constants)
        for row in model.outputs.values()
    ]
    closed = parameters + [model.written_out(symbol) for symbol in derived]

    of_parameters = _Writer({"p": parameters})
    of_states = _Writer({"y": states, "c": constants})
    forcing = {str(i): f" + forcing[{i}]" for i in range(n)}
    functions = [
        of_parameters.function("constants", "p", str(m), _vector(closed)),
        of_states.function("initial", "c", str(n), _vector(initials)),
        of_states.function("rate", "y, c, forcing", str(n), _vector(rates), forcing),
        of_states.function("jacobian", "y, c", f"({n}, {n})", _matrix(rates, states)),
        of_states.function("outputs", "y, c", str(k), _vector(outputs)),
        of_parameters.function("constants_by_parameter", "p", f"({m}, {len(parameters)})", _matrix(closed, parameters)),
        of_states.function("initial_by_constant", "c", f"({n}, {m})", _matrix(initials, constants)),
        of_states.function("rate_by_constant", "y, c", f"({n}, {m})", _matrix(rates, constants)),
        of_states.function("outputs_by_state", "y, c", f"({k}, {n})", _matrix(outputs, states)),
        of_states.function("outputs_by_constant", "y, c", f"({k}, {m})", _matrix(outputs, constants)),
    ]
    return _HEAD + f"OUTPUTS = {k}\n" + "\n".join(functions) + _TAIL


def _vector(expressions: Sequence[Any]) -> list[tuple[str, Any]]:
    return [(str(index), expression) for index, expression in enumerate(expressions)]


def _matrix(expressions: Sequence[Any], symbols: Sequence[sp.Symbol]) -> list[tuple[str, Any]]:
    """The nonzero entries of a Jacobian."""
    derivative: Callable[[Any, sp.Symbol], Any] = sp.diff
    position = {symbol: index for index, symbol in enumerate(symbols)}
    return [
        (f"{row}, {position[symbol]}", value)
        for row, expression in enumerate(expressions)
        for symbol in sorted(expression.free_symbols & position.keys(), key=lambda s: position[s])
        if (value := derivative(expression, symbol)) != 0
    ]
