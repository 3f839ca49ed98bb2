"""Virtual patients of a population fit: the same deviates at all parameters, so that the likelihood is smooth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import SPREAD
from kinetics.compile import System
from kinetics.engines import Tolerances, batch
from kinetics.errors import IntegrationError
from kinetics.observation.population_values import PopulationValues
from kinetics.population.variability import Variability
from kinetics.regimen import Segments

__all__ = ["TOLERANCES", "Arm"]

TOLERANCES = Tolerances(relative=1e-6, absolute=1e-11)

MOST_LOST = 0.05
"""More patients than this share that cannot be, or cannot be integrated, are no population."""


@dataclass(frozen=True, eq=False)
class Arm:
    """The patients of one cohort under one regimen.

    Parameters
    ----------
    system : System
        The compiled model.
    cohort : CohortParameters
        Everything that is held.
    plan : Segments
        What they are given.
    times : ndarray, (time,)
        When outputs are needed, in the model's time.
    outputs : tuple of str
        Which.
    deviates : ndarray, (patient, name)
        Of the parameters that vary.
    """

    system: System
    cohort: CohortParameters
    plan: Segments
    times: np.ndarray
    outputs: tuple[str, ...]
    deviates: np.ndarray

    def view(self, estimates: Mapping[str, float]) -> PopulationValues:
        """True values at some estimates.

        Parameters
        ----------
        estimates : mapping of str to float
            Values by flat name, and spreads by flat name with ``.spread``.

        Raises
        ------
        IntegrationError
            If too many patients cannot be, or cannot be integrated.
        """
        _, _, table, _, _ = self._patients(estimates)
        start = np.array([0.0])
        result = batch.integrate_many(
            self.system,
            self.system.constants_table(table),
            [(self.plan, start)],
            np.zeros(len(table), dtype=int),
            self.times,
            tolerances=TOLERANCES,
        )
        columns = [self.system.outputs.index(name) for name in self.outputs]
        kept = _kept(result.reasons)
        return PopulationValues(self.times, self.outputs, result.outputs[kept][:, :, columns])

    def view_with_directions(
        self, estimates: Mapping[str, float], names: Sequence[str]
    ) -> tuple[PopulationValues, list[np.ndarray]]:
        """The same with the derivatives by the logarithms of named estimates, each (patient, time, output)."""
        cohort, variability, table, by_typical, by_spread = self._patients(estimates)
        individual = sorted({name.removesuffix(SPREAD) for name in names})
        result = batch.integrate_many_with_sensitivities(
            self.system, table, individual, self.plan, self.times, self.outputs, tolerances=TOLERANCES
        )
        kept, directions = _kept(result.reasons), []
        for name in names:
            parameter = name.removesuffix(SPREAD)
            slope = np.full(len(table), cohort.estimable[name])
            if parameter in variability.names:
                index = variability.names.index(parameter)
                slope = slope * (by_spread if name.endswith(SPREAD) else by_typical)[:, index]
            gradient = result.gradients[kept][:, :, :, individual.index(parameter)]
            directions.append(gradient * slope[kept, None, None])
        return PopulationValues(self.times, self.outputs, result.outputs[kept]), directions

    def _patients(
        self, estimates: Mapping[str, float]
    ) -> tuple[CohortParameters, Variability, np.ndarray, np.ndarray, np.ndarray]:
        """The cohort, how it varies, the parameters of patients, and their derivatives."""
        cohort = self.cohort.with_estimates(estimates)
        variability = Variability.of(self.system, cohort)
        typical = self.system.parameter_array(cohort.values)
        spreads = np.array([cohort.spreads.get(name, 0.0) for name in variability.names])
        table = variability.table(typical, spreads, self.deviates)
        return cohort, variability, table, *variability.slopes(typical, spreads, self.deviates)


def _kept(reasons: Sequence[str]) -> np.ndarray:
    """Who could be integrated, (patient,)."""
    kept = np.array([not reason for reason in reasons])
    if kept.mean() < 1 - MOST_LOST:
        first = next(reason for reason in reasons if reason)
        raise IntegrationError(f"{int((~kept).sum())} of {kept.size} virtual patients cannot be simulated; {first}")
    return kept
