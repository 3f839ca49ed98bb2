"""A parameter that follows a covariate over time: its values from one time to the next, by a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from kinetics.errors import Fault, InputError

CovariateRule: TypeAlias = Literal["next", "last", "linear"]
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

    Examples
    --------
    >>> TimedValues((0.0, 10.0), (70.0, 72.0)).at(np.array([-5.0, 4.0, 20.0]), "next")
    array([70., 72., 72.])
    """

    times: Sequence[float]
    values: Sequence[float]

    def faults(self) -> Iterator[str]:
        """What is wrong with them, in words."""
        times, values = np.asarray(self.times, dtype=float), np.asarray(self.values, dtype=float)
        if times.shape != values.shape or times.ndim != 1 or not times.size:
            yield f"needs as many times as values, one at least, found {times.size} and {values.size}"
        if not (np.isfinite(times).all() and np.isfinite(values).all()):
            yield "times and values must be finite numbers"
        elif not (np.diff(times) > 0).all():
            yield "times must increase"

    def breaks(self, rule: CovariateRule) -> np.ndarray:
        """When the value changes, increasing, in the unit of time."""
        times = np.asarray(self.times, dtype=float)
        if rule != "linear":
            return times[1:] if rule == "last" else times[:-1]
        shares = np.arange(PARTS) / PARTS
        return np.append((times[:-1, None] + np.diff(times)[:, None] * shares).ravel(), times[-1])

    def at(self, times: np.ndarray, rule: CovariateRule) -> np.ndarray:
        """The values in use at some times, (time,); a step of a linear change has the value of its middle."""
        own, values = np.asarray(self.times, dtype=float), np.asarray(self.values, dtype=float)
        if rule == "last":
            return values[np.clip(np.searchsorted(own, times, side="right") - 1, 0, None)]
        if rule == "next":
            return values[np.clip(np.searchsorted(own, times, side="left"), None, own.size - 1)]
        edges = self.breaks(rule)
        step = np.clip(np.searchsorted(edges, times, side="right"), 1, max(1, edges.size - 1))
        middles = 0.5 * (edges[step - 1] + edges[np.minimum(step, edges.size - 1)])
        inside = np.interp(middles, own, values)
        return np.where(times < own[0], values[0], np.where(times >= own[-1], values[-1], inside))


def check_rule(rule: str | None) -> None:
    """Refuse what is no rule for covariates; `InputError`."""
    if rule not in get_args(CovariateRule):
        message = (
            "covariates change over time, so say how: 'next' (next observation carried backward, as NONMEM does), "
            f"'last' (last observation carried forward) or 'linear', found {rule!r:.40}"
        )
        raise InputError(Fault(message, name="rule"))
