"""Error bounds of a step, and the size of each state that they count from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.errors import Faults, InputError, UnknownNameError
from kinetics.model import Model
from kinetics.regimen import Triggers
from kinetics.units import to_unit

BELOW_ZERO = 1000
"""Absolute tolerances that a state may be below zero and count as zero, where a power of it has no value."""


@dataclass(frozen=True)
class Tolerances:
    """Error bounds of a step.

    Parameters
    ----------
    relative : float
        Relative tolerance of every state.
    absolute : float
        Absolute tolerance as a fraction of each state's scale: its value at rest, or the largest dose into it. The
        nadir lies four orders of magnitude below rest, so this one decides the error there.
    of_states : tuple of (str, float)
        States whose absolute tolerance is given, with the tolerance in the unit of the state. They come before the
        tolerances that the model states.
    """

    relative: float
    absolute: float
    of_states: tuple[tuple[str, float], ...] = ()

    def bounds(self, system: System, scale: np.ndarray) -> np.ndarray:
        """Absolute tolerances, (..., state), of states of a scale, (..., state), in their units."""
        absolute = self.absolute * scale
        of_model = ((name, row.tolerance) for name, row in system.model.states.items() if row.tolerance is not None)
        for name, tolerance in (*of_model, *self.of_states):
            if name in system.states:
                absolute[..., system.states.index(name)] = tolerance
        return absolute


def state_scale(
    system: System, constants: np.ndarray, start: np.ndarray, largest: np.ndarray, triggers: Triggers | None = None
) -> np.ndarray:
    """The size of each state: its start, or the largest dose into it, or that of a state of its unit, or 1.

    Doses of rules count too, and states that rest. ``constants`` are (..., constant), ``start`` (..., state), and
    ``largest``, the largest doses in their units, (..., drug): of one patient or of many, and so is the result.

    Raises
    ------
    InputError
        If a dose is given into a state that rests.
    """
    if triggers is not None:
        largest = np.maximum(largest, triggers.dose_amounts.max(axis=0))
    system.check_doses(largest)
    scale = np.maximum(np.abs(start), largest @ system.dose_matrix())
    if (scale > 0).all():
        return scale
    sizes = np.abs(system.all_states(scale, constants))
    alike = np.empty_like(scale)
    for integrated, same in system.states_alike:
        alike[..., integrated] = sizes[..., same].max(axis=-1, keepdims=True)
    return np.where(scale > 0, scale, np.where(alike > 0, alike, 1.0))


def from_zero(
    function: Callable[[np.ndarray], np.ndarray], states: np.ndarray, absolute: np.ndarray | None
) -> np.ndarray:
    """What a function makes of states; where that is no number, states that are hardly below zero count as zero.

    What is left of a drug is as often below zero as above it, by the error of the integrator, and has no root there.

    Parameters
    ----------
    function : callable
        Of an array of the shape of ``states``.
    states : ndarray, (..., state)
        As integrated.
    absolute : ndarray, (state,), or None
        Absolute tolerances. Below zero by more than a thousand of them a state is left as it is; None leaves all.

    Examples
    --------
    >>> with np.errstate(invalid="ignore"):
    ...     from_zero(np.sqrt, np.array([4.0, -1e-15]), np.full(2, 1e-13)).tolist()
    [2.0, 0.0]
    """
    values = function(states)
    if absolute is None or not math.isnan(values.sum()):
        return values
    below = (states < 0.0) & (states >= -BELOW_ZERO * absolute)
    return function(np.where(below, 0.0, states)) if below.any() else values


def state_tolerances(model: Model, absolute: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """Absolute tolerances of states, in the units of the model.

    Parameters
    ----------
    model : Model
        Whose states they are.
    absolute : mapping of str to str
        Quantities such as ``"1e-30 1e9/L"`` by the name of the state.

    Raises
    ------
    InputError
        With every name that is no state, and every quantity that is not positive or of another dimension.
    """
    faults, tolerances = Faults(), []
    for name, text in absolute.items():
        flat = name.replace(".", "_")
        with faults.gather(name=f"absolute tolerance of {name}"):
            if flat not in model.states:
                raise UnknownNameError(f"model '{model.name}' has no such state; there are {', '.join(model.states)}")
            value = to_unit(text, model.states[flat].unit)
            if not value > 0:
                raise InputError(f"must be positive, found '{text}'")
            tolerances.append((flat, value))
    faults.raise_if_any()
    return tuple(tolerances)
