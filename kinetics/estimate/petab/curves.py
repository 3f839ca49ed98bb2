"""The observables of a PEtab problem along time, at given values: what a figure draws beside the measurements."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinetics.interop.petab.fitting import PetabFitProblem
from kinetics.interop.petab.problem.problem import Measurement

POINTS = 80
"""Of a curve, evenly in time, and as many evenly between the times of its measurements."""
MOST_POINTS = 20_000
"""Of all curves together; of very many each has fewer."""
MARGIN = 0.1
"""Of the span of its measurements, before the first: so early a curve begins, if the experiment has begun by then."""

Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Series:
    """Measurements of one observable in one experiment with the same placeholders: they lie about one curve.

    Parameters
    ----------
    problem : PetabFitProblem
        What is measured.
    """

    problem: PetabFitProblem

    @cached_property
    def keys(self) -> Mapping[Key, int]:
        """The number of each by observable, experiment and what replaces placeholders, in the order of the tables."""
        rows = self.problem.tables.measurements
        return {key: number for number, key in enumerate(dict.fromkeys(map(_key, rows)))}

    @property
    def numbers(self) -> np.ndarray:
        """That of each measurement, (measurement,)."""
        return np.array([self.keys[_key(row)] for row in self.problem.tables.measurements], dtype=int)

    def curves(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Their curves at values of what is estimated, one after the other.

        Parameters
        ----------
        values : ndarray, (parameter,)
            Not transformed.

        Returns
        -------
        tuple of ndarray, (point,)
            The number of the series, the time in that of the model, the observable. One that is measured at a single
            time, or in the steady state alone, has no curve.
        """
        problem, first = self.problem, dict[Key, Measurement]()
        for row in problem.tables.measurements:
            first.setdefault(_key(row), row)
        points = [
            (number, replace(first[key], time=float(time)))
            for key, number in self.keys.items()
            for time in self._times(key)
        ]
        if not points:
            return np.zeros(0, dtype=int), np.zeros(0), np.zeros(0)
        rows = tuple(row for _, row in points)
        found = problem.on_tables(replace(problem.tables, measurements=rows)).objective.at(values)
        return np.array([number for number, _ in points]), np.array([row.time for row in rows]), found.simulations

    def _times(self, key: Key) -> np.ndarray:
        times = self._measured[key[:2]]
        if times.size < 2:
            return np.zeros(0)
        periods = self.problem.tables.experiments[key[1]].periods
        starts = [period.start for period in periods if math.isfinite(period.start)]
        begin = max(min(starts, default=times[0]), times[0] - MARGIN * (times[-1] - times[0]))
        number = min(POINTS, max(MOST_POINTS // len(self.keys), 2))
        even = np.linspace(min(begin, times[0]), times[-1], number)
        # times of measurements are close where much happens
        between = np.interp(np.linspace(0, times.size - 1, number), np.arange(times.size), times)
        return np.unique(np.concatenate([even, between, times]))

    @cached_property
    def _measured(self) -> dict[tuple[str, str], np.ndarray]:
        """The finite times of each observable in each experiment, in order."""
        times: dict[tuple[str, str], set[float]] = {}
        for row in self.problem.tables.measurements:
            own = times.setdefault((row.observable, row.experiment), set())
            if math.isfinite(row.time):
                own.add(row.time)
        return {key: np.array(sorted(own)) for key, own in times.items()}


def _key(row: Measurement) -> Key:
    return row.observable, row.experiment, row.overrides
