"""Predictions of a compiled model for many patients, each at doses and times of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.engines import Tolerances, batch
from kinetics.mixed_effects import Observations
from kinetics.regimen import Segments

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
    plans : sequence of Segments, (individual,)
        The doses of each.
    times : ndarray, (individual, time)
        The times at which each is observed, in order; the last is repeated.
    time, output : ndarray of int, (individual, observation)
        Which of these times, and which output of the model, an observation is of.
    """

    system: System
    typical: np.ndarray
    parameters: tuple[str, ...]
    plans: Sequence[Segments]
    times: np.ndarray
    time: np.ndarray
    output: np.ndarray
    tolerances: Tolerances = TOLERANCES

    @classmethod
    def of(
        cls,
        system: System,
        typical: np.ndarray,
        parameters: Sequence[str],
        plans: Sequence[Segments],
        observations: Observations,
    ) -> ModelPredictions:
        """Predictions of observations whose analytes are outputs of the model."""
        rows = [np.unique(times) for times in observations.times]
        size = max(row.size for row in rows)
        times = np.array([np.pad(row, (0, size - row.size), mode="edge") for row in rows])
        time = np.array([np.searchsorted(*pair) for pair in zip(rows, observations.times, strict=True)])
        outputs = np.array([system.outputs.index(name) for name in observations.analytes])
        return cls(system, typical, tuple(parameters), plans, times, time, outputs[observations.analyte])

    def predict(self, individuals: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at parameters, (lane, occasion, parameter); NaN where there is none."""
        values = np.empty((len(individuals), self.time.shape[1]))
        for lanes in _chunks(len(individuals)):
            of_lanes, table = individuals[lanes], self.table(parameters[lanes, 0])
            constants = self.system.constants_table(table)
            plans = [(plan, np.empty(0)) for plan in self.plans]
            result = batch.integrate_many(
                self.system, constants, plans, of_lanes, self.times, tolerances=self.tolerances
            )
            values[lanes] = _observed(result.outputs, self.time[of_lanes], self.output[of_lanes])
        return values

    def linearise(self, individuals: np.ndarray, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions, and their exact derivatives, (lane, observation, occasion, parameter)."""
        observed, output = np.unique(self.output, return_inverse=True)
        outputs, output = [self.system.outputs[index] for index in observed], output.reshape(self.output.shape)
        values = np.empty((len(individuals), self.time.shape[1]))
        slopes = np.empty((*values.shape, len(self.parameters)))
        for lanes in _chunks(len(individuals)):
            of_lanes, table = individuals[lanes], self.table(parameters[lanes, 0])
            result = batch.integrate_many_with_sensitivities(
                self.system, table, self.parameters, self.plans, of_lanes, self.times, outputs,
                tolerances=self.tolerances,
            )  # fmt: skip
            values[lanes] = _observed(result.outputs, self.time[of_lanes], output[of_lanes])
            slopes[lanes] = _observed(result.gradients, self.time[of_lanes], output[of_lanes])
        return values, slopes[:, :, None]

    def table(self, parameters: np.ndarray) -> np.ndarray:
        """All parameters of the model, (lane, parameter), where those that vary are these."""
        table = np.tile(self.typical, (len(parameters), 1))
        table[:, [self.system.parameters.index(name) for name in self.parameters]] = parameters
        return table


def _chunks(size: int) -> Iterator[slice]:
    return (slice(begin, begin + LANES_AT_ONCE) for begin in range(0, size, LANES_AT_ONCE))


def _observed(table: np.ndarray, time: np.ndarray, output: np.ndarray) -> np.ndarray:
    """What is observed, (lane, observation, ...), of a table (lane, time, output, ...)."""
    return table[np.arange(len(table))[:, None], time, output]
