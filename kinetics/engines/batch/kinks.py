"""Where rates have a kink: there the numerical solution is not smooth in the parameters, so no step may pass one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from kinetics.compile import System
from kinetics.engines.batch.recorded import Recorded
from kinetics.regimen import Segments

__all__ = ["kink_times", "with_edges"]

# in shares of a step: stages look ahead with an error of the square of their step, so the last before a kink are short
BEFORE = 10.0 ** np.arange(-1, -6, -1)
AFTER = 1e-5


def kink_times(system: System, constants: np.ndarray, recorded: Recorded) -> np.ndarray:
    """Times that close in on each kink of a solution, and one just after it, increasing.

    Parameters
    ----------
    system : System
        The compiled model; its ``kinks`` change sign where ``max``, ``min``, ``abs`` or ``piecewise`` in a rate change
        branch.
    constants : ndarray, (constant,)
        Parameters and derived constants.
    recorded : Recorded
        The solution.

    Notes
    -----
    The rates are continuous at a kink, their derivatives are not. A step across one is as accurate as the tolerance
    asks, but the derivative of that step is only as accurate as the square root of it. The step from the last time
    before a kink to the one after it is so short that this does not matter.
    """
    functions = system.functions
    if not functions.KINKS:
        return np.empty(0)
    sides = functions.kink_table(np.ascontiguousarray(recorded(recorded.ts).T), constants)
    found: list[float] = []
    for step, kink in np.argwhere(sides[:-1] * sides[1:] < 0):
        begin, end = float(recorded.ts[step]), float(recorded.ts[step + 1])

        def side(time: float, kink: int = int(kink)) -> float:
            state = np.ascontiguousarray(recorded(np.array([time])).T)
            return float(functions.kink_table(state, constants)[0, kink])

        if side(begin) * side(end) < 0:  # at a dose the value on its right is another
            root: Any = brentq(side, begin, end)
            length = end - begin
            found += [*(root - BEFORE * length), root + AFTER * length]
    return np.unique(found)


def with_edges(segments: Segments, times: np.ndarray) -> Segments:
    """The same doses with more edges, at which nothing is given."""
    inside = times[(times > segments.edges[0]) & (times < segments.edges[-1]) & ~np.isin(times, segments.edges)]
    if not inside.size:
        return segments
    edges = np.union1d(segments.edges, inside)
    source = np.searchsorted(segments.edges, edges[:-1], side="right") - 1
    given = np.isin(edges[:-1], segments.edges)
    return replace(
        segments, edges=edges, rates=segments.rates[source], boluses=segments.boluses[source] * given[:, None]
    )
