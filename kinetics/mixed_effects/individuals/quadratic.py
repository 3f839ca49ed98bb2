"""Predictions expanded to second order about a point of each individual."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.mixed_effects.individuals.joint_density import joint_density
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.observation_density import curvature
from kinetics.mixed_effects.model.population_values import PopulationValues
from kinetics.mixed_effects.model.transforms import Identity

STEP = 1e-4
"""The step of differences of exact Jacobians: of the logarithm or logit, or relative to the largest parameter."""


@dataclass(frozen=True, eq=False)
class QuadraticPredictor:
    """A `Predictor` that needs no structural model: predictions of individuals to second order about a centre.

    Parameters
    ----------
    center : ndarray, (individual, parameter)
        Parameters of all occasions on their normal scales.
    values : ndarray, (individual, observation)
        Predictions at the centre.
    first : ndarray, (individual, observation, parameter)
        Their derivatives.
    second : ndarray, (individual, observation, parameter, parameter)
        Their second derivatives.
    """

    center: np.ndarray
    values: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def predict(self, individuals: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Predictions, (lane, observation), at (lane, occasion, parameter)."""
        return self.linearise(individuals, normal)[0]

    def linearise(self, individuals: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions and derivatives, (lane, observation, occasion and parameter)."""
        change = normal.reshape(len(normal), -1) - self.center[individuals]
        turn = np.matvec(self.second[individuals], change[:, None])
        first = self.first[individuals]
        values = self.values[individuals] + np.matvec(first + 0.5 * turn, change)
        return values, first + turn


def quadratic_model(model: MixedEffectsModel, fixed: np.ndarray, random: np.ndarray) -> MixedEffectsModel:
    """The same model, with predictions to second order about random effects of everyone, (individual, random effect).

    The second derivatives are central differences of the exact first ones, all of them in one call of the model. An
    individual without a prediction at one of the steps has none: its predictions are linear.
    """
    everyone = model.everyone
    normal = model.parameters.normal(fixed, random, everyone)
    values, first = model.predictor.linearise(everyone, normal)
    n, size = len(everyone), first.shape[2]
    steps = np.tile(_steps(model, normal), model.observations.n_occasions)
    moved = normal.reshape(1, n, size) + np.concatenate([np.diag(steps), -np.diag(steps)])[:, None]
    lanes = np.tile(everyone, 2 * size)
    _, jacobians = model.predictor.linearise(lanes, moved.reshape(-1, *normal.shape[1:]))
    above, below = jacobians.reshape(2, size, n, -1, size)
    second = np.moveaxis((above - below) / (2 * steps[:, None, None, None]), 0, -1)
    second = 0.5 * (second + second.swapaxes(2, 3))
    second[~np.isfinite(second).all(axis=(1, 2, 3))] = 0.0
    return replace(model, predictor=QuadraticPredictor(normal.reshape(n, size), values, first, second))


def _steps(model: MixedEffectsModel, normal: np.ndarray) -> np.ndarray:
    """Steps of the parameters, (parameter,)."""
    sizes = np.abs(normal).max(axis=(0, 1))
    is_identity = [isinstance(one.transform, Identity) for one in model.parameters.parameters]
    return STEP * np.where(np.array(is_identity) & (sizes > 0), sizes, 1.0)


def exact_hessian(
    model: MixedEffectsModel, values: PopulationValues, random: np.ndarray, sd_at: np.ndarray | None = None
) -> np.ndarray:
    """Second derivatives of minus the log joint density of everyone, (individual, random effect, random effect).

    ``model`` is a `quadratic_model` about ``random``.
    """
    everyone, predictor = model.everyone, model.predictor
    assert isinstance(predictor, QuadraticPredictor)
    linear = model.linearise(values.fixed, random, everyone)
    density = model.density(linear.predictions, values.residual, everyone, sd_at)
    bend = curvature(model.observations, model.errors, everyone, linear.predictions, values.residual, sd_at)
    design = model.parameters.flat_random_design
    of_predictions = np.einsum("nj,njab->nab", density.score, predictor.second, optimize=True)
    return (
        np.linalg.inv(model.covariance(values))
        + linear.by_random.swapaxes(1, 2) @ (bend[:, :, None] * linear.by_random)
        - design.T @ of_predictions @ design
    )


def mode_shift(
    model: MixedEffectsModel,
    values: PopulationValues,
    random: np.ndarray,
    hessian: np.ndarray,
    sd_at: np.ndarray | None = None,
) -> np.ndarray:
    """The modes after a small change of the population, by one Newton step from the modes before."""
    gradient = joint_density(model, values, random, model.everyone, sd_at).gradient
    return random - np.linalg.solve(hessian, gradient[..., None])[..., 0]


def laplace_covariance(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> np.ndarray:
    """Covariances of the random effects about their modes, (individual, random effect, random effect).

    The inverse of the exact Hessian; of the expected one for an individual whose exact one is not positive definite, or
    not known because an integration beside the mode failed.

    Parameters
    ----------
    random : ndarray, (individual, random effect)
        Conditional modes.
    """
    exact = exact_hessian(quadratic_model(model, values.fixed, random), values, random)
    exact = np.where(np.isfinite(exact).all(axis=(1, 2), keepdims=True), exact, 0.0)
    expected = joint_density(model, values, random, model.everyone).hessian
    is_definite = np.linalg.eigvalsh(exact)[:, :1] > 0 if model.n_random else np.ones((len(exact), 1), dtype=bool)
    return np.linalg.inv(np.where(is_definite[..., None], exact, expected))
