"""The model against the published rows: residuals, priors and their exact Jacobian in the logarithms of the free parameters."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from kinetics.engines.scipy import Tolerances
from kinetics.engines.sensitivity import integrate_with_sensitivities
from kinetics.estimate.problem import FitProblem
from kinetics.regimen import segments
from kinetics.targets import Target

__all__ = ["Evaluation", "Objective"]

TOLERANCES = Tolerances(relative=1e-8, absolute=1e-12)


@dataclass(frozen=True)
class Evaluation:
    """The model at one set of parameters.

    Parameters
    ----------
    values : ndarray, (target,)
        The model's counterpart of each target, in the row's unit; infinite if a threshold is not reached again.
    gradients : ndarray, (target, parameter)
        Derivatives by the parameters that were differentiated by, in their own units.
    """

    values: np.ndarray
    gradients: np.ndarray


class Objective:
    """Residuals of a fit problem as a function of the logarithms of its free parameters.

    Parameters
    ----------
    problem : FitProblem
        What is fitted.
    """

    def __init__(self, problem: FitProblem) -> None:
        self.problem = problem
        self.names = [free.flat for free in problem.free]
        self.start = np.log([free.start for free in problem.free])
        self.lower = np.log([free.lower for free in problem.free])
        self.upper = np.log([free.upper for free in problem.free])
        self.with_prior = np.array([free.log_sd is not None for free in problem.free])
        self.prior_sd = np.array([free.log_sd if free.log_sd is not None else math.inf for free in problem.free])
        self._fixed = {name: problem.cohort(name).values for name in {t.row.cohort for t in problem.targets}}
        self.evaluations = 0

    def fixed_value(self, flat: str) -> float:
        """The value at which a parameter that is not free is held."""
        return next(iter(self._fixed.values()))[flat]

    def evaluate(
        self, log_parameters: np.ndarray, targets: tuple[Target, ...], names: list[str] | None = None
    ) -> Evaluation:
        """The targets at given parameters, and their derivatives by ``names`` (the free parameters by default)."""
        names = self.names if names is None else names
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, target in enumerate(targets):
            groups[target.row.cohort, target.row.regimen].append(index)
        values, gradients = np.empty(len(targets)), np.empty((len(targets), len(names)))
        system = self.problem.system
        for (cohort, _), indices in groups.items():
            first = targets[indices[0]]
            until = max(targets[index].quantity.horizon() for index in indices) or 1.0
            free = dict(zip(self.names, np.exp(log_parameters), strict=True))
            parameters = system.parameter_array({**self._fixed[cohort], **free})
            doses = {name: dose.unit for name, dose in self.problem.model.doses.items()}
            plan = segments(first.regimen, doses, self.problem.model.time, until)
            trajectory = integrate_with_sensitivities(system, parameters, names, plan, tolerances=TOLERANCES)
            for index in indices:
                values[index], gradients[index] = targets[index].value(trajectory, until)
        self.evaluations += 1
        return Evaluation(values, gradients)

    def residuals(self, log_parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals of the fitted rows then of the priors, (residual,), and their Jacobian, (residual, parameter)."""
        targets = self.problem.fitted
        evaluation = self.evaluate(log_parameters, targets)
        rows = [
            target.residual(value, gradient)
            for target, value, gradient in zip(targets, evaluation.values, evaluation.gradients, strict=True)
        ]
        residual = np.array([row[0] for row in rows])
        jacobian = np.array([row[1] for row in rows]) * np.exp(log_parameters)
        prior = ((log_parameters - self.start) / self.prior_sd)[self.with_prior]
        prior_jacobian = np.diag(1 / self.prior_sd)[self.with_prior]
        return np.concatenate([residual, prior]), np.vstack([jacobian, prior_jacobian])
