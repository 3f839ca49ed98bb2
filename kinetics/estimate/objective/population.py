"""Published summaries under a simulated population: log posterior, exact gradient, and information."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.estimate.objective.priors import Priors
from kinetics.estimate.objective.virtual_patients import Arm
from kinetics.estimate.problem.problem import FitProblem
from kinetics.observation.normal import STEP
from kinetics.observation.population_values import PopulationValues
from kinetics.population.variability import Variability
from kinetics.published import PopulationTarget, Target
from kinetics.published.likelihoods import Evaluation, PredictedSummary, covariance, log_likelihood
from kinetics.regimen import segments

__all__ = ["Linearised", "PopulationObjective", "studies_of"]

Studies = list[list[PopulationTarget]]


@dataclass(frozen=True, eq=False)
class Linearised:
    """The likelihood about a point.

    Parameters
    ----------
    log_likelihood : float
        Of all fitted rows.
    gradient : ndarray, (name,)
        Its derivatives by the logarithms of named estimates.
    errors : list of ndarray, (number,)
        Published minus expected, one array a study.
    covariances : list of ndarray, (number, number)
        Of the errors.
    jacobians : list of ndarray, (number, name)
        Derivatives of the errors.
    """

    log_likelihood: float
    gradient: np.ndarray
    errors: list[np.ndarray]
    covariances: list[np.ndarray]
    jacobians: list[np.ndarray]


class PopulationObjective(Priors):
    r"""The log posterior of a population fit as a function of the logarithms of its free parameters.

    Simulated maximum likelihood (Gourieroux and Monfort 1996, Simulation-based Econometric Methods): the expectations
    in the likelihood of each summary are means over virtual patients :math:`p_s = g(\theta, \omega, z_s)`, whose
    deviates :math:`z_s` are the same at all parameters. Derivatives of the true values are exact sensitivities of the
    patients by their own parameters times :math:`\partial p_s/\partial(\theta, \omega)`; the summaries are
    differentiated by complex steps.

    Parameters
    ----------
    problem : FitProblem
        With a population.
    """

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        assert problem.population is not None
        self.population = problem.population
        self._arms = [(arm, studies_of(rows)) for arm, rows in self.grouped(problem.fitted)]
        self.known: dict[bytes, Linearised] = {}
        """What was computed before, by the bytes of the logarithms: a search that is repeated finds it here."""
        self.found: Callable[[bytes, Linearised], None] = lambda key, one: None
        """Called with what is computed anew."""

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """The log posterior, without gradient.

        Raises
        ------
        IntegrationError
            If too many patients cannot be, or cannot be integrated.
        """
        estimates = self._estimates(log_parameters)
        views = [(arm.view(estimates), studies) for arm, studies in self._arms]
        total = sum(self._study(view, study)[1] for view, studies in views for study in studies)
        return float(np.real(total)) + self.log_prior(log_parameters)

    def linearised(self, log_parameters: np.ndarray, names: Sequence[str] | None = None) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, by default the free ones.

        Raises
        ------
        IntegrationError
            If too many patients cannot be, or cannot be integrated.
        """
        if names is not None and list(names) != self.names:
            return self._linearise(log_parameters, names)
        key = log_parameters.tobytes()
        if key not in self.known:
            self.known[key] = self._linearise(log_parameters, self.names)
            self.found(key, self.known[key])
        return self.known[key]

    def best(self) -> np.ndarray:
        """The parameters, (parameter,), of the largest log posterior that was computed."""
        points = {key: np.frombuffer(key) for key in self.known}
        return np.exp(points[max(points, key=lambda key: self.known[key].log_likelihood + self.log_prior(points[key]))])

    def rows(self, log_parameters: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Errors in units of their standard errors, independent, (number,), and derivatives, (number, name)."""
        found = self.linearised(log_parameters, names)
        errors, jacobians = [], []
        for error, joint, jacobian in zip(found.errors, found.covariances, found.jacobians, strict=True):
            root = np.linalg.cholesky(joint)
            errors.append(np.linalg.solve(root, error))
            jacobians.append(np.linalg.solve(root, jacobian))
        return np.concatenate(errors), np.vstack(jacobians)

    def residuals(self, log_parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`rows` by the free parameters, then the priors: J'J is the information."""
        return self.with_priors(log_parameters, *self.rows(log_parameters, self.names))

    def shown(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> tuple[PredictedSummary, ...]:
        """What the population shows of each target."""
        found = {row: row.predicted(view) for view, rows in self.views(log_parameters, targets) for row in rows}
        return tuple(found[target] for target in targets if isinstance(target, PopulationTarget))

    def views(
        self, log_parameters: np.ndarray, targets: Sequence[Target]
    ) -> list[tuple[PopulationValues, list[PopulationTarget]]]:
        """True values of the virtual patients, with the targets that are seen in them."""
        estimates = self._estimates(log_parameters)
        return [(arm.view(estimates), rows) for arm, rows in self.grouped(targets)]

    def _linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        estimates, total, gradient = self._estimates(log_parameters), 0.0, np.zeros(len(names))
        errors, covariances, jacobians = [], [], []
        for arm, studies in self._arms:
            view, directions = arm.view_with_directions(estimates, names)
            moved = [
                PopulationValues(view.times, view.outputs, view.values + 1j * STEP * along) for along in directions
            ]
            for study in studies:
                evaluations, value, joint = self._study(view, study)
                total += float(np.real(value))
                errors.append(_error(evaluations))
                covariances.append(joint)
                jacobian = np.empty((errors[-1].size, len(names)))
                for column, other in enumerate(moved):
                    evaluations, value, _ = self._study(other, study)
                    gradient[column] += np.imag(value) / STEP
                    jacobian[:, column] = np.imag(_error(evaluations)) / STEP
                jacobians.append(jacobian)
        return Linearised(total, gradient, errors, covariances, jacobians)

    def _study(
        self, view: PopulationValues, study: list[PopulationTarget]
    ) -> tuple[list[Evaluation], complex, np.ndarray]:
        """The rows of a study in a population: each, their likelihood together, and the covariance of their errors."""
        rows = [(target.summary, target.observed(view)) for target in study]
        evaluations = [summary.evaluate(seen) for summary, seen in rows]
        independent = self.population.correlation == "none"
        joint = covariance(rows, evaluations, independent=independent)
        return evaluations, log_likelihood(evaluations, None if independent else joint), joint

    def grouped(self, targets: Sequence[Target]) -> list[tuple[Arm, list[PopulationTarget]]]:
        """The simulations that targets need, each with its targets."""
        groups: dict[tuple[str, str], list[PopulationTarget]] = defaultdict(list)
        for target in targets:
            assert isinstance(target, PopulationTarget)
            groups[target.row.cohort, target.regimen.content_hash].append(target)
        return [(self._arm(rows), rows) for rows in groups.values()]

    def _arm(self, rows: Sequence[PopulationTarget]) -> Arm:
        system, model = self.problem.system, self.problem.model
        cohort = self.problem.cohort(rows[0].row.cohort)
        needs = [item for row in rows for item in row.probe.needs().items()]
        times = np.unique(np.concatenate([at for _, at in needs]))
        doses = {name: dose.unit for name, dose in model.doses.items()}
        plan = segments(rows[0].regimen, doses, model.time, float(times[-1]) or 1.0)
        outputs = tuple(dict.fromkeys(name for name, _ in needs))
        own = cohort.with_estimates(self._estimates(self.start))
        deviates = Variability.of(system, own).deviates(
            self.population.patients, self.problem.seed, sampling=self.population.sampling
        )
        return Arm(system, cohort, plan, times, outputs, deviates)

    def _estimates(self, log_parameters: np.ndarray) -> Mapping[str, float]:
        return dict(zip(self.names, np.exp(log_parameters).tolist(), strict=True))


def studies_of(rows: Sequence[PopulationTarget]) -> Studies:
    """Rows of the same patients together."""
    groups: dict[tuple[str, ...], list[PopulationTarget]] = defaultdict(list)
    for row in rows:
        groups[row.study].append(row)
    return list(groups.values())


def _error(evaluations: Sequence[Evaluation]) -> np.ndarray:
    return np.concatenate([one.error for one in evaluations])
