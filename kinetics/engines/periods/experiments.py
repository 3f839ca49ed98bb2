"""Experiments as consecutive periods: what holds in each, and what an engine makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np


class JumpedStates(NamedTuple):
    """States behind a jump, and their derivatives.

    Parameters
    ----------
    states : ndarray, (state,)
        All states, those that do not jump too; in their units.
    by_state : ndarray, (state, state)
        Their derivatives by the states before the jump; the identity for states that do not jump.
    by_direction : ndarray, (state, direction)
        Their derivatives by the directions while the states before the jump are held fixed.
    """

    states: np.ndarray
    by_state: np.ndarray
    by_direction: np.ndarray


Jump: TypeAlias = Callable[[np.ndarray], JumpedStates]
"""What happens to the states, (state,), when a period begins."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Period:
    """A span of time with parameters of its own.

    A period that begins at minus infinity or ends at infinity takes the states to their steady state. Experiments that
    share their first periods, the same objects, integrate them once.

    Parameters
    ----------
    begin, end : float
        In model time. Only the first period of an experiment may begin at minus infinity, only the last end at
        infinity, and each begins where the one before it ends. ``end`` may be ``begin``: nothing but the jump happens.
    parameters : ndarray, (parameter,)
        All parameters of the model, in their units, in the order of ``system.parameters``.
    parameter_changes : ndarray, (parameter, direction)
        Their derivatives by what is estimated. All periods have the same directions.
    times : ndarray, (time,)
        Where outputs are read, in order, from ``begin`` to ``end``; may be empty. At ``begin`` they are those behind
        the jump, at ``end`` those before the jump of the next period; at infinity those of the steady state.
    jump : callable, optional
        See `Jump`. Of the first period it takes the start that the model states, with this period's parameters.
    """

    begin: float
    end: float
    parameters: np.ndarray
    parameter_changes: np.ndarray
    times: np.ndarray
    jump: Jump | None = None

    @property
    def is_steady(self) -> bool:
        """Whether it lasts until nothing changes."""
        return bool(np.isinf(self.begin) or np.isinf(self.end))


Experiment: TypeAlias = Sequence[Period]


@dataclass(frozen=True, eq=False)
class PeriodValues:
    """What an engine makes of a period; NaN if the experiment failed in it or before.

    Parameters
    ----------
    outputs : ndarray, (time, output)
        At the times of the period, in the units of the model.
    gradients : ndarray, (time, output, direction)
        Their derivatives.
    start, end : ndarray, (state,)
        The states behind the jump, and at the end.
    start_changes, end_changes : ndarray, (state, direction)
        Their derivatives.
    """

    outputs: np.ndarray
    gradients: np.ndarray
    start: np.ndarray
    end: np.ndarray
    start_changes: np.ndarray
    end_changes: np.ndarray


@dataclass(frozen=True, eq=False)
class ExperimentValues:
    """What an engine makes of an experiment.

    Parameters
    ----------
    periods : tuple of PeriodValues
        In their order.
    reason : str
        Why it failed: which period, and what happened; empty if it did not.
    """

    periods: tuple[PeriodValues, ...]
    reason: str
