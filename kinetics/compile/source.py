"""A model to the source text of a Python module of numba functions, with common subexpressions taken out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import sympy as sp

from kinetics.compile.derivatives import derivatives
from kinetics.compile.printer import CodePrinter
from kinetics.compile.sparse import Elimination, eliminate, factor_lines, solve_lines
from kinetics.model import Model

_HEAD = '''"""Generated from a model; do not edit."""

import math

import numpy as np

from kinetics.compile.elementary import exponential, finite_power, log_power, logarithm, power
from kinetics.compile.machine_code import njit
'''
Entry = tuple[int, int]
_STUB = "kinetics.compile.stub"

LANES = 16
"""Patients, or sensitivities of one patient, that advance together in vector registers."""


def generate(model: Model) -> str:
    """The source of a module with everything the integrators call, of a checked model.

    That is what `kinetics.compile.stub` holds for the smallest model, then `kinetics.compile.arrays`. Names are
    generated: y0, p3, c5.
    """
    return "\n".join([_HEAD, *_functions(model), template(Path(__file__).with_name("arrays.py"))])


def template(path: Path, module: str = "", siblings: Collection[str] = ()) -> str:
    """A source file, written against the smallest model, that imports from a generated module in place of the stub.

    If that is empty, the text goes behind the generated functions themselves. Imports of ``siblings``, modules whose
    text stands in the same file, are dropped.
    """
    text = path.read_text(encoding="utf-8")
    lines: list[str] = text.splitlines()
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.ImportFrom) and node.module in {_STUB, "__future__", *siblings}:
            names = ", ".join(alias.name for alias in node.names)
            of_model = module and node.module == _STUB
            lines[node.lineno - 1 : node.end_lineno] = [f"from {module} import {names}"] if of_model else []
    return "\n".join(lines)


def _functions(model: Model) -> Iterable[str]:
    parameters = [sp.Symbol(name, real=True) for name in model.defaults]
    derived = [model.definitions[name].symbol for name in model.constants]
    constants = parameters + derived
    states = [row.symbol for row in model.states.values()]
    rates = [model.written_out(row.rate, model.constants) for row in model.states.values()]
    initials = [row.initial for row in model.states.values()]
    outputs = [
        row.symbol if row.name in model.constants else model.written_out(row.value, model.constants)
        for row in model.outputs.values()
    ]
    closed = parameters + [model.written_out(symbol) for symbol in derived]
    jacobian = derivatives(rates, states, states)
    curvature = derivatives(list(jacobian.values()), states, states)
    plan = eliminate(len(states), jacobian)
    kinks = _kinks(rates)
    write = _Writer({"p": parameters, "y": states, "c": constants})

    yield f"PARAMETERS, CONSTANTS, STATES = {len(parameters)}, {len(constants)}, {len(states)}"
    yield f"OUTPUTS, FACTORS, KINKS, LANES = {len(outputs)}, {plan.length}, {len(kinks)}, {LANES}"
    yield write.vector("constants", "p", closed)
    yield write.vector("start", "c", initials)
    yield write.vector("rate", "y, c", rates)
    yield write.vector("outputs", "y, c", outputs)
    yield write.vector("kinks", "y, c", kinks)
    yield write.matrix("jacobian", "y, c", jacobian)
    yield write.matrix("constants_by_parameter", "p", derivatives(closed, parameters, states))
    yield write.matrix("start_by_constant", "c", derivatives(initials, constants, states))
    yield write.matrix("rate_by_constant", "y, c", derivatives(rates, constants, states))
    yield write.matrix("outputs_by_state", "y, c", derivatives(outputs, states, states))
    yield write.matrix("outputs_by_constant", "y, c", derivatives(outputs, constants, states))
    yield write.matrix("curvature_by_state", "y, c", curvature)
    yield write.matrix("curvature_by_constant", "y, c", derivatives(list(jacobian.values()), constants, states))
    yield write.factors("factor", jacobian, plan)
    yield write.function("solve", "lu, b", solve_lines(plan, "b", "b"))
    yield write.vector("rate", "y, c", rates, lanes=True)
    yield write.vector("outputs", "y, c", outputs, lanes=True)
    yield write.vector("kinks", "y, c", kinks, lanes=True)
    yield write.vector("jacobian", "y, c", list(jacobian.values()), lanes=True)
    yield write.factors("factor_lanes", jacobian, plan, lanes=True)
    yield write.lanes("solve_lanes", "lu, b", solve_lines(plan, "b", "b", LANES))
    yield write.lanes("solve_sensitivities", "lu, right, out", solve_lines(plan, "right", "out", LANES, shared=True))
    yield from _sensitivity_products(write, list(jacobian), list(curvature))


def _sensitivity_products(write: _Writer, jacobian: Sequence[Entry], curvature: Sequence[Entry]) -> Iterable[str]:
    """The products of a stage of `kinetics.engines.batch.kernels.tangent`: J u', (J(y))' k, and (J(y))' itself."""
    arguments, rows = "values, right, out", sorted({row for row, _ in jacobian})
    product = _product_lines(jacobian, rows, matrix_lanes=False, vector_lanes=True)
    yield write.lanes("add_jacobian_product", arguments, product)
    product = _product_lines(jacobian, rows, matrix_lanes=True, vector_lanes=False)
    yield write.lanes("add_jacobians_product", arguments, product)
    changes = _product_lines(curvature, range(len(jacobian)), "=", matrix_lanes=False, vector_lanes=True)
    yield write.lanes("fill_jacobian_changes", arguments, changes)


def _kinks(expressions: Iterable[Any]) -> list[Any]:
    """What changes sign where a branch of max, min, abs or piecewise takes over from another."""
    kinks: dict[Any, None] = {}
    for expression in expressions:
        for node in sp.preorder_traversal(expression):
            branches: tuple[Any, ...] = node.args
            if isinstance(node, sp.Max | sp.Min | sp.core.relational.Relational):
                kinks |= dict.fromkeys(left - right for left, right in combinations(branches, 2))
            elif isinstance(node, sp.Abs):
                kinks[branches[0]] = None
    return [kink for kink in kinks if kink.free_symbols]


def _table(name: str, entries: Iterable[tuple[int, ...]], axes: int = 2) -> str:
    """An array (axis, entry) of rows, columns and further indices."""
    rows = list(entries)
    indices = [[entry[axis] for entry in rows] for axis in range(axes)]
    return f"{name} = np.array({indices}, dtype=np.int64).reshape({axes}, {len(rows)})\n"


def _product_lines(
    entries: Sequence[Entry], rows: Iterable[int], sign: str = "+=", *, matrix_lanes: bool, vector_lanes: bool
) -> list[str]:
    """Statements that add to lanes of ``out``, or set them to, the product of a sparse matrix and a vector.

    Either may have lanes of its own, or be one for all.
    """
    columns = sorted({column for _, column in entries})
    lines = [f"r{column} = right[{_place(column, vector_lanes)}]" for column in columns]
    for row in rows:
        terms = [f"values[{_place(e, matrix_lanes)}] * r{j}" for e, (i, j) in enumerate(entries) if i == row]
        lines.append(f"out[{_place(row, True)}] {sign} {' + '.join(terms) or '0.0'}")
    return lines


def _place(index: int, lanes: bool) -> str:
    """Where an entry of an array stands; of lane ``q`` in a flat array of (entry, lane)."""
    return f"{LANES * index} + q" if lanes else str(index)


class _Writer:
    """Writes functions over arrays ``p`` (parameters), ``y`` (states) and ``c`` (constants)."""

    def __init__(self, arrays: Mapping[str, Sequence[sp.Symbol]]) -> None:
        self._printer = CodePrinter()
        self._names = arrays

    def function(self, name: str, arguments: str, lines: Iterable[str]) -> str:
        """A function of the given statements."""
        body = "\n".join(f"    {line}" for line in lines) or "    pass"
        return f'\n@njit(cache=True, error_model="numpy")\ndef {name}({arguments}):\n{body}\n'

    def lanes(self, name: str, arguments: str, lines: Iterable[str]) -> str:
        """A function that does the given statements for each lane ``q`` of flat arrays."""
        statements = list(lines) or ["pass"]
        body = "\n".join(["    for q in range(LANES):", *(f"        {line}" for line in statements)])
        # sums may be fused and reordered, as vector registers do; NaN and infinity keep their meaning
        math = '{"contract", "reassoc"}'
        return f'\n@njit(cache=True, error_model="numpy", fastmath={math})\ndef {name}({arguments}):\n{body}\n'

    def vector(self, name: str, arguments: str, expressions: Sequence[Any], *, lanes: bool = False) -> str:
        """``fill_NAME(arguments, out)``, or ``fill_NAME_lanes`` over flat arrays of (entry, lane)."""
        before, values = self._reduced(arguments, expressions, lanes=lanes)
        lines = [*before, *(f"out[{_place(index, lanes)}] = {value}" for index, value in enumerate(values))]
        if lanes:
            return self.lanes(f"fill_{name}_lanes", f"{arguments}, out", lines)
        return self.function(f"fill_{name}", f"{arguments}, out", lines)

    def matrix(self, name: str, arguments: str, entries: Mapping[Any, Any], axes: int = 2) -> str:
        """``fill_NAME(arguments, out)`` for the nonzero entries, and their indices as the table ``NAME``."""
        return _table(name.upper(), entries, axes) + self.vector(name, arguments, list(entries.values()))

    def factors(self, name: str, jacobian: Mapping[Entry, Any], plan: Elimination, *, lanes: bool = False) -> str:
        """``NAME(y, c, w, lu)``: the LU factors of w I - J; of each lane if asked for."""
        before, values = self._reduced("y, c", list(jacobian.values()), lanes=lanes)
        lines, w = list(before), "w[q]" if lanes else "w"
        for (row, column), value in zip(jacobian, values, strict=True):
            lines.append(f"m_{row}_{column} = {f'{w} - ' if row == column else '-'}({value})")
        lines += [f"m_{i}_{i} = {w}" for i in range(plan.size) if (i, i) not in jacobian]
        entries = {*jacobian, *((i, i) for i in range(plan.size))}
        lines += factor_lines(plan, entries, LANES if lanes else 0)
        return (self.lanes if lanes else self.function)(name, "y, c, w, lu", lines)

    def _reduced(
        self, arguments: str, expressions: Sequence[Any], *, lanes: bool = False
    ) -> tuple[list[str], list[str]]:
        """Statements that must come first, and the text of each expression after them."""
        generated = {
            symbol: sp.Symbol(f"{array}{index}", real=True)
            for array in arguments.split(", ")
            for index, symbol in enumerate(self._names[array])
        }
        renamed = [expression.xreplace(generated) for expression in expressions]
        shared, reduced = sp.cse(renamed, symbols=sp.numbered_symbols("x", real=True), order="none")
        used = sorted({s.name for e in renamed for s in e.free_symbols}, key=lambda s: (s[0], int(s[1:])))
        loads = [f"{name} = {name[0]}[{_place(int(name[1:]), lanes)}]" for name in used]
        return (
            loads + [f"{symbol.name} = {self._printer.doprint(value)}" for symbol, value in shared],
            [str(self._printer.doprint(expression)) for expression in reduced],
        )
