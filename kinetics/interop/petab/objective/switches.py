"""Conditions on the time, which turn rates over at once: a parameter stands for each, so that rates are smooth."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from kinetics.model import Model
from kinetics.model.timing.clock import CLOCK

_CLOCK = sp.Symbol(CLOCK, real=True)
_RELATIONS = {
    sp.StrictLessThan: operator.lt,
    sp.LessThan: operator.le,
    sp.StrictGreaterThan: operator.gt,
    sp.GreaterThan: operator.ge,
}


@dataclass(frozen=True)
class Switch:
    """A comparison that is linear in the time: slope * time + offset against zero.

    Parameters
    ----------
    parameter : str
        The parameter of the model that is 1 while it holds and 0 while it does not.
    comparison : sympy.Relational
        What it stands for.
    slope, offset : sympy expression
        They follow from parameters alone.
    """

    parameter: str
    comparison: Any
    slope: Any
    offset: Any

    @property
    def condition(self) -> Any:
        """What stands in the place of the comparison."""
        return sp.Symbol(self.parameter, real=True) > sp.S.Half

    def holds(self, slope: float, offset: float, time: float) -> bool:
        """Whether the comparison is true at a time, for values of slope and offset."""
        return bool(_RELATIONS[type(self.comparison)](slope * time + offset, 0.0))


def switches_of(model: Model) -> list[Switch]:
    """The comparisons in rates and definitions of a model that depend on the time and on parameters alone."""
    if CLOCK not in model.states:
        return []
    switches: list[Switch] = []
    for comparison in sorted(set(_comparisons(model)), key=str):
        left, right = comparison.args
        gap = model.written_out(left - right)
        slope = sp.diff(gap, _CLOCK) if gap.free_symbols <= {_CLOCK, *map(_symbol, model.defaults)} else sp.S.Zero
        if slope != 0 and _CLOCK not in slope.free_symbols and type(comparison) in _RELATIONS:
            name = f"switch{len(switches)}_"
            switches.append(Switch(name, comparison, slope, gap.xreplace({_CLOCK: sp.S.Zero})))
    return switches


def _comparisons(model: Model) -> Iterator[Any]:
    for row in model.states.values():
        yield from row.rate.atoms(Relational)
    for row in model.definitions.values():
        yield from row.value.atoms(Relational)


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)
