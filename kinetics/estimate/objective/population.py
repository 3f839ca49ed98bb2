"""Published summaries under a simulated population: log posterior, exact gradient, and information."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinetics.estimate.objective.base import BaseObjective, Residuals
from kinetics.estimate.objective.virtual_patients import VirtualPatients
from kinetics.estimate.problem.problem import FitProblem, targets_by_arm
from kinetics.observation.normal import STEP
from kinetics.observation.population_values import PopulationValues
from kinetics.population.variability import Variability
from kinetics.published import Arm, PopulationTarget, Target
from kinetics.published.likelihoods import PredictedSummary, covariance, log_likelihood


@dataclass(frozen=True, eq=False)
class Linearised:
    """The likelihood of all fitted rows about a point.

    ``gradient``, (name,), are its derivatives by the logarithms of named estimates. One array a study: ``errors``,
    (number,), published minus expected; their ``covariances``, (number, number); their ``jacobians``, (number, name).
    """

    log_likelihood: float
    gradient: np.ndarray
    errors: list[np.ndarray]
    covariances: list[np.ndarray]
    jacobians: list[np.ndarray]


class PopulationObjective(BaseObjective):
    r"""The log posterior of a population fit as a function of the logarithms of its free parameters.

    Simulated maximum likelihood (Gourieroux and Monfort 1996, Simulation-based Econometric Methods): the expectations
    in the likelihood of each summary are means over virtual patients :math:`p_s = g(\theta, \omega, z_s)`, whose
    deviates :math:`z_s` are the same at all parameters. Derivatives of the true values are exact sensitivities of the
    patients by their own parameters times :math:`\partial p_s/\partial(\theta, \omega)`; the summaries are
    differentiated by complex steps. Methods raise IntegrationError if too many patients cannot be simulated.
    """

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        assert problem.population is not None
        self.population = problem.population
        self._arms = [(patients, studies_of(rows)) for patients, rows in self.arms(problem.fitted)]
        self.evaluations: dict[bytes, Linearised] = {}
        """What was computed before, by the bytes of the logarithms: a repeated search takes it from here."""
        self.on_evaluation: Callable[[bytes, Linearised], None] = lambda key, evaluation: None
        """Called with what is computed anew."""

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """The log posterior, without gradient."""
        estimates = self._estimates(log_parameters)
        simulated = [(patients.simulate(estimates), studies) for patients, studies in self._arms]
        total = sum(
            study.log_likelihood
            for values, studies in simulated
            for rows in studies
            for study in self._study([values], rows)
        )
        return float(np.real(total)) + self.log_prior(log_parameters)

    def linearised(self, log_parameters: np.ndarray, names: Sequence[str] | None = None) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, by default the free ones."""
        if names is not None and list(names) != self.names:
            return self._linearise(log_parameters, names)
        key = log_parameters.tobytes()
        if key not in self.evaluations:
            self.evaluations[key] = self._linearise(log_parameters, self.names)
            self.on_evaluation(key, self.evaluations[key])
        return self.evaluations[key]

    def best(self) -> np.ndarray:
        """The parameters, (parameter,), of the largest log posterior that was computed."""
        heights = {
            key: evaluation.log_likelihood + self.log_prior(np.frombuffer(key))
            for key, evaluation in self.evaluations.items()
        }
        return np.exp(np.frombuffer(max(heights, key=heights.__getitem__)))

    def rows(self, log_parameters: np.ndarray, names: Sequence[str]) -> Residuals:
        """Errors in units of their standard errors, independent, with derivatives by named estimates."""
        at = self.linearised(log_parameters, names)
        errors, jacobians = [], []
        for error, joint, jacobian in zip(at.errors, at.covariances, at.jacobians, strict=True):
            root = np.linalg.cholesky(joint)
            errors.append(np.linalg.solve(root, error))
            jacobians.append(np.linalg.solve(root, jacobian))
        return Residuals(np.concatenate(errors), np.vstack(jacobians))

    def predicted(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> tuple[PredictedSummary, ...]:
        """What the population shows of each target."""
        summaries = {
            row: row.predicted(values) for values, rows in self.simulated(log_parameters, targets) for row in rows
        }
        return tuple(summaries[target] for target in targets if isinstance(target, PopulationTarget))

    def simulated(
        self, log_parameters: np.ndarray, targets: Sequence[Target]
    ) -> list[tuple[PopulationValues, list[PopulationTarget]]]:
        """True values of the virtual patients of each arm, with the targets that are of them."""
        estimates = self._estimates(log_parameters)
        return [(patients.simulate(estimates), rows) for patients, rows in self.arms(targets)]

    def arms(self, targets: Sequence[Target]) -> list[tuple[VirtualPatients, list[PopulationTarget]]]:
        """The virtual patients that targets need, each with its targets."""
        of_population = [target for target in targets if isinstance(target, PopulationTarget)]
        return [(self._patients(arm, rows), rows) for arm, rows in targets_by_arm(self.problem, of_population).items()]

    def _linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        estimates, total, gradient = self._estimates(log_parameters), 0.0, np.zeros(len(names))
        errors, covariances, jacobians = [], [], []
        for patients, studies in self._arms:
            values, derivatives = patients.simulate_with_derivatives(estimates, names)
            moved = [replace(values, values=values.values + 1j * STEP * along) for along in derivatives]
            for study in studies:
                at, *beside = self._study([values, *moved], study)
                total += float(np.real(at.log_likelihood))
                errors.append(at.error)
                covariances.append(at.covariance)
                gradient += [np.imag(one.log_likelihood) / STEP for one in beside]
                jacobians.append(np.stack([np.imag(one.error) / STEP for one in beside], axis=1))
        return Linearised(total, gradient, errors, covariances, jacobians)

    def _study(self, populations: Sequence[PopulationValues], study: Sequence[PopulationTarget]) -> list[_Study]:
        """A study in each of some populations: row by row, as what these share of a row is computed once."""
        independent, studies = self.population.correlation == "none", []
        rows = [[(target.summary, target.observed(values)) for values in populations] for target in study]
        evaluated = [[summary.evaluate(observed) for summary, observed in row] for row in rows]
        for of_rows, evaluations in zip(zip(*rows, strict=True), zip(*evaluated, strict=True), strict=True):
            joint = covariance(of_rows, evaluations, independent=independent)
            error = np.concatenate([one.error for one in evaluations])
            studies.append(_Study(error, joint, log_likelihood(evaluations, None if independent else joint)))
        return studies

    def _patients(self, arm: Arm, rows: Sequence[PopulationTarget]) -> VirtualPatients:
        needs = [item for row in rows for item in row.probe.needs().items()]
        times = np.unique(np.concatenate([at for _, at in needs]))
        outputs = tuple(dict.fromkeys(name for name, _ in needs))
        own = arm.cohort.with_estimates(self._estimates(self.start))
        deviates = Variability.of(arm.system, own).deviates(
            self.population.patients, self.problem.seed, sampling=self.population.sampling
        )
        return VirtualPatients(arm, times, outputs, deviates)


@dataclass(frozen=True, eq=False)
class _Study:
    """The rows of one study in a population: errors (number,), their covariance, and their likelihood together."""

    error: np.ndarray
    covariance: np.ndarray
    log_likelihood: complex


def studies_of(rows: Sequence[PopulationTarget]) -> list[list[PopulationTarget]]:
    """Rows of the same patients together."""
    groups: dict[tuple[str, ...], list[PopulationTarget]] = defaultdict(list)
    for row in rows:
        groups[row.study].append(row)
    return list(groups.values())
