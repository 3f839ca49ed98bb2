"""Times at which a condition of the time alone changes: an integration begins anew there, and jumps over none.

`Switches` are times to cut at. A problem of PEtab cuts too, but lets a parameter stand for each comparison, as the
gradient by an estimated time needs the rates on both sides: see kinetics/interop/petab/objective/switches.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from kinetics.expressions import evaluate
from kinetics.model.timing.clock import CLOCK, is_clock

if TYPE_CHECKING:
    from kinetics.model.model import Model


@dataclass(frozen=True)
class LinearComparison:
    """A comparison in equations that is slope * time + offset against zero, with no state beside the time.

    Parameters
    ----------
    comparison : sympy.Relational
        As it stands in the equations.
    slope, offset : sympy.Expr
        Of constants: parameters, inputs, and derived quantities that follow from these.
    """

    comparison: Any
    slope: Any
    offset: Any


def comparisons_of_time(model: Model) -> list[LinearComparison]:
    """All that are in the rates and definitions of a model, in one order."""
    clock = model.states.get(CLOCK)
    if clock is None or not is_clock(clock):
        return []
    symbol, names = clock.symbol, {*model.defaults, *model.constants}
    values = [row.value for row in model.definitions.values()] + [row.rate for row in model.states.values()]
    compared: list[Any] = sorted(sp.Tuple(*values).atoms(Relational), key=sp.default_sort_key)
    found: list[LinearComparison] = []
    for one in compared:
        gap: Any = model.written_out(one.lhs - one.rhs, keep=model.constants)
        slope = sp.diff(gap, symbol) if {other.name for other in gap.free_symbols - {symbol}} <= names else sp.S.Zero
        if slope != 0 and symbol not in slope.free_symbols:
            found.append(LinearComparison(one, slope, gap.xreplace({symbol: sp.S.Zero})))
    return found


@dataclass(frozen=True)
class Switches:
    """Times at which branches of equations begin and end.

    Parameters
    ----------
    names : tuple of str
        Of constants: parameters, inputs, and derived quantities that follow from these.
    times : tuple of sympy.Expr
        In the time of the model; numbers, or expressions of constants.
    """

    names: tuple[str, ...] = ()
    times: tuple[Any, ...] = ()

    @classmethod
    def of(cls, model: Model) -> Switches:
        """Those of comparisons that are linear in the time, and have no state beside it."""
        roots = {-one.offset / one.slope for one in comparisons_of_time(model)}
        return cls((*model.defaults, *model.constants), tuple(sorted(roots, key=sp.default_sort_key)))

    @property
    def of_numbers(self) -> list[float]:
        """Those that are the same for all parameters."""
        return [float(time) for time in self.times if time.is_number]

    @property
    def differ(self) -> bool:
        """Whether some follow from parameters."""
        return any(not time.is_number for time in self.times)

    def at(self, constants: np.ndarray) -> list[float]:
        """All of them, for the values of constants, (constant,)."""
        values = {sp.Symbol(name, real=True): value for name, value in zip(self.names, constants, strict=True)}
        return [time for time in (evaluate(each, values) for each in self.times) if math.isfinite(time)]
