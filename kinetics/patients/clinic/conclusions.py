"""What follows from the estimate of a population: uncertainty, likelihoods, what is known of each patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kinetics.files.arguments import Progress
from kinetics.mixed_effects import (
    ConditionalDistribution,
    ImportanceSampling,
    MixedEffectsModel,
    Modes,
    PopulationValues,
    Uncertainty,
    VisualPredictiveCheck,
    conditional_distribution,
    conditional_modes,
    importance_sampling,
    laplace_covariance,
    linearised_information,
    linearised_likelihood,
    louis_information,
    npde,
    simulate_observations,
    uncertainty,
    visual_predictive_check,
)
from kinetics.patients.clinic.estimation import KERNELS
from kinetics.patients.clinic.problem.assembling import Clinic
from kinetics.patients.population.treatment import first_time

STAGES = 5
CHAINS = 4


@dataclass(frozen=True, eq=False)
class Conclusions:
    """What follows from an estimate.

    Parameters
    ----------
    modes : Modes
        Conditional modes of the random effects of each patient.
    covariances : ndarray, (patient, random effect, random effect)
        About the modes, by Laplace's method.
    uncertainty : Uncertainty
        Of the estimates, by linearisation or from the samples; with that of the prior.
    importance : ImportanceSampling
        Minus twice the log likelihood by importance sampling.
    linearised : float
        The same by linearisation; NaN with censored counts, which it does not have.
    conditional : ConditionalDistribution or None
        Samples of the random effects of each patient.
    npde : ndarray, (patient, count)
        Normalised prediction distribution errors.
    checks : dict of str to VisualPredictiveCheck
        Percentiles of the counts over time beside simulated ones, by output; times are of the data.
    """

    modes: Modes
    covariances: np.ndarray
    uncertainty: Uncertainty
    importance: ImportanceSampling
    linearised: float
    conditional: ConditionalDistribution | None
    npde: np.ndarray
    checks: Mapping[str, VisualPredictiveCheck]


def conclude(clinic: Clinic, values: PopulationValues, progress: Progress) -> Conclusions:
    """Everything that follows from the estimates."""
    model, problem = clinic.model, clinic.problem
    settings = problem.algorithm
    modes = conditional_modes(model, values)
    covariances = laplace_covariance(model, values, modes.random)
    progress(1, STAGES)
    importance = importance_sampling(
        model, values, modes.random, covariances, seed=problem.seed, n_draws=settings.importance
    )
    progress(2, STAGES)
    conditional = None
    if settings.posterior:
        conditional = conditional_distribution(
            model, values, seed=problem.seed, start=modes.random, n_draws=settings.draws, n_chains=CHAINS,
            kernels=KERNELS,
        )  # fmt: skip
    progress(3, STAGES)
    known = _uncertainty(clinic, values, modes, conditional)
    progress(4, STAGES)
    simulated = simulate_observations(model, values, seed=problem.seed, n_replicates=settings.replicates)
    errors = npde(model, values, seed=problem.seed, simulated=simulated)
    checks = _checks(clinic, simulated)
    progress(5, STAGES)
    linearised = _linearised(model, values, modes.random)
    return Conclusions(modes, covariances, known, importance, linearised, conditional, errors, checks)


def _uncertainty(
    clinic: Clinic, values: PopulationValues, modes: Modes, conditional: ConditionalDistribution | None
) -> Uncertainty:
    if clinic.problem.algorithm.standard_errors == "linearised":
        information = linearised_information(clinic.model, values, modes.random)
    else:
        assert conditional is not None  # the problem was checked for it
        information = louis_information(clinic.model, values, conditional)
    return uncertainty(clinic.model, values, information)


def _checks(clinic: Clinic, simulated: np.ndarray) -> dict[str, VisualPredictiveCheck]:
    observations, data = clinic.model.observations, clinic.problem.data
    rows = [row for id in clinic.problem.patients for row in data.patient(id).observations]
    limits = [row.value if row.censored == "below" else row.limit for row in rows]
    zero = np.array([[first_time(data.patient(id))] for id in observations.ids])
    of_data = replace(observations, times=observations.times + zero)
    padded = of_data.pad(np.nan_to_num(np.array(limits), nan=-np.inf))
    return {
        name: visual_predictive_check(of_data, index, padded, simulated)
        for index, name in enumerate(observations.analytes)
    }


def _linearised(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> float:
    if model.observations.censored.any():
        return float("nan")
    return float(linearised_likelihood(model, values, random).sum())
