r"""Fisher information of population values by linearisation, and what follows from an information: standard errors.

Of :math:`y_i \sim N(\mu_i, V_i)`, the fixed effects have :math:`\sum_i \mu_i'^T V_i^{-1}\mu_i'`, covariances and
residual errors have :math:`\tfrac12\sum_i\operatorname{tr}(V_i^{-1}V_i'V_i^{-1}V_i'')`; fixed effects and the others
are taken as independent (Retout 2002, doi 10.1002/sim.1041).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.likelihood.marginal_normal import marginal_normal
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues

LEAST_SIZE, LEAST_SCALE = 1e-12, 1e-100
"""Of an eigenvalue of a scaled information, and of its diagonal: below, the data determine nothing."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """The uncertainty of population values.

    Parameters
    ----------
    names : tuple of str
        The values that are estimated.
    covariance : ndarray, (value, value)
        Of their estimates, as `Coordinates.natural` has them.
    """

    names: tuple[str, ...]
    covariance: np.ndarray

    @property
    def standard_errors(self) -> dict[str, float]:
        """The standard error of each value; beyond any measure where the data do not determine it."""
        return dict(zip(self.names, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))


def uncertainty(model: MixedEffectsModel, values: PopulationValues, information: np.ndarray) -> Uncertainty:
    """The uncertainty by an information of the free coordinates, (coordinate, coordinate)."""
    by_coordinate = model.coordinates.natural_by_coordinate(values)
    scale = np.sqrt(np.maximum(np.diag(information), LEAST_SCALE))
    sizes, axes = np.linalg.eigh(information / np.outer(scale, scale))
    root = by_coordinate @ (axes / np.sqrt(np.maximum(sizes, LEAST_SIZE)) / scale[:, None])
    return Uncertainty(model.coordinates.names, root @ root.T)


def linearised_information(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> np.ndarray:
    """The Fisher information of the free coordinates, (coordinate, coordinate), and that of the prior.

    Parameters
    ----------
    random : ndarray, (individual, random effect)
        Where predictions are linearised: at the conditional modes.
    """
    coordinates = model.coordinates
    normal = marginal_normal(model, values, random)
    whitening = np.linalg.inv(np.linalg.cholesky(normal.covariance))
    whitened = whitening @ normal.by_fixed
    fixed = np.einsum("nja,njb->ab", whitened, whitened)
    everything = np.zeros((len(coordinates.all_names),) * 2)
    part = coordinates.parts[0]
    everything[part, part] = fixed
    n = coordinates.parts[0].stop
    everything[n:, n:] = _of_variances(model, values, random, normal.by_random, whitening)
    if model.prior is not None:
        everything += model.prior.information(coordinates, values)
    return everything[np.ix_(coordinates.free, coordinates.free)]


def _of_variances(
    model: MixedEffectsModel, values: PopulationValues, random: np.ndarray, by_random: np.ndarray, whitening: np.ndarray
) -> np.ndarray:
    """The information about all coordinates but fixed effects."""
    coordinates, observations = model.coordinates, model.observations
    one, two, three, four = coordinates.parts
    change = coordinates.all_free.jacobian(model.covariance, values)[..., two.start : three.stop]
    loading = whitening @ by_random
    whitened = [loading @ column @ loading.swapaxes(1, 2) for column in np.moveaxis(change, -1, 0)]
    predictions = model.predict(values.fixed, random, model.everyone)
    sd, _, by_parameter = model.errors.deviations(observations.analyte, predictions, values.residual)
    counted = np.where(observations.present & ~observations.censored, 2 * sd, 0.0)
    for column, value in enumerate(values.residual):
        variance_change = counted * by_parameter[..., column] * value  # by the logarithm of the parameter
        whitened.append((whitening * variance_change[:, None]) @ whitening.swapaxes(1, 2))
    assert len(whitened) == four.stop - one.stop
    flat = np.array([part.ravel() for part in whitened])
    return 0.5 * flat @ flat.T
