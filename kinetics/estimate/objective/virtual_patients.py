"""Virtual patients of a population fit: the same deviates at all parameters, so that the likelihood is smooth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import SPREAD
from kinetics.engines import Tolerances, batch
from kinetics.observation.population_values import PopulationValues
from kinetics.population.variability import Variability
from kinetics.published.arm import Arm, integrated_patients
from kinetics.regimen import Segments

TOLERANCES = Tolerances(relative=1e-6, absolute=1e-11)


@dataclass(frozen=True, eq=False)
class VirtualPatients:
    """The patients of an arm, and the outputs that are needed at times in the model's unit.

    ``deviates``, (patient, name), are of the parameters that vary. Methods take estimates by flat name, spreads by flat
    name with ``.spread``, and raise IntegrationError if too many patients cannot be simulated.
    """

    arm: Arm
    times: np.ndarray
    outputs: tuple[str, ...]
    deviates: np.ndarray

    @cached_property
    def _plan(self) -> Segments:
        return self.arm.segments(float(self.times[-1]) or 1.0)

    def simulate(self, estimates: Mapping[str, float]) -> PopulationValues:
        """True values at some estimates."""
        system, table = self.arm.system, self._at(estimates).table
        result = batch.integrate_many(
            system,
            system.constants_table(table),
            [(self._plan, np.array([0.0]))],
            np.zeros(len(table), dtype=int),
            self.times,
            tolerances=TOLERANCES,
        )
        columns = [system.outputs.index(name) for name in self.outputs]
        simulated = integrated_patients(result.reasons)
        return PopulationValues(self.times, self.outputs, result.outputs[simulated][:, :, columns])

    def simulate_with_derivatives(
        self, estimates: Mapping[str, float], names: Sequence[str]
    ) -> tuple[PopulationValues, list[np.ndarray]]:
        """The same with the derivatives by the logarithms of named estimates, each (patient, time, output)."""
        patients = self._at(estimates)
        individual = sorted({name.removesuffix(SPREAD) for name in names})
        result = batch.integrate_many_with_sensitivities(
            self.arm.system,
            patients.table,
            individual,
            [self._plan],
            np.zeros(len(patients.table), dtype=int),
            self.times,
            self.outputs,
            tolerances=TOLERANCES,
        )
        simulated, derivatives = integrated_patients(result.reasons), []
        for name in names:
            gradient = result.gradients[simulated][:, :, :, individual.index(name.removesuffix(SPREAD))]
            derivatives.append(gradient * patients.slope(name)[simulated, None, None])
        return PopulationValues(self.times, self.outputs, result.outputs[simulated]), derivatives

    def _at(self, estimates: Mapping[str, float]) -> _Patients:
        system, cohort = self.arm.system, self.arm.cohort.with_estimates(estimates)
        variability = Variability.of(system, cohort)
        typical = system.parameter_array(cohort.values)
        spreads = np.array([cohort.spreads.get(name, 0.0) for name in variability.names])
        table = variability.table(typical, spreads, self.deviates)
        by_typical, by_spread = variability.slopes(typical, spreads, self.deviates)
        return _Patients(cohort, variability, table, by_typical, by_spread)


@dataclass(frozen=True, eq=False)
class _Patients:
    """The parameters of patients, (patient, parameter), and their derivatives, each (patient, name)."""

    cohort: CohortParameters
    variability: Variability
    table: np.ndarray
    by_typical: np.ndarray
    by_spread: np.ndarray

    def slope(self, name: str) -> np.ndarray:
        """The derivative of each patient's own parameter by the logarithm of an estimate, (patient,)."""
        slope = np.full(len(self.table), self.cohort.estimable[name])
        parameter = name.removesuffix(SPREAD)
        if parameter in self.variability.names:
            index = self.variability.names.index(parameter)
            slope = slope * (self.by_spread if name.endswith(SPREAD) else self.by_typical)[:, index]
        return slope
