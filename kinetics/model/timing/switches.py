"""Times at which a condition of the time alone changes: an integration begins anew there, and jumps over none."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
        clock = model.states.get(CLOCK)
        if clock is None or not is_clock(clock):
            return cls()
        names, symbol = (*model.defaults, *model.constants), clock.symbol
        values = [row.value for row in model.definitions.values()] + [row.rate for row in model.states.values()]
        compared = sp.Tuple(*values).atoms(Relational)
        sides = model.written_out(sp.Tuple(*(one.lhs - one.rhs for one in compared)), keep=model.constants)
        roots = {root for side in sides for root in _root(side, symbol, frozenset(names))}
        return cls(names, tuple(sorted(roots, key=sp.default_sort_key)))

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


def _root(side: Any, clock: sp.Symbol, constants: frozenset[str]) -> Iterator[Any]:
    """When an expression is zero, if it is linear in the time."""
    if clock not in side.free_symbols or not {symbol.name for symbol in side.free_symbols - {clock}} <= constants:
        return
    polynomial = side.as_poly(clock)
    if polynomial is not None and polynomial.degree() == 1:
        slope, offset = polynomial.all_coeffs()
        yield -offset / slope
