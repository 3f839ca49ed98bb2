"""The model against the published rows: residuals and priors with their exact Jacobian, in logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from kinetics.cohorts.fit_results import is_typical
from kinetics.engines import Tolerances, batch, events, scipy, sensitivity
from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import BaseObjective, Residuals
from kinetics.estimate.problem.problem import FitProblem, targets_by_arm
from kinetics.published import Arm, Target, TypicalTarget
from kinetics.regimen import Segments

_INTEGRATORS = {
    "batch": (batch.integrate, batch.integrate_with_sensitivities),
    "scipy": (scipy.integrate, sensitivity.integrate_with_sensitivities),
}
TOLERANCES = Tolerances(relative=1e-8, absolute=1e-12)


@dataclass(frozen=True, eq=False)
class _Simulation:
    """The typical patient of an arm for as long as its targets need."""

    arm: Arm
    plan: Segments
    until: float
    targets: list[TypicalTarget]


class Objective(BaseObjective):
    """Residuals of a fit problem as a function of the logarithms of its free parameters.

    Methods raise IntegrationError if the model cannot be integrated, or a derived quantity is below its minimum.
    """

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        engine = "scipy" if problem.engine == "scipy" else "batch"
        self._integrate, self._with_sensitivities = _INTEGRATORS[engine]
        if problem.model.events:
            self._integrate = partial(events.integrate_patient, engine)
            self._with_sensitivities = partial(events.integrate_with_sensitivities, engine)
        self._row = {target: row for row, target in enumerate(_typical(problem.fitted))}
        self._fitted = self._simulations(list(self._row))

    def values(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> np.ndarray:
        """The model's counterpart of each target in the row's unit, (target,).

        Infinite if a threshold is not reached again, NaN if the output is never below it.
        """
        values: dict[Target, float] = {}
        for one in self._simulations(_typical(targets)):
            constants = self.problem.system.constants(self._parameters(log_parameters, one.arm))
            trajectory = self._integrate(self.problem.system, constants, one.plan, tolerances=TOLERANCES)
            values |= {target: target.value(trajectory, one.until) for target in one.targets}
        return np.array([values[target] for target in targets], dtype=float)

    def rows(self, log_parameters: np.ndarray, names: Sequence[str]) -> Residuals:
        """Residuals of the fitted rows, with derivatives by the logarithms of named parameters.

        A typical patient has no spread: the derivatives by one are zero.
        """
        system = self.problem.system
        columns = [column for column, name in enumerate(names) if is_typical(name)]
        typical = [names[column] for column in columns]
        indices = [system.parameters.index(name) for name in typical]
        residual, jacobian = np.empty(len(self._row)), np.zeros((len(self._row), len(names)))
        for one in self._fitted:
            parameters = self._parameters(log_parameters, one.arm)
            trajectory = self._with_sensitivities(system, parameters, typical, one.plan, tolerances=TOLERANCES)
            for target in one.targets:
                row = self._row[target]
                residual[row], gradient = target.residual(trajectory, one.until)
                jacobian[row, columns] = gradient * parameters[indices]
        return Residuals(residual, jacobian)

    def with_gradients(
        self, log_parameters: np.ndarray, targets: Sequence[Target], names: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The model's counterpart of each target, (target,), and derivatives by named parameters, (target, name)."""
        found: dict[Target, tuple[float, np.ndarray]] = {}
        for one in self._simulations(_typical(targets)):
            parameters = self._parameters(log_parameters, one.arm)
            trajectory = self._with_sensitivities(
                self.problem.system, parameters, names, one.plan, tolerances=TOLERANCES
            )
            found |= {target: target.quantity.with_gradient(trajectory, one.until) for target in one.targets}
        factors = [target.factor for target in targets if isinstance(target, TypicalTarget)]
        values, gradients = zip(*(found[target] for target in targets), strict=True)
        return np.array(values) * factors, np.array(gradients) * np.array(factors)[:, None]

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """Minus half the sum of squared residuals, priors among them: the log posterior without its constant."""
        residual = self.rows(log_parameters, ()).values
        return self.log_prior(log_parameters) - 0.5 * float(residual @ residual)

    def _simulations(self, targets: Sequence[TypicalTarget]) -> list[_Simulation]:
        simulations = []
        for arm, same in targets_by_arm(self.problem, targets).items():
            until = max(target.horizon() for target in same) or 1.0
            simulations.append(_Simulation(arm, arm.segments(until), until, same))
        return simulations

    def _parameters(self, log_parameters: np.ndarray, arm: Arm) -> np.ndarray:
        """All parameters of an arm, (parameter,), checked against the minima of the model."""
        system = self.problem.system
        estimates = {name: value for name, value in self._estimates(log_parameters).items() if is_typical(name)}
        parameters = system.parameter_array({**arm.cohort.values, **estimates})
        if reason := system.impossible(system.constants(parameters)):
            raise IntegrationError(reason)
        return parameters


def _typical(targets: Sequence[Target]) -> list[TypicalTarget]:
    return [target for target in targets if isinstance(target, TypicalTarget)]
