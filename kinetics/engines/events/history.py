"""What happens along a trajectory with events: what fires when and why, and what executions make of the states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class ExecutedEvent(NamedTuple):
    """An event that was executed at a time, in the model's time."""

    time: float
    name: str


@dataclass(frozen=True, eq=False)
class Firing:
    """An event that fires, and the execution that is to come of it.

    Parameters
    ----------
    event : int
        Its number.
    at, due : float
        When it fires, and when it is executed.
    y : ndarray, (state,)
        The states when it fires.
    values : ndarray, (assignment,), or None
        The assigned values, if they are worked out then.
    sides : ndarray, (comparison,), or None
        The signs before it of comparisons that turn over there, NaN of the others; None if a jump of the states makes
        the trigger true.
    """

    event: int
    at: float
    due: float
    y: np.ndarray
    values: np.ndarray | None
    sides: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Execution:
    """The execution of what has fired, at a time, from states ``before`` to states ``after``, (state,)."""

    firing: Firing
    at: float
    before: np.ndarray
    after: np.ndarray
