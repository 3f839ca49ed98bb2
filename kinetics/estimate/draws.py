"""Draws of parameters from the covariances of a chain of fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinetics.cohorts.cohort import CohortParameters, assembled_cohort
from kinetics.cohorts.fit_results import flat_key, warn_if_older
from kinetics.cohorts.lineage import committed_result, fits_behind
from kinetics.compile import System
from kinetics.errors import InputError
from kinetics.estimate.estimates import Estimates
from kinetics.model import Model
from kinetics.population.draws import ATTEMPTS
from kinetics.population.seeds import checked_seed


def chain_of_fits(model: Model, estimates: Estimates, cohort: str) -> list[Estimates]:
    """The fits a cohort's values come from, earlier first, with ``estimates`` for the committed result of that fit.

    If the cohort does not name that fit, it comes last, behind those it builds on. `InputError` if another of them has
    no committed result.
    """
    names = fits_behind(model, cohort)
    if estimates.fit not in names:
        names = (*estimates.builds_on, estimates.fit)
    return [estimates if name == estimates.fit else _committed(model, name, cohort) for name in names]


def _committed(model: Model, fit: str, cohort: str) -> Estimates:
    path = committed_result(model, fit, cohort)
    estimates = Estimates.read(path)
    warn_if_older(path, model, estimates.model, estimates.facts["model_hash"])
    return estimates


def estimated_cohort(model: Model, chain: Sequence[Estimates], cohort: str) -> CohortParameters:
    """The cohort at the estimates of a chain: each counts where the cohort takes it, as `cohort_parameters` has it.

    `InputError` if a fit of the chain is of a cohort from which this one takes nothing.
    """
    return _with_deviations(model, chain, cohort, [np.zeros(len(fit.names)) for fit in chain])


def drawn_cohorts(
    system: System, chain: Sequence[Estimates], cohort: str, draws: int, seed: int
) -> list[CohortParameters]:
    r"""Cohorts drawn from the joint normal approximation of all fits of a chain, on logarithms.

    A fit that held others' estimates fixed follows them: :math:`\ln\theta = \ln\hat\theta + B(\ln\eta - \ln\hat\eta) +
    Lz`, with :math:`LL^T` its own covariance and :math:`z` standard normal. Parameters that rest on a prior, which no
    fit of the chain estimates, are drawn from it, and the fits follow them in the same way. The other parameters of the
    cohort are kept. A draw that puts a parameter out of its range or a derived quantity below its minimum is drawn
    again, `InputError` after a thousand in a row. Draw number k depends on (seed, k) alone.
    """
    roots, seed = [_root(fit.covariance) for fit in chain], checked_seed(seed)
    priors = estimated_cohort(system.model, chain, cohort).priors
    return [_draw(system, chain, roots, cohort, priors, np.random.SeedSequence((seed, k))) for k in range(draws)]


def _draw(
    system: System,
    chain: Sequence[Estimates],
    roots: Sequence[np.ndarray],
    cohort: str,
    priors: Mapping[str, float],
    key: np.random.SeedSequence,
) -> CohortParameters:
    generator = np.random.default_rng(key)
    for _ in range(ATTEMPTS):
        deviations = [root @ generator.standard_normal(len(root)) for root in roots]
        shifts = {flat: log_sd * generator.standard_normal() for flat, log_sd in priors.items()}
        drawn = _with_deviations(system.model, chain, cohort, deviations, shifts)
        parameters = system.parameter_array(drawn.values)
        if np.isfinite(parameters).all() and not system.out_of_range(system.constants(parameters)):
            return drawn
    raise InputError(f"no admissible draw in {ATTEMPTS}: the covariance of {chain[-1].fit} is too wide for the model")


def _with_deviations(
    model: Model,
    chain: Sequence[Estimates],
    cohort: str,
    deviations: Sequence[np.ndarray],
    shifts: Mapping[str, float] | None = None,
) -> CohortParameters:
    """The cohort with the logarithms of every fit's estimates at a deviation, and others moved."""
    of_fit = {fit.fit: (fit, deviation) for fit, deviation in zip(chain, deviations, strict=True)}
    cohorts = {fit.fit: fit.cohort or "" for fit in chain}

    def estimates(name: str, before: Mapping[str, float]) -> dict[str, float]:
        fit, deviation = of_fit[name]
        return _drawn(model, fit, before, deviation)

    return assembled_cohort(model, cohort, cohorts, estimates, shifts)


def _drawn(model: Model, fit: Estimates, values: Mapping[str, float], deviation: np.ndarray) -> dict[str, float]:
    """What one fit estimates, given those before it, at a deviation of the logarithms."""
    estimated = fit.by_flat_name(model)
    earlier = np.array([values[flat_key(model, name)] for name in fit.earlier])
    with np.errstate(all="ignore"):  # a draw that is not finite is drawn again
        logs = np.log(list(estimated.values())) + fit.response @ np.log(earlier / fit.earlier_values) + deviation
        return dict(zip(estimated, np.exp(logs).tolist(), strict=True))


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root: it exists for a singular covariance too, and follows a rounding of it smoothly.

    That of eigenvectors alone turns with any rounding where eigenvalues are nearly equal, and the draws with it.
    """
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
