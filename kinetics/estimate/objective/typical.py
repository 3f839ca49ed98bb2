"""The model against the published rows: residuals and priors with their exact Jacobian, in logarithms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.fit_results import SPREAD
from kinetics.engines import Tolerances, batch, scipy, sensitivity
from kinetics.errors import InputError, IntegrationError
from kinetics.estimate.objective.priors import Priors
from kinetics.estimate.problem.problem import FitProblem
from kinetics.published import Target, TypicalTarget
from kinetics.regimen import Segments, segments

__all__ = ["TOLERANCES", "Objective"]

_BATCH = (batch.integrate, batch.integrate_with_sensitivities)
ENGINES = {
    "auto": _BATCH,
    "batch": _BATCH,
    "scipy": (scipy.integrate, sensitivity.integrate_with_sensitivities),
}
TOLERANCES = Tolerances(relative=1e-8, absolute=1e-12)


@dataclass(frozen=True, eq=False)
class _Arm:
    """Rows of one cohort under one regimen: one simulation."""

    cohort: str
    plan: Segments
    until: float
    rows: list[int]


class Objective(Priors):
    """Residuals of a fit problem as a function of the logarithms of its free parameters.

    Parameters
    ----------
    problem : FitProblem
        What is fitted.

    Raises
    ------
    InputError
        If there is no such engine as the problem names.
    """

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        if problem.engine not in ENGINES:
            raise InputError(f"unknown engine '{problem.engine}'; there are {', '.join(ENGINES)}")
        self._integrate, self._with_sensitivities = ENGINES[problem.engine]
        cohorts = {target.row.cohort for target in problem.targets}
        self._fixed = {name: problem.cohort(name).values for name in cohorts}
        self._fitted = _typical(problem.fitted)
        self._fitted_arms = self._arms(self._fitted)

    def values(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> np.ndarray:
        """The model's counterpart of each target in the row's unit, (target,).

        Infinite if a threshold is not reached again, NaN if the output is never below it.

        Raises
        ------
        IntegrationError
            If the model cannot be integrated, or a derived quantity is below its minimum.
        """
        values, targets = np.empty(len(targets)), _typical(targets)
        for arm in self._arms(targets):
            constants = self.problem.system.constants(self._parameters(log_parameters, arm))
            trajectory = self._integrate(self.problem.system, constants, arm.plan, tolerances=TOLERANCES)
            for row in arm.rows:
                values[row] = targets[row].value(trajectory, arm.until)
        return values

    def rows(self, log_parameters: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Residuals of the fitted rows, (row,), and derivatives by the logarithms of named parameters, (row, name).

        A spread between patients is nothing to a typical one: its derivatives are zero.

        Raises
        ------
        IntegrationError
            If the model cannot be integrated, or a derived quantity is below its minimum.
        """
        system, targets = self.problem.system, self._fitted
        felt = [number for number, name in enumerate(names) if not name.endswith(SPREAD)]
        own = [names[number] for number in felt]
        columns = [system.parameters.index(name) for name in own]
        residual, jacobian = np.empty(len(targets)), np.zeros((len(targets), len(names)))
        for arm in self._fitted_arms:
            parameters = self._parameters(log_parameters, arm)
            trajectory = self._with_sensitivities(system, parameters, own, arm.plan, tolerances=TOLERANCES)
            for row in arm.rows:
                residual[row], gradient = targets[row].residual(trajectory, arm.until)
                jacobian[row, felt] = gradient * parameters[columns]
        return residual, jacobian

    def residuals(self, log_parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals of the fitted rows then of the priors, (residual,), and their Jacobian, (residual, parameter)."""
        return self.with_priors(log_parameters, *self.rows(log_parameters, self.names))

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """Minus half the sum of squared residuals, priors among them: the log posterior without its constant.

        Raises
        ------
        IntegrationError
            If the model cannot be integrated, or a derived quantity is below its minimum.
        """
        residual = self.rows(log_parameters, ())[0]
        return self.log_prior(log_parameters) - 0.5 * float(residual @ residual)

    def _arms(self, targets: Sequence[TypicalTarget]) -> list[_Arm]:
        model = self.problem.model
        doses = {name: dose.unit for name, dose in model.doses.items()}
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, target in enumerate(targets):
            groups[target.row.cohort, target.regimen.content_hash].append(index)
        arms = []
        for (cohort, _), indices in groups.items():
            until = max(targets[index].horizon() for index in indices) or 1.0
            plan = segments(targets[indices[0]].regimen, doses, model.time, until)
            arms.append(_Arm(cohort, plan, until, indices))
        return arms

    def _parameters(self, log_parameters: np.ndarray, arm: _Arm) -> np.ndarray:
        """All parameters of an arm, (parameter,), checked against the minima of the model."""
        system = self.problem.system
        free = dict(zip(self.names, np.exp(log_parameters), strict=True))
        parameters = system.parameter_array({**self._fixed[arm.cohort], **free})
        if reason := system.impossible(system.constants(parameters)):
            raise IntegrationError(reason)
        return parameters


def _typical(targets: Sequence[Target]) -> list[TypicalTarget]:
    return [target for target in targets if isinstance(target, TypicalTarget)]
