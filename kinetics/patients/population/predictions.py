"""Predictions of a compiled model for many patients, each at doses and times of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.engines import Tolerances
from kinetics.engines.dosing import integrate_histories
from kinetics.mixed_effects import Observations
from kinetics.regimen.episode_arrays import Histories

TOLERANCES = Tolerances(relative=1e-6, absolute=1e-11)
LANES_AT_ONCE = 8192
"""Patients of one call of the engine: their trajectories are in memory together."""


@dataclass(frozen=True, eq=False)
class ModelPredictions:
    """The `StructuralModel` of a compiled model.

    Parameters
    ----------
    system : System
        The compiled model.
    typical : ndarray, (parameter,)
        All parameters, for those that do not vary between patients.
    parameters : tuple of str
        The flat names of those that do.
    histories : Histories
        The doses of each individual, and the times at which it is observed.
    outputs : tuple of str
        The outputs that are observed.
    output, count : ndarray of int, (individual, observation) and (individual,)
        Which of these an observation is of, and how many observations there are; the rest is padding.
    """

    system: System
    typical: np.ndarray
    parameters: tuple[str, ...]
    histories: Histories
    outputs: tuple[str, ...]
    output: np.ndarray
    count: np.ndarray
    tolerances: Tolerances = TOLERANCES

    @classmethod
    def of(
        cls,
        system: System,
        typical: np.ndarray,
        parameters: Sequence[str],
        histories: Histories,
        observations: Observations,
    ) -> ModelPredictions:
        """Predictions of observations whose analytes are outputs of the model."""
        count = observations.present.sum(axis=1)
        analytes, output = observations.analytes, observations.analyte
        return cls(system, typical, tuple(parameters), histories, analytes, output, count)

    def predict(self, individuals: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at parameters, (lane, occasion, parameter); NaN where there is none."""
        values = np.empty((len(individuals), self.output.shape[1]))
        for lanes in _chunks(parameters):
            values[lanes] = self._integrated(individuals[lanes], parameters[lanes], ())[0]
        return values

    def linearise(self, individuals: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions, and their exact derivatives, (lane, observation, occasion, parameter)."""
        values = np.empty((len(individuals), self.output.shape[1]))
        slopes = np.empty((*values.shape, *parameters.shape[1:]))
        for lanes in _chunks(parameters):
            values[lanes], slopes[lanes] = self._integrated(individuals[lanes], parameters[lanes], self.parameters)
        return values, slopes

    def _integrated(
        self, individuals: np.ndarray, parameters: np.ndarray, names: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predictions of lanes, and their derivatives by some names."""
        histories, table = self.histories.take(individuals), self.table(parameters)
        result = integrate_histories(self.system, histories, table, self.outputs, names, tolerances=self.tolerances)
        output, count = self.output[individuals], self.count[individuals]
        return _observed(result.outputs, output, count), _observed(result.gradients, output, count)

    def table(self, parameters: np.ndarray) -> np.ndarray:
        """All parameters of the model, (lane, occasion, parameter), where those that vary are these."""
        table = np.tile(self.typical, (*parameters.shape[:2], 1))
        table[..., [self.system.parameters.index(name) for name in self.parameters]] = parameters
        return table


def _chunks(parameters: np.ndarray) -> Iterator[slice]:
    """Lanes that are integrated together, of (lane, occasion, parameter); each has an episode an occasion at least."""
    step = max(1, LANES_AT_ONCE // parameters.shape[1])
    return (slice(begin, begin + step) for begin in range(0, len(parameters), step))


def _observed(table: np.ndarray, output: np.ndarray, count: np.ndarray) -> np.ndarray:
    """What is observed, (lane, observation, ...), of a table (lane, observation, output, ...); padding is finite."""
    if not table.shape[1]:
        return np.zeros((*output.shape, *table.shape[3:]))
    last = np.maximum(count, 1)[:, None] - 1
    observed = table[np.arange(len(table))[:, None], np.minimum(np.arange(output.shape[1]), last), output]
    observed[count == 0] = 0.0
    return observed
