"""Derived quantities and outputs as a graph: their order, circles, size written out, and those that are constant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from kinetics.errors import Faults
from kinetics.expressions import evaluate
from kinetics.model.events import Event
from kinetics.model.quantities import Derived, DoseConstant, Output, State

MAX_SIZE = 20_000
CIRCLE_ENDS = 10
"""Names of each end of a circle that a message shows."""
Definitions = Mapping[str, Derived | Output]


def ordered(definitions: Definitions, faults: Faults) -> list[str]:
    """The names of definitions, each after those it uses; a cycle is a fault that names its members."""
    uses = {
        name: [s.name for s in sorted(row.value.free_symbols, key=str) if s.name in definitions]
        for name, row in definitions.items()
    }
    order: dict[str, None] = {}
    closed: set[str] = set()
    for root in definitions:
        trail = {} if root in order else {root: iter(uses[root])}
        while trail:
            name = next(reversed(trail))
            used = next(trail[name], None)
            if used is None:
                del trail[name]
                order[name] = None
            elif used in trail:
                if used not in closed:  # one fault for all circles through it: a file may hold millions
                    cycle = list(trail)[list(trail).index(used) :]
                    faults.add(f"cyclic definition: {_path([*cycle, used])}", *definitions[used].location("value"))
                closed.add(used)
            elif used not in order:
                trail[used] = iter(uses[used])
    return list(order)


def _path(names: Sequence[str]) -> str:
    between = len(names) - 2 * CIRCLE_ENDS
    ends = [*names[:CIRCLE_ENDS], f"... {between} more ...", *names[-CIRCLE_ENDS:]] if between > 0 else names
    return " -> ".join(ends)


def parameter_closure(
    definitions: Definitions, order: Iterable[str], states: Mapping[str, State], faults: Faults
) -> list[str]:
    """The definitions that depend on parameters alone, in order; initial values and bounded quantities must."""
    varying = set(states)
    constants = []
    for name in order:
        if any(symbol.name in varying for symbol in definitions[name].value.free_symbols):
            varying.add(name)
        else:
            constants.append(name)
    for name in sorted(varying - set(states)):
        if isinstance(definitions[name], DoseConstant):
            faults.add("must follow from parameters alone, not from states", *definitions[name].location("value"))
        elif getattr(definitions[name], "minimum", None) is not None:
            faults.add("a minimum needs a quantity of parameters alone", *definitions[name].location("minimum"))
    for row in states.values():
        for symbol in sorted(row.initial.free_symbols, key=str):
            if symbol.name in varying:
                message = f"an initial value cannot depend on state '{symbol.name}'"
                faults.add(message, *row.location("initial"))
    return constants


def check_size(definitions: Definitions, order: Iterable[str], rows: Iterable[State | Event], faults: Faults) -> None:
    """Refuse a model whose states and events are beyond reason once every derived quantity is written out.

    A chain of quantities, each twice the one before or its 60th power, is short in the file and endless in full.
    """
    sizes: dict[Any, int] = {}

    def measured(expression: Any, row: Any, key: str) -> int:
        size = _size(expression, sizes)
        if size > MAX_SIZE:
            faults.add("too large when the quantities it uses are written out", *row.location(key))
            return 1  # what uses it is not to be reported for its sake
        return size

    for name in order:
        row = definitions[name]
        sizes[row.symbol] = measured(row.value, row, "value")
    for row in rows:
        own = row.expressions if isinstance(row, Event) else {"initial": row.initial, "rate": row.rate}
        for key, expression in own.items():
            measured(expression, row, key)


def _size(expression: Any, sizes: Mapping[Any, int]) -> int:
    if not expression.args:
        return sizes.get(expression, 1)
    size = sum(_size(argument, sizes) for argument in expression.args)
    if isinstance(expression, sp.Pow) and expression.exp.is_Integer:
        size *= max(1, abs(int(expression.exp)))
    return size


def evaluated_constants(constants: Definitions, parameters: Mapping[str, float], faults: Faults) -> dict[str, float]:
    """The values of constants, each after those it uses; ``faults`` are raised if one is too low or not finite."""
    values = {sp.Symbol(name, real=True): value for name, value in parameters.items()}
    for name, row in constants.items():
        value = values[row.symbol] = evaluate(row.value, values)
        minimum = getattr(row, "minimum", None)
        if not math.isfinite(value) or (minimum is not None and value < minimum):
            bound = f"below its minimum {minimum:g}" if math.isfinite(value) else "not finite"
            behind = ", ".join(f"{name} = {parameters[name]:g}" for name in _behind(name, constants))
            faults.add(f"is {value:.4g}, {bound}; it follows from {behind}", *row.location("value"))
    faults.raise_if_any()
    return {name: values[row.symbol] for name, row in constants.items()}


def _behind(name: str, constants: Definitions) -> list[str]:
    """The parameters and inputs a constant depends on, directly or through others."""
    behind: set[str] = set()
    pending = [name]
    while pending:
        used = {symbol.name for symbol in constants[pending.pop()].value.free_symbols} - behind
        behind |= used
        pending += [other for other in used if other in constants]
    return sorted(behind - constants.keys())
