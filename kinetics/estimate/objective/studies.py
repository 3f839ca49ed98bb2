"""Rows of several studies that differ by random effects: the likelihood of a nonlinear mixed effects model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.cohorts.fit_results import is_typical
from kinetics.estimate.objective.base import LikelihoodObjective, Linearised
from kinetics.estimate.objective.study_model import StudyModel
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.mixed_effects import Method, PopulationValues, objective
from kinetics.mixed_effects.likelihood.marginal_normal import marginal_normal
from kinetics.mixed_effects.likelihood.objectives import slopes
from kinetics.published import NORMAL_95, Target, TypicalTarget
from kinetics.published.likelihoods import Interval, PredictedSummary

STEP = 0.01
"""Of the logarithm of a parameter, the length of the directions along which likelihoods are differentiated."""


@dataclass(frozen=True, eq=False)
class StudyModes:
    """Population values, conditional modes, (study, random effect), and minus twice the log likelihood there."""

    values: PopulationValues
    random: np.ndarray
    minus_2_log_likelihood: float


class StudyEffectsObjective(LikelihoodObjective):
    r"""The log posterior of rows of studies that differ from one another.

    Row :math:`i` of study :math:`s` is :math:`y_{si} = f_i(\theta, \eta_s) + \sigma_{si}\varepsilon`, with its
    published standard error :math:`\sigma_{si}`, and :math:`\eta_s \sim N(0, \Omega)` shared by the arms and visits of
    a study. A row without a standard error on its own scale is on that of logarithms. The integral over :math:`\eta_s`
    is FOCEI's expansion about the conditional mode, which is exact where :math:`f` is linear in :math:`\eta`.
    """

    close = 1e-9

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        self._typical = Objective(problem)
        self.studies = StudyModel.of(problem, self.names)

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """The log posterior, without gradient."""
        at = self.modes(log_parameters)
        return -0.5 * at.minus_2_log_likelihood + self.log_prior(log_parameters)

    def linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, computed anew."""
        studies = self.studies if list(names) == self.names else StudyModel.of(self.problem, names)
        at = self.modes(log_parameters, studies)
        gradient = np.zeros(len(names))
        if not np.isfinite(at.minus_2_log_likelihood):
            return Linearised(-np.inf, gradient, [], [], [])
        along = slopes(Method.FOCEI, studies.model, at.values, at.random, STEP * studies.coordinates_by_name(at.values))
        gradient = -0.5 * along.sum(axis=0) / STEP
        errors, jacobians = _whitened(studies, at)
        identities = [np.eye(one.size) for one in errors]
        return Linearised(-0.5 * at.minus_2_log_likelihood, gradient, errors, identities, jacobians)

    def modes(self, log_parameters: np.ndarray, studies: StudyModel | None = None) -> StudyModes:
        """The random effects of the studies at their conditional modes."""
        studies = studies or self.studies
        estimates = self._estimates(log_parameters)
        earlier = {name: self._held(name) for name in studies.names if name not in estimates and is_typical(name)}
        values = studies.values({**earlier, **estimates})
        at = objective(Method.FOCEI, studies.model, values)
        return StudyModes(values, at.random, at.full + studies.constant)

    def _held(self, name: str) -> float:
        """A parameter that is not free, of the first fitted row."""
        return self.problem.cohorts[self.problem.fitted[0].row.cohort].values[name]

    def predicted(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> tuple[PredictedSummary, ...]:
        """The typical number of each target, and where that of a new study lies: with sampling and random effects."""
        effects = self.problem.study_effects
        values, by_parameter = self._typical.with_gradients(log_parameters, targets, [one.of for one in effects])
        estimates = self._estimates(log_parameters)
        summaries = []
        for target, value, gradient in zip(targets, values.tolist(), by_parameter, strict=True):
            assert isinstance(target, TypicalTarget)
            scales = [estimates[one.of] if one.kind == "log_normal" else 1.0 for one in effects]
            between = sum((g * s * estimates[e.flat]) ** 2 for g, s, e in zip(gradient, scales, effects, strict=True))
            ends = _ends(target, value, float(np.sqrt(between)))
            summaries.append(PredictedSummary(target.row, Interval(value, *ends), None))
        return tuple(summaries)


def _ends(target: TypicalTarget, value: float, between: float) -> tuple[float, float]:
    """Where the number of 95 % of new studies lies, on the scale of the row's error; NaN if it has no error."""
    if not np.isfinite(target.error_sd):
        return np.nan, np.nan
    if target.row.on_own_scale:
        reach = NORMAL_95 * float(np.hypot(target.error_sd, between))
        return value - reach, value + reach
    factor = float(np.exp(NORMAL_95 * np.hypot(target.error_sd, between / value)))
    return value / factor, value * factor


def _whitened(studies: StudyModel, at: StudyModes) -> tuple[list[np.ndarray], list[np.ndarray]]:
    r"""Errors of each study in units of their standard errors, and their derivatives by the estimates.

    With :math:`r` the residuals of the marginal normal distribution and :math:`LL^T` its covariance, they are
    :math:`L^{-1}r` and :math:`(L^{-1}rr^TL^{-T} - I)/\sqrt2`: squares of the derivatives sum to the Fisher information.
    """
    model, by_name = studies.model, studies.coordinates_by_name(at.values)
    normal = marginal_normal(model, at.values, at.random)
    n_fixed, variances = len(at.values.fixed), np.diag(at.values.individuals)
    errors, jacobians = [], []
    for study, present in enumerate(model.observations.present.sum(axis=1)):
        root = np.linalg.inv(np.linalg.cholesky(normal.covariance[study, :present, :present]))
        residual = root @ normal.residual[study, :present]
        loading = root @ normal.by_random[study, :present]
        # of the logarithm of each standard deviation between studies
        by_variance = 2 * variances * np.einsum("ik,jk->ijk", loading, loading)
        errors.append(np.concatenate([residual, (np.outer(residual, residual) - np.eye(present)).ravel() / np.sqrt(2)]))
        of_mean = -root @ normal.by_fixed[study, :present] @ by_name[:n_fixed]
        of_covariance = -by_variance.reshape(present**2, -1) @ by_name[n_fixed:] / np.sqrt(2)
        jacobians.append(np.vstack([of_mean, of_covariance]))
    return errors, jacobians
