"""A parameter that follows a covariate over time: its values from one time to the next, by a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

CovariateRule: TypeAlias = Literal["next", "last", "linear"]
RULES: tuple[str, ...] = get_args(CovariateRule)
STATE_A_RULE = "state 'next' (next observation carried backward, as NONMEM does), 'last' (carried forward) or 'linear'"
PARTS = 8
"""Equal steps from one value of a covariate to the next where it changes linearly."""


@dataclass(frozen=True)
class TimedValues:
    """The recorded values of a covariate.

    Parameters
    ----------
    times : sequence of float
        Increasing, in the unit of time of the model.
    values : sequence of float
        One a time, in the unit of the parameter that follows them.
    rule : {"next", "last", "linear"}, optional
        The value between two times: that of the next (next observation carried backward, as NONMEM does), that of the
        last (last observation carried forward), or linear from one to the other, in equal steps. Needed for several
        values. Before the first time it is the first value, behind the last time the last.

    Examples
    --------
    >>> TimedValues((0.0, 10.0), (70.0, 72.0), "next").at(np.array([-5.0, 4.0, 20.0]), 1e-9)
    array([70., 72., 72.])
    """

    times: Sequence[float]
    values: Sequence[float]
    rule: CovariateRule | None = None

    def faults(self) -> Iterator[str]:
        """What is wrong with them, in words."""
        times, values = np.asarray(self.times, dtype=float), np.asarray(self.values, dtype=float)
        if times.shape != values.shape or times.ndim != 1 or not times.size:
            yield f"needs as many times as values, one at least, found {times.size} and {values.size}"
        if not (np.isfinite(times).all() and np.isfinite(values).all()):
            yield "times and values must be finite numbers"
        elif not (np.diff(times) > 0).all():
            yield "times must increase"
        if self.rule not in RULES and (times.size > 1 or self.rule is not None):
            yield f"changes over time, so its rule must say how: {STATE_A_RULE}; found {self.rule!r:.40}"

    def steps(self, instant: float) -> tuple[np.ndarray, np.ndarray]:
        """When the value changes, (change,), and the values before, between and behind these, (change + 1,).

        A recorded value holds at its own time whatever the rule is: all changes are an ``instant`` away from it, those
        to a value before its time, those from a value behind it.
        """
        times, values = np.asarray(self.times, dtype=float), np.asarray(self.values, dtype=float)
        if times.size == 1 or self.rule == "last":
            return times[1:] - instant, values
        if self.rule == "next":
            return times[:-1] + instant, values
        inner = times[:-1, None] + np.diff(times)[:, None] * np.arange(1, PARTS) / PARTS
        changes = np.column_stack([times[:-1] + instant, inner, times[1:] - instant]).ravel()
        middles = values[:-1, None] + np.diff(values)[:, None] * (np.arange(PARTS) + 0.5) / PARTS
        return changes, np.append(np.column_stack([values[:-1], middles]).ravel(), values[-1])

    def at(self, times: np.ndarray, instant: float) -> np.ndarray:
        """The values in use at some times, (time,), which are none of the changes; see `steps`."""
        changes, values = self.steps(instant)
        return values[np.searchsorted(changes, times)]
