"""The derived quantities that depend on parameters alone, for given values."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy as sp

from kinetics.errors import Faults
from kinetics.expressions import evaluate
from kinetics.model.quantities import Derived, Output

__all__ = ["evaluated_constants"]


def evaluated_constants(
    constants: Mapping[str, Derived | Output], parameters: Mapping[str, float], faults: Faults
) -> dict[str, float]:
    """Their values.

    Parameters
    ----------
    constants : mapping of str to quantity
        Each after those it uses.
    parameters : mapping of str to float
        All parameters and inputs, in their units.
    faults : Faults
        Raised if one lies below its declared minimum or is not finite.
    """
    values = {sp.Symbol(name, real=True): value for name, value in parameters.items()}
    for name, row in constants.items():
        value = values[row.symbol] = evaluate(row.value, values)
        minimum = getattr(row, "minimum", None)
        if not math.isfinite(value) or (minimum is not None and value < minimum):
            bound = f"below its minimum {minimum:g}" if math.isfinite(value) else "not finite"
            behind = ", ".join(f"{name} = {parameters[name]:g}" for name in _behind(name, constants))
            faults.add(f"is {value:.4g}, {bound}; it follows from {behind}", *row.place("value"))
    faults.raise_if_any()
    return {name: values[row.symbol] for name, row in constants.items()}


def _behind(name: str, constants: Mapping[str, Derived | Output]) -> list[str]:
    """The parameters and inputs a constant depends on, directly or through others."""
    found: set[str] = set()
    pending = [name]
    while pending:
        used = {symbol.name for symbol in constants[pending.pop()].value.free_symbols} - found
        found |= used
        pending += [other for other in used if other in constants]
    return sorted(found - constants.keys())
