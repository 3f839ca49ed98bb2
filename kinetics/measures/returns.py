"""The one rule of recovery from successive values: the first at a level again, after one below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.units.levels import stands_below


@dataclass(frozen=True, eq=False)
class FirstReturn:
    """Where successive values are back at a level.

    ``index``, (...), is of the first value that is back, the number of values if none is. ``was_below``, (...), is
    whether any value is below the level; without one there is nothing to return from.
    """

    index: np.ndarray
    was_below: np.ndarray

    def times(self, times: np.ndarray) -> np.ndarray:
        """Times of the returns, (...), among those of the values, (time,): infinite for never, NaN for never below."""
        return np.where(self.was_below, np.append(times, np.inf)[self.index], np.nan)


def first_return(values: np.ndarray, level: float | np.ndarray, margin: float | np.ndarray = 0.0) -> FirstReturn:
    """Find the first value at or above a level after one below it.

    Parameters
    ----------
    values : ndarray, (..., time)
        Successive values; one that is not finite is not back.
    level, margin : float or ndarray, (..., 1)
        In the unit of the values, as of `kinetics.units.levels.stands_below`.

    Examples
    --------
    >>> returns = first_return(np.array([[1.0, 0.2, 0.5], [1.0, 0.2, 0.1], [1.0, 0.9, 0.8]]), 0.4)
    >>> returns.index, returns.times(np.array([0.0, 1.0, 2.0]))
    (array([2, 3, 3]), array([ 2., inf, nan]))
    """
    below = stands_below(values, level, margin)
    back = ~below & np.isfinite(values) & np.logical_or.accumulate(below, axis=-1)
    never = np.ones((*values.shape[:-1], 1), dtype=bool)
    return FirstReturn(np.concatenate([back, never], axis=-1).argmax(axis=-1), np.asarray(below.any(axis=-1)))
