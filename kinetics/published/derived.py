"""Numbers that follow from parameters alone: an expression over parameters, inputs and constants of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from kinetics.expressions import Dimensions, evaluate, parse
from kinetics.model import Model
from kinetics.units import Unit, parse_unit


@dataclass(frozen=True)
class DerivedNumber:
    """An expression that has been read against a model, in its own unit."""

    expression: Any
    unit: Unit

    @classmethod
    def read(cls, text: str, model: Model) -> DerivedNumber:
        """Read it; names may be written with a dot, as ``pk.CL``. An `InputError` if it or its units are wrong."""
        units = {name: row.unit for name, row in (*model.parameters.items(), *model.inputs.items())}
        units |= {name: model.definitions[name].unit for name in model.constants}
        symbols, spelled = _symbols(tuple(units))
        expression = parse(text, spelled)
        unit, converted = Dimensions({symbols[name]: unit for name, unit in units.items()}).infer(expression)
        return cls(converted, parse_unit("1") if unit is None else unit)

    def value(self, model: Model, parameters: Mapping[str, float]) -> float:
        """The number for some parameters by flat name, in its unit; NaN where it is not defined."""
        known = {**parameters, **model.constant_values(parameters)}
        return self._evaluated(known)

    def of_patients(self, model: Model, constants: np.ndarray) -> np.ndarray:
        """The number of each patient, (patient,), by `System.constants_table`, (patient, constant)."""
        names = (*model.defaults, *model.constants)
        return np.array([self._evaluated(dict(zip(names, row, strict=True))) for row in constants])

    def _evaluated(self, known: Mapping[str, float]) -> float:
        return evaluate(self.expression, {sp.Symbol(name, real=True): value for name, value in known.items()})


@lru_cache(maxsize=16)
def _symbols(names: tuple[str, ...]) -> tuple[dict[str, sp.Symbol], dict[str, sp.Symbol]]:
    """The symbol of each name, and of each of its spellings; a table has thousands of expressions of one model."""
    symbols = {name: sp.Symbol(name, real=True) for name in names}
    return symbols, {spelling: symbol for name, symbol in symbols.items() for spelling in _spellings(name)}


def _spellings(name: str) -> list[str]:
    """A flat name, and with a dot in place of each underscore: ALIAS_NAME is written ALIAS.NAME.

    Examples
    --------
    >>> _spellings("pk_CL_0")
    ['pk_CL_0', 'pk.CL_0', 'pk_CL.0']
    """
    positions = [position for position, letter in enumerate(name) if letter == "_"]
    return [name, *(f"{name[:position]}.{name[position + 1 :]}" for position in positions)]
