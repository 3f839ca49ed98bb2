r"""Objectives: minus twice the log likelihood of the population, by an expansion of each individual's integral.

With :math:`h_i(b)` minus the log joint density and :math:`H_i` its second derivative,
:math:`-2\log L_i \approx 2 h_i(\hat b_i) + \log|\Omega| + \log|H_i|`. Laplace takes the exact :math:`H_i`; FOCEI the
expected one; FOCE takes standard deviations at the typical individual, :math:`b = 0`; FO expands about :math:`b = 0`,
which subtracts :math:`g_i^T H_i^{-1} g_i` (Wang 2007, doi 10.1007/s10928-007-9060-6).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kinetics.mixed_effects.individuals.conditional_modes import conditional_modes
from kinetics.mixed_effects.individuals.joint_density import joint_density
from kinetics.mixed_effects.individuals.quadratic import exact_hessian, mode_shift, quadratic_model
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.observation_density import LOG_2PI
from kinetics.mixed_effects.model.population_values import PopulationValues

STEP = 1e-3
"""The step of central differences along a direction; directions are to be as long as a standard error."""


class Method(StrEnum):
    """The approximation of an individual's integral."""

    FO = "FO"
    FOCE = "FOCE"
    FOCEI = "FOCEI"
    LAPLACE = "Laplace"


@dataclass(frozen=True, eq=False)
class Objective:
    """An objective at population values.

    Parameters
    ----------
    individual : ndarray, (individual,)
        Minus twice the log likelihood of each individual, with all constants.
    penalty : float
        Minus twice the log density of the prior; 0 without one.
    random : ndarray, (individual, random effect)
        Where it was expanded.
    n_quantified : int
        The number of values that were quantified.
    """

    individual: np.ndarray
    penalty: float
    random: np.ndarray
    n_quantified: int

    @property
    def full(self) -> float:
        """The objective with all constants, as Monolix and saemix state it."""
        return float(self.individual.sum()) + self.penalty

    @property
    def nonmem(self) -> float:
        """The objective as NONMEM states it: without log 2π for each value that was quantified.

        With log-normal errors, NONMEM's objective of the logarithms lacks twice the sum of the logarithms as well.
        """
        return self.full - self.n_quantified * LOG_2PI


def objective(
    method: Method, model: MixedEffectsModel, values: PopulationValues, start: np.ndarray | None = None
) -> Objective:
    """The objective at population values.

    Parameters
    ----------
    method : Method
        The approximation.
    model : MixedEffectsModel
        Data and model.
    values : PopulationValues
        Where to evaluate.
    start : ndarray, (individual, random effect), optional
        Where the search of the modes begins.
    """
    if method is Method.FO:
        random = np.zeros((len(model.observations), model.n_random))
    else:
        random = conditional_modes(model, values, start, sd_at=_sd_at(method, model, values)).random
    local = quadratic_model(model, values.fixed, random) if method is Method.LAPLACE else model
    individual = _expanded(method, local, values, random, _sd_at(method, model, values))
    penalty = 0.0 if model.prior is None else model.prior.penalty(values)
    return Objective(individual, penalty, random, model.observations.n_quantified)


def slopes(
    method: Method, model: MixedEffectsModel, values: PopulationValues, random: np.ndarray, directions: np.ndarray
) -> np.ndarray:
    """Derivatives of the individual objectives, and last of the penalty, (individual and 1, direction).

    Parameters
    ----------
    method, model, values
        As in `objective`; not for Laplace, whose derivatives need third derivatives of predictions.
    random : ndarray, (individual, random effect)
        The modes, as ``objective`` has them.
    directions : ndarray, (coordinate, direction)
        Directions in the free coordinates.

    Notes
    -----
    The sensitivity equations of Almquist 2015 (doi 10.1007/s10928-015-9409-1) need first and second derivatives of
    predictions by parameters, and no more. A quadratic model of the predictions has the same. The objective is
    therefore differentiated on that model, with modes that follow the population. The structural model is called once.
    """
    local = quadratic_model(model, values.fixed, random)
    about_typical = quadratic_model(model, values.fixed, 0 * random) if method is Method.FOCE else local
    hessian = None
    if method is not Method.FO:
        hessian = exact_hessian(local, values, random, _sd_at(method, about_typical, values))
    coordinates, at = model.coordinates, model.coordinates.pack(values)

    def moved(change: np.ndarray) -> np.ndarray:
        new = coordinates.unpack(at + change, values)
        sd_at = _sd_at(method, about_typical, new)
        shifted = random if hessian is None else mode_shift(local, new, random, hessian, sd_at)
        penalty = 0.0 if model.prior is None else model.prior.penalty(new)
        return np.append(_expanded(method, local, new, shifted, sd_at), penalty)

    columns = [(moved(STEP * one) - moved(-STEP * one)) / (2 * STEP) for one in directions.T]
    return np.stack(columns, axis=1)


def _sd_at(method: Method, model: MixedEffectsModel, values: PopulationValues) -> np.ndarray | None:
    """The predictions that give standard deviations, of typical individuals; None with interaction."""
    if method in (Method.FOCEI, Method.LAPLACE):
        return None
    return model.predict(values.fixed, np.zeros((len(model.observations), model.n_random)), model.everyone)


def _expanded(
    method: Method, model: MixedEffectsModel, values: PopulationValues, random: np.ndarray, sd_at: np.ndarray | None
) -> np.ndarray:
    """Minus twice the log likelihoods of expansions about random effects, (individual,)."""
    value, gradient, hessian = joint_density(model, values, random, model.everyone, sd_at)
    if method is Method.LAPLACE:
        hessian = np.where(np.isfinite(value)[:, None, None], exact_hessian(model, values, random), hessian)
    result = 2 * value + np.linalg.slogdet(model.covariance(values) @ hessian)[1]
    if method is Method.FO:
        result -= (gradient * np.linalg.solve(hessian, gradient[..., None])[..., 0]).sum(axis=1)
    return result
