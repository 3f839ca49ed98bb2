"""Conditions on the time, which turn rates over at once: a parameter stands for each, so that rates are smooth.

A simulation only begins anew at such times (kinetics/model/timing/switches.py, which finds the comparisons for both).
Here their times may be estimated, and the gradient by them needs the rates before and after: within a part of a period
each comparison is a constant, on whose value nothing depends but the rates (parts.py).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from kinetics.model import Model
from kinetics.model.timing.switches import comparisons_of_time

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
    found = [one for one in comparisons_of_time(model) if type(one.comparison) in _RELATIONS]
    return [
        Switch(f"switch{number}_", one.comparison, model.written_out(one.slope), model.written_out(one.offset))
        for number, one in enumerate(found)
    ]
