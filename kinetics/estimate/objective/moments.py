"""Published means and covariances of normal measurements: log likelihood, exact gradient and information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.fit_results import ERROR
from kinetics.errors import InputError, IntegrationError
from kinetics.estimate.objective.base import LikelihoodObjective, Linearised
from kinetics.estimate.objective.virtual_patients import VirtualPatients
from kinetics.estimate.problem.problem import FitProblem, targets_by_arm
from kinetics.observation.measurement_error import MeasurementError, Moments, measured_moments
from kinetics.population.quadrature import sparse_grid
from kinetics.population.variability import Variability
from kinetics.published import Arm, ArmMoments, MomentTarget, Target, arms_of_moments
from kinetics.published.likelihoods import PredictedSummary


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The nodes of a population, with their weights, (node,)."""

    patients: VirtualPatients
    weights: np.ndarray


class MomentsObjective(LikelihoodObjective):
    r"""The log posterior of summaries of normal measurements.

    The mean and the covariance of the measurements of a cohort are integrals over the deviates of its patients, by a
    sparse grid with the same nodes at all parameters. Derivatives of true values are exact sensitivities.
    """

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        fitted = [target for target in problem.fitted if isinstance(target, MomentTarget)]
        self._arms = [
            (nodes, [ArmMoments.of(group) for group in arms_of_moments(rows)]) for nodes, rows in self._nodes(fitted)
        ]

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """The log posterior, without gradient."""
        return self._likelihood(log_parameters, ()).log_likelihood + self.log_prior(log_parameters)

    def linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, computed anew."""
        return self._likelihood(log_parameters, names)

    def predicted(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> tuple[PredictedSummary, ...]:
        """What the population shows of each target, and where a study of its size lies."""
        of_moments = [target for target in targets if isinstance(target, MomentTarget)]
        summaries: dict[Target, PredictedSummary] = {}
        for nodes, rows in self._nodes(of_moments):
            values = self._simulated(nodes, log_parameters, ())
            for target in rows:
                at = [(one.output, one.time) for one in target.measurements]
                moments = self._moments(nodes, values, log_parameters, (), at)
                factors = np.array([one.factor for one in target.measurements])
                summaries[target] = target.predicted(
                    moments.mean * factors, moments.covariance * np.outer(factors, factors)
                )
        return tuple(summaries[target] for target in of_moments)

    def _likelihood(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        total, gradient = 0.0, np.zeros(len(names))
        errors, covariances, jacobians = [], [], []
        for nodes, groups in self._arms:
            values = self._simulated(nodes, log_parameters, names)
            for group in groups:
                moments, normal = self._moments(nodes, values, log_parameters, names, group.measurements), group.normal
                own = -0.5 * normal.minus_2_log_likelihood(moments.mean, moments.covariance)
                total += own
                if not np.isfinite(own):
                    continue
                gradient += normal.log_likelihood_gradient(*moments)
                error, jacobian = normal.whitened(*moments)
                errors.append(error)
                covariances.append(np.eye(error.size))
                jacobians.append(jacobian)
        return Linearised(total, gradient, errors, covariances, jacobians)

    def _simulated(
        self, nodes: _Nodes, log_parameters: np.ndarray, names: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """True values at the nodes, (node, time, output), and their derivatives, (name, node, time, output)."""
        estimates = self._estimates(log_parameters)
        of_patients = [name for name in names if not name.endswith(ERROR)]
        if not of_patients:
            values, along = nodes.patients.simulate(estimates).values, []
        else:
            population, along = nodes.patients.simulate_with_derivatives(estimates, of_patients)
            values = population.values
        if len(values) != len(nodes.weights):
            raise IntegrationError("a node of the quadrature cannot be simulated")
        slopes = np.zeros((len(names), *values.shape))
        for name, derivative in zip(of_patients, along, strict=True):
            slopes[list(names).index(name)] = derivative
        return values, slopes

    def _moments(
        self,
        nodes: _Nodes,
        simulated: tuple[np.ndarray, np.ndarray],
        log_parameters: np.ndarray,
        names: Sequence[str],
        measurements: Sequence[tuple[str, float]],
    ) -> Moments:
        """Moments of some measurements, in the units of the model, with derivatives by named estimates."""
        times = np.searchsorted(nodes.patients.times, [time for _, time in measurements])
        outputs = [nodes.patients.outputs.index(output) for output, _ in measurements]
        values, slopes = (part[..., times, outputs] for part in simulated)
        errors = self._errors(log_parameters)
        by_error = np.array([[name == output + ERROR for output, _ in measurements] for name in names], dtype=float)
        by_error = by_error.reshape(len(names), len(measurements))
        return measured_moments(values, slopes, nodes.weights, [errors[output] for output, _ in measurements], by_error)

    def _errors(self, log_parameters: np.ndarray) -> dict[str, MeasurementError]:
        """The error of each output: as estimated, or log-normal with the noise of the model."""
        errors = {
            name: MeasurementError("lognormal", output.noise)
            for name, output in self.problem.model.outputs.items()
            if output.noise is not None
        }
        for free, log_value in zip(self.problem.free, log_parameters, strict=True):
            if free.flat.endswith(ERROR):
                errors[free.of] = MeasurementError(free.kind, float(np.exp(log_value)))
        return errors

    def _nodes(self, targets: Sequence[MomentTarget]) -> list[tuple[_Nodes, list[MomentTarget]]]:
        """The nodes of each cohort under each regimen, with the targets that are of them."""
        return [(self._nodes_of(arm, rows), rows) for arm, rows in targets_by_arm(self.problem, targets).items()]

    def _nodes_of(self, arm: Arm, rows: Sequence[MomentTarget]) -> _Nodes:
        assert self.problem.population is not None
        measurements = [one for row in rows for one in row.measurements]
        variability = Variability.of(arm.system, arm.cohort.with_estimates(self._estimates(self.start)))
        if arm.cohort.shares:
            listed = ", ".join(arm.cohort.shares)
            raise InputError(f"{listed}: a quadrature needs parameters that vary continuously, not categories")
        nodes, weights = sparse_grid(len(variability.names), self.problem.population.patients)
        times = np.unique([one.time for one in measurements])
        outputs = tuple(dict.fromkeys(one.output for one in measurements))
        return _Nodes(VirtualPatients(arm, times, outputs, variability.correlated(nodes)), weights)
