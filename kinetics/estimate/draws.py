"""Draws of parameters from the covariances of a chain of fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.compile import System
from kinetics.errors import InputError
from kinetics.estimate.estimates import Estimates
from kinetics.model.cohorts import cohort_parameters, fits_folder

__all__ = ["chain_of_fits", "parameter_draws", "typical_values"]

ATTEMPTS = 1000


def chain_of_fits(system: System, estimates: Estimates, cohort: str) -> list[Estimates]:
    """The fits a cohort's values come from, earlier first, with ``estimates`` in place of the committed result of the same fit.

    Parameters
    ----------
    system : System
        The compiled model.
    estimates : Estimates
        The fit that is predicted from; it comes last if the cohort does not name it.
    cohort : str
        The cohort.
    """
    model = system.model
    names = cohort_parameters(model, cohort, without_fit=estimates.fit).fits
    committed = [Estimates.read(fits_folder(model) / f"{name}.result.toml") for name in names]
    if estimates.fit in _fits_of(system, cohort) or estimates.cohort == cohort:
        place = _place(system, estimates, cohort, names)
        return [*committed[:place], estimates, *committed[place:]]
    raise InputError(
        f"fit '{estimates.fit}' estimates cohort '{estimates.cohort}', from which cohort '{cohort}' takes nothing"
    )


def _fits_of(system: System, cohort: str) -> tuple[str, ...]:
    return cohort_parameters(system.model, cohort).fits


def _place(system: System, estimates: Estimates, cohort: str, names: Sequence[str]) -> int:
    try:
        return _fits_of(system, cohort).index(estimates.fit)
    except (ValueError, InputError):
        return len(names)


def typical_values(system: System, chain: Sequence[Estimates], cohort: str) -> dict[str, float]:
    """The cohort's parameters at the estimates, by flat name."""
    values = dict(cohort_parameters(system.model, cohort, without_fit=chain[-1].fit).values)
    for fit in chain:
        values |= {system.model.flat_name(n): float(v) for n, v in zip(fit.names, fit.values, strict=True)}
    return values


def parameter_draws(system: System, chain: Sequence[Estimates], cohort: str, draws: int, seed: int) -> list[dict[str, float]]:
    r"""Parameters drawn from the joint normal approximation of all fits of a chain, on logarithms.

    A fit that held others' estimates fixed follows them: :math:`\ln\theta = \ln\hat\theta + B(\ln\eta - \ln\hat\eta) + Lz`, with
    :math:`LL^T` its own covariance.

    Parameters
    ----------
    system : System
        The compiled model.
    chain : sequence of Estimates
        From `chain_of_fits`.
    cohort : str
        The cohort whose other parameters are kept.
    draws : int
        How many.
    seed : int
        Draw number k depends on (seed, k) alone.

    Returns
    -------
    list of dict
        All parameters by flat name, in the units of the model. A draw that puts a derived quantity below its minimum is drawn again.
    """
    typical = typical_values(system, chain, cohort)
    roots = [_root(fit.covariance) for fit in chain]
    return [_draw(system, chain, roots, typical, np.random.SeedSequence((seed, k))) for k in range(draws)]


def _draw(
    system: System, chain: Sequence[Estimates], roots: Sequence[np.ndarray], typical: dict[str, float], key: np.random.SeedSequence
) -> dict[str, float]:
    generator = np.random.default_rng(key)
    flat = system.model.flat_name
    for _ in range(ATTEMPTS):
        values = dict(typical)
        for fit, root in zip(chain, roots, strict=True):
            moved = np.array([np.log(values[flat(name)] / typical[flat(name)]) for name in fit.given])
            logs = np.log(fit.values) + fit.response @ moved + root @ generator.standard_normal(len(fit.names))
            values |= {flat(name): float(value) for name, value in zip(fit.names, np.exp(logs), strict=True)}
        if not system.below_minimum(system.constants(system.parameter_array(values))):
            return values
    raise InputError(f"no admissible draw in {ATTEMPTS}: the covariance of {chain[-1].fit} is too wide for the model")


def _root(covariance: np.ndarray) -> np.ndarray:
    """A square root that exists for a singular covariance too."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
