"""Checks of each step: a state must not turn negative without cause, nor grow out of rounding error.

Both engines know a state to its absolute tolerance and no better. One that falls below it is noise: it may turn
negative and, where it grows by itself, run away, or come back at a time that the noise decides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinetics.compile import System
from kinetics.units import display_unit

# of the absolute tolerance of a state
NEGATIVE = 1e3
"""How far below zero a state that cannot be negative is wrong."""
SUNK = 10.0
"""A state that grows again from below this is wrong by a thousandth and more."""
REGROWN = 1e5
"""Above this a state that sank has grown again."""
OWN = 1e-2
"""What a state grows by without itself, below this share of its rate, does not matter: it grows out of itself."""
UNRESOLVED = 2.0
"""Times of growth by a factor of e in a step; a longer one of a stiff method would damp what grows."""

HIGH, LOST = 1, 2
"""Phases of a state: large, and sunk from there. At first it is neither: what begins at zero is known exactly."""
BLAME = "state "

WENT_BELOW_ZERO = f"fell to {{value}}, beyond {NEGATIVE:g} times {{tolerance}} below zero, where nothing takes it there"
GREW_FROM_ROUNDING = f"grows after it fell to within {SUNK:g} times {{tolerance}}: what it grows from is rounding"
Rate = Callable[[float, np.ndarray], np.ndarray]


class Guard:
    """Follows the states of one patient through an integration, step by step.

    Parameters
    ----------
    system : System
        What is integrated.
    absolute : ndarray, (state,)
        Absolute tolerances.
    """

    def __init__(self, system: System, absolute: np.ndarray) -> None:
        self._system, self._absolute = system, absolute
        self._phase, self._longest = np.zeros(absolute.size, dtype=int), 0.0
        self._floor, self._sunk, self._high = -NEGATIVE * absolute, SUNK * absolute, REGROWN * absolute

    def begin(self, y: np.ndarray) -> None:
        """Open a stretch, after what was given: a dose is no rounding."""
        self._phase[np.abs(y[: self._phase.size]) >= self._high] = HIGH
        self._longest = 0.0

    def end(self, rate: Rate, time: float, y: np.ndarray) -> str:
        """What is wrong at the end of a stretch, in words: growth of a state that its longest step did not resolve."""
        for state in np.flatnonzero(self._phase == LOST):
            absolute = self._absolute[state]
            whole, alone = (_rate_at(value, rate, time, y, state) for value in (absolute, 0.0))
            if abs(alone) < OWN * whole and whole * self._longest > UNRESOLVED * absolute:
                return complaint(self._system, GREW_FROM_ROUNDING, int(state), float(y[state]), float(absolute))
        return ""

    def fault(self, rate: Rate, span: tuple[float, float], before: np.ndarray, after: np.ndarray) -> str:
        """What a step did wrong, in words; empty if nothing.

        Parameters
        ----------
        rate : callable
            Of time and states, (component,); behind the states there may be their sensitivities.
        span : (float, float)
            The step.
        before, after : ndarray, (component,)
            At its ends.
        """
        size, time = self._phase.size, span[1]
        self._longest = max(self._longest, time - span[0])
        u, bound = after[:size], self._absolute
        inner = np.abs(u)
        negative, high = (u < self._floor) & (before[:size] >= self._floor), inner >= self._high
        # a state whose rate at zero points down may be negative: nothing in its equation holds it above
        for state in np.flatnonzero(negative):
            if min(_rate_at(0.0, rate, time, y, state) for y in (before, after)) >= 0:
                return complaint(self._system, WENT_BELOW_ZERO, int(state), float(u[state]), float(bound[state]))
        for state in np.flatnonzero(high & (self._phase == LOST)):
            # what others feed forgets what it was; what grows out of itself keeps the error that it began with
            whole = rate(time, after)[state]
            if whole * u[state] > 0 and abs(_rate_at(0.0, rate, time, after, state)) < OWN * abs(whole):
                return complaint(self._system, GREW_FROM_ROUNDING, int(state), float(u[state]), float(bound[state]))
        self._phase[(inner < self._sunk) & (self._phase == HIGH)] = LOST
        self._phase[high] = HIGH
        return ""


def _rate_at(value: float, rate: Rate, time: float, y: np.ndarray, state: np.intp) -> float:
    """The rate of a state if it were of another value."""
    moved = np.array(y)
    moved[state] = value
    return float(rate(time, moved)[state])


def complaint(system: System, fault: str, state: int, value: float, absolute: float) -> str:
    """What is wrong with a state, and what to set.

    Parameters
    ----------
    fault : {WENT_BELOW_ZERO, GREW_FROM_ROUNDING}
        What happened.
    state : int
        Its number.
    value, absolute : float
        The state and its absolute tolerance, in its unit.
    """
    name = system.states[state]
    unit = display_unit(system.model.states[name].unit)
    tolerance = f"its absolute tolerance of {absolute:.3g} {unit}".rstrip()
    happened = fault.format(value=f"{value:.3g} {unit}".rstrip(), tolerance=tolerance)
    smaller = f"{max(1e-17 * absolute, 1e-290):.0e}"
    quantity = f"{smaller} {unit or '1'}"
    return (
        f"{BLAME}{name}: it {happened}. Set an absolute tolerance well below its lowest value, such as "
        f"'tolerance = {smaller}' of the state in the model's file; for simulate alone absolute={{'{name}': "
        f"'{quantity}'}} in Python, or --absolute {name}='{quantity}' on the command line."
    )
