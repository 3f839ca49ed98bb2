"""Errors of measurement, and the mean and covariance of what is measured of a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ERROR_KINDS = ("lognormal", "proportional", "additive")
"""What a measurement of a true value x is: x exp(sd z), x (1 + sd z), or x + sd z, with z standard normal."""


@dataclass(frozen=True)
class MeasurementError:
    """An error of one of `ERROR_KINDS`; ``sd`` is dimensionless, or of an additive error in the unit of the output.

    Examples
    --------
    >>> MeasurementError("proportional", 0.1).variance()[0].round(3)  # 0.01 of the mean square
    array([0.  , 0.01])
    """

    kind: str
    sd: float

    def stretch(self) -> np.ndarray:
        """The mean of a measurement over the true value, and its derivative by the logarithm of ``sd``, (2,)."""
        if self.kind != "lognormal":
            return np.array([1.0, 0.0])
        mean = float(np.exp(0.5 * self.sd**2))
        return np.array([mean, mean * self.sd**2])

    def variance(self) -> np.ndarray:
        """The mean variance of measurements about true values: a constant, and a factor of their mean square.

        The derivatives of both by the logarithm of ``sd`` follow: (number and derivative, constant and factor).
        """
        square = self.sd**2
        if self.kind == "additive":
            return np.array([[square, 0.0], [2 * square, 0.0]])
        if self.kind == "proportional":
            return np.array([[0.0, square], [0.0, 2 * square]])
        grown = float(np.exp(square))
        return np.array([[0.0, grown * (grown - 1)], [0.0, 2 * square * grown * (2 * grown - 1)]])


class Moments(NamedTuple):
    """Mean, (measurement,), and covariance, (measurement, measurement), of what is measured.

    Their derivatives by parameters have the parameters on a first axis.
    """

    mean: np.ndarray
    covariance: np.ndarray
    by_mean: np.ndarray
    by_covariance: np.ndarray


def measured_moments(
    values: np.ndarray,
    slopes: np.ndarray,
    weights: np.ndarray,
    errors: Sequence[MeasurementError],
    by_error: np.ndarray,
) -> Moments:
    r"""Moments of measurements of a population, each with an error of its own.

    With true values :math:`f` and weights :math:`w`, the mean is :math:`\sum w f` and the covariance
    :math:`\sum w (f-\mu)(f-\mu)^T`, both stretched by a log-normal error, plus the mean variance of the errors.

    Parameters
    ----------
    values : ndarray, (patient, measurement)
        True values.
    slopes : ndarray, (parameter, patient, measurement)
        Their derivatives.
    weights : ndarray, (patient,)
        They sum to 1.
    errors : sequence of MeasurementError
        Of each measurement.
    by_error : ndarray, (parameter, measurement)
        1 where a parameter is the logarithm of the ``sd`` of a measurement, else 0.
    """
    stretch, stretch_slope = np.array([error.stretch() for error in errors]).T
    of_variance = np.array([error.variance() for error in errors]).transpose(1, 2, 0)
    (constant, factor), (constant_slope, factor_slope) = of_variance
    mean = weights @ values
    centred = values - mean
    by_mean = np.einsum("p,apm->am", weights, slopes)
    weighted = weights[:, None] * centred
    true = weighted.T @ centred
    half = np.einsum("pm,apk->amk", weighted, slopes)
    by_true = half + half.swapaxes(1, 2)
    square = true.diagonal() + mean**2
    by_square = np.diagonal(by_true, axis1=1, axis2=2) + 2 * mean * by_mean
    outer = np.outer(stretch, stretch)
    by_outer = by_error[:, :, None] * np.outer(stretch_slope, stretch)
    by_outer = by_outer + by_outer.swapaxes(1, 2)
    by_variance = factor * by_square + (constant_slope + factor_slope * square) * by_error
    diagonal = np.eye(len(errors))
    return Moments(
        stretch * mean,
        outer * true + np.diag(constant + factor * square),
        stretch * by_mean + by_error * stretch_slope * mean,
        outer * by_true + by_outer * true + by_variance[:, :, None] * diagonal,
    )
