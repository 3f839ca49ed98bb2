"""Published summaries under a simulated population: log posterior, exact gradient, and information."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinetics.estimate.objective.base import LikelihoodObjective, Linearised
from kinetics.estimate.objective.virtual_patients import VirtualPatients
from kinetics.estimate.problem.problem import FitProblem, targets_by_arm
from kinetics.observation.normal import STEP
from kinetics.observation.population_values import PopulationValues
from kinetics.population.variability import Variability
from kinetics.published import Arm, PopulationTarget, Target
from kinetics.published.likelihoods import PredictedSummary, covariance, log_likelihood


class PopulationObjective(LikelihoodObjective):
    r"""The log posterior of a population fit as a function of the logarithms of its free parameters.

    Simulated maximum likelihood (Gourieroux and Monfort 1996, Simulation-based Econometric Methods): the expectations
    in the likelihood of each summary are means over virtual patients :math:`p_s = g(\theta, \omega, z_s)`, whose
    deviates :math:`z_s` are the same at all parameters. Derivatives of the true values are exact sensitivities of the
    patients by their own parameters times :math:`\partial p_s/\partial(\theta, \omega)`; the summaries are
    differentiated by complex steps. Methods raise IntegrationError if too many patients cannot be simulated.
    """

    close = 5e-4  # a thirtieth of a standard error: an evaluation takes seconds

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        assert problem.population is not None
        self.population = problem.population
        self._arms = [(patients, studies_of(rows)) for patients, rows in self.arms(problem.fitted)]

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

    def linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, computed anew."""
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
        groups[row.arm].append(row)
    return list(groups.values())
