"""True values of virtual patients, and what studies observe of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinetics.measures.returns import first_return
from kinetics.observation.distribution import ObservedDistribution
from kinetics.observation.observed_counts import ObservedCounts
from kinetics.observation.observed_times import ObservedTimes, first_observed_return, visit_days

TINY = 1e-12
"""A true value counts as at least this, in the unit of the model, so that its logarithm is finite."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


@dataclass(frozen=True, eq=False)
class PopulationValues:
    """The virtual patients of one simulation.

    ``values``, (patient, time, output), are in the model's units, complex to carry a derivative; ``times``, (time,), in
    the model's time; ``outputs`` are names.
    """

    times: np.ndarray
    outputs: Sequence[str]
    values: np.ndarray
    _known: dict[Any, ObservedDistribution] = field(default_factory=dict, init=False, repr=False)

    def log(self, output: str, times: np.ndarray) -> np.ndarray:
        """Logarithms of an output at some of the times, (patient, time)."""
        column = self.values[:, np.searchsorted(self.times, times), self.outputs.index(output)]
        return np.log(np.where(np.real(column) > TINY, column, TINY))

    def measured(self, noise: Sequence[float], generator: np.random.Generator) -> PopulationValues:
        """The same patients as measured once at each time, with a standard deviation of the logarithm an output."""
        normal = generator.standard_normal(self.values.shape)
        return PopulationValues(self.times, self.outputs, self.values * np.exp(np.asarray(noise) * normal))

    def once(self, key: Any, make: Callable[[], ObservedDistribution]) -> ObservedDistribution:
        """What is observed, the same object for rows of the same recovery."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]


@dataclass(frozen=True)
class CountProbe:
    r"""An output at a time, or its ratio to another output or to its value before treatment.

    ``time`` is the model's. ``over`` has output and time of what it is divided by; that is another measurement, with
    noise of its own. ``factor`` leads from the units of the model to that of the row. ``noise`` is of the measurements
    together, :math:`\sqrt{\sigma_1^2 + \sigma_2^2}` for a ratio; ``limit`` is that of quantification in the unit of the
    row, 0 for a ratio.
    """

    output: str
    time: float
    over: tuple[str, float] | None
    factor: float
    noise: float
    limit: float

    def needs(self) -> Mapping[str, np.ndarray]:
        """Times at which outputs are needed, by output."""
        times: dict[str, list[float]] = {self.output: [self.time]}
        if self.over is not None:
            times.setdefault(self.over[0], []).append(self.over[1])
        return {name: np.array(at) for name, at in times.items()}

    def observed(self, population: PopulationValues) -> ObservedCounts:
        """What one measurement of each patient shows."""
        location = population.log(self.output, np.array([self.time]))[:, 0]
        if self.over is not None:
            location = location - population.log(self.over[0], np.array([self.over[1]]))[:, 0]
        return ObservedCounts(location + np.log(self.factor), self.noise, self.limit)

    def sample(self, measured: PopulationValues, generator: np.random.Generator) -> np.ndarray:
        """What is reported of each measured patient, (patient,), in the unit of the row."""
        return np.maximum(np.exp(self.observed(measured).location), self.limit)


@dataclass(frozen=True)
class RecoveryProbe:
    """The visit that is the first to show an output back at a level.

    ``visits`` are after the first dose, which is at ``start``, within the first course's window, in the model's time.
    The ``level`` is in the unit of the output or, ``of_baseline``, a share of the patient's own value before treatment,
    as measured. ``factor`` leads from the model's time to the unit of the row; ``noise`` is of each measurement;
    ``window`` is that of the visits, in the unit of the row. What is reported is the scheduled time of the visit if
    ``scheduled``, as for a share of patients back by a time, else its day.
    """

    output: str
    visits: tuple[float, ...]
    start: float
    level: float
    of_baseline: bool
    factor: float
    noise: float
    window: float = np.inf
    scheduled: bool = field(default=False, compare=False)  # rows of one recovery are of one distribution

    def needs(self) -> Mapping[str, np.ndarray]:
        """Times at which outputs are needed, by output."""
        return {self.output: np.array([0.0] * self.of_baseline + list(self.visits))}

    def observed(self, population: PopulationValues) -> ObservedDistribution:
        """When visits show the return of each patient."""
        return population.once(self, lambda: self._returns(population))

    def sample(self, measured: PopulationValues, generator: np.random.Generator) -> np.ndarray:
        """When the return of each measured patient is observed, (patient,), in the unit of the row.

        Infinite for one who does not return, NaN for one who is never below.
        """
        values = measured.log(self.output, np.array(self.visits))
        returns = first_return(values, self._log_level(measured)[:, None])
        scheduled, share = returns.times(self._times), generator.random(len(values))
        return scheduled if self.scheduled else visit_days(scheduled, self._times, self.window, share)

    def _returns(self, population: PopulationValues) -> ObservedTimes:
        location, level = population.log(self.output, np.array(self.visits)), self._log_level(population)
        if not self.of_baseline:
            return first_observed_return(self._times, location, level, self.noise, self.window)
        # the measurement before treatment has its own noise, the same for all visits of a patient
        at_nodes = [
            first_observed_return(self._times, location, level + self.noise * node, self.noise) for node in _NODES
        ]
        weights = _WEIGHTS / _WEIGHTS.sum()
        total = sum(weight * each.probabilities for weight, each in zip(weights, at_nodes, strict=True))
        return ObservedTimes(self._times, np.asarray(total), self.window)

    @property
    def _times(self) -> np.ndarray:
        """Of the visits from the first dose, (visit,), in the unit of the row."""
        return (np.array(self.visits) - self.start) * self.factor

    def _log_level(self, population: PopulationValues) -> np.ndarray:
        """The logarithm of the level of each patient, (patient,)."""
        if not self.of_baseline:
            return np.full(len(population.values), np.log(self.level))
        return population.log(self.output, np.array([0.0]))[:, 0] + np.log(self.level)


Probe = CountProbe | RecoveryProbe
