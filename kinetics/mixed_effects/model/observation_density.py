r"""The density of observations at their predictions, quantified or censored, with what estimation needs of it.

A quantified value has :math:`z = (g(y) - g(f))/s`, with :math:`g` the identity or the logarithm and :math:`s` the
standard deviation. A value in an interval has the probability :math:`\Phi(z_u) - \Phi(z_l)`: method M3 of Beal 2001
(doi 10.1023/A:1012299115260) where one end is infinite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from kinetics.mixed_effects.model.observations import Observations
from kinetics.mixed_effects.model.residual_error import ResidualErrors

LOG_2PI = float(np.log(2 * np.pi))
CURVATURE_STEP = 1e-5
"""The step, of the larger of prediction and standard deviation, of the difference that gives the curvature."""
LOWEST = -1e6
"""In place of the logarithm of a prediction that is not positive: surely below a limit."""


@dataclass(frozen=True, eq=False)
class Density:
    """The log density of the observations of lanes, and its derivatives; all are zero where there is no observation.

    Parameters
    ----------
    log : ndarray, (lane, observation)
        The log density, with the constant.
    score, information : ndarray, (lane, observation)
        Its derivative by the prediction, and the expected square of that: observed information of a censored value.
    sd_score, sd_information : ndarray, (lane, observation)
        The same by the standard deviation.
    sd_by_parameter : ndarray, (lane, observation, parameter)
        The derivative of the standard deviation by the parameters of the residual errors.
    """

    log: np.ndarray
    score: np.ndarray
    information: np.ndarray
    sd_score: np.ndarray
    sd_information: np.ndarray
    sd_by_parameter: np.ndarray

    @property
    def residual_score(self) -> np.ndarray:
        """The derivative of the log density by the residual parameters, (lane, observation, parameter)."""
        return self.sd_score[..., None] * self.sd_by_parameter

    @property
    def residual_information(self) -> np.ndarray:
        """The information of all observations about the residual parameters, (parameter, parameter)."""
        flat = self.sd_by_parameter.reshape(-1, self.sd_by_parameter.shape[-1])
        return flat.T @ (self.sd_information.reshape(-1, 1) * flat)


def density(
    observations: Observations,
    errors: ResidualErrors,
    individuals: np.ndarray,
    f: np.ndarray,
    residual: np.ndarray,
    sd_at: np.ndarray | None = None,
) -> Density:
    """The density of observations at predictions.

    Parameters
    ----------
    individuals : ndarray of int, (lane,)
        The individual of each lane.
    f : ndarray, (lane, observation)
        Predictions.
    residual : ndarray, (parameter,)
        Parameters of the residual errors.
    sd_at : ndarray, (lane, observation), optional
        Other predictions, which give the standard deviations: without interaction. Derivatives by the prediction are
        then at fixed standard deviations.
    """
    about = _standardised(observations, errors, individuals, f, residual, sd_at)
    z, sd, present, censored = about.z, about.sd, about.present, about.censored
    log, by_center, by_sd = about.log(), z / sd, (z * z - 1) / sd
    center_information, sd_information = sd**-2.0, 2 * sd**-2.0
    if censored.any():
        terms = _censored(*about.ends(), log[censored], sd[censored])
        for array, new in zip((by_center, by_sd, center_information, sd_information), terms, strict=True):
            array[censored] = new
    stretch = np.where(about.is_log, 1.0 / np.where(about.is_log & ~about.is_lost, f, 1.0), 1.0)
    score = by_center * stretch + by_sd * about.slope
    information = center_information * stretch**2 + sd_information * about.slope**2
    log, score, information, by_sd, sd_information = (
        np.where(present, array, 0.0) for array in (log, score, information, by_sd, sd_information)
    )
    return Density(log, score, information, by_sd, sd_information, about.by_parameter)


def log_density(
    observations: Observations, errors: ResidualErrors, individuals: np.ndarray, f: np.ndarray, residual: np.ndarray
) -> np.ndarray:
    """The log density alone, (lane, observation), as `density` has it; of many proposals nothing else is needed."""
    about = _standardised(observations, errors, individuals, f, residual, None)
    return np.where(about.present, about.log(), 0.0)


def curvature(
    observations: Observations,
    errors: ResidualErrors,
    individuals: np.ndarray,
    f: np.ndarray,
    residual: np.ndarray,
    sd_at: np.ndarray | None = None,
) -> np.ndarray:
    """Minus the second derivative of the log density by the prediction, (lane, observation); arguments of `density`.

    Central differences of the exact first derivative.
    """
    sd, _, _ = errors.deviations(observations.analyte[individuals], f, residual)
    is_log = errors.is_logarithmic[observations.analyte[individuals]]
    step = CURVATURE_STEP * np.where(is_log, np.abs(f), np.maximum(np.abs(f), sd))
    above, below = (density(observations, errors, individuals, f + h, residual, sd_at).score for h in (step, -step))
    return (below - above) / (2 * step)


@dataclass(frozen=True, eq=False)
class _Standardised:
    """Observations about predictions on the scale of their errors, all (lane, observation)."""

    present: np.ndarray
    censored: np.ndarray
    is_log: np.ndarray
    is_lost: np.ndarray
    """The logarithm of the prediction is no number."""
    lower: np.ndarray
    """As observed."""
    upper: np.ndarray
    """Scaled, as ``center`` and ``sd``."""
    center: np.ndarray
    sd: np.ndarray
    slope: np.ndarray
    by_parameter: np.ndarray
    z: np.ndarray

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The ends of censored observations, in standard deviations."""
        at, center, sd = self.censored, self.center, self.sd
        return (_scaled(self.lower, self.is_log)[at] - center[at]) / sd[at], (self.upper[at] - center[at]) / sd[at]

    def log(self) -> np.ndarray:
        """The log density."""
        jacobian = np.where(self.is_log & np.isfinite(self.upper), self.upper, 0.0)
        log = -0.5 * self.z * self.z - np.log(self.sd) - 0.5 * LOG_2PI - jacobian
        if self.censored.any():
            log[self.censored] = _log_probability(*self.ends())
        return log


def _standardised(
    observations: Observations,
    errors: ResidualErrors,
    individuals: np.ndarray,
    f: np.ndarray,
    residual: np.ndarray,
    sd_at: np.ndarray | None,
) -> _Standardised:
    analyte, present = observations.analyte[individuals], observations.present[individuals]
    censored, is_log = observations.censored[individuals], errors.is_logarithmic[analyte]
    sd, slope, by_parameter = errors.deviations(analyte, f if sd_at is None else sd_at, residual)
    if sd_at is not None:
        slope = np.zeros_like(slope)
    is_lost = is_log & ~(f > 0)
    center = np.where(is_lost, np.where(censored, LOWEST, np.nan), _scaled(f, is_log))
    lower, upper = observations.lower[individuals], _scaled(observations.upper[individuals], is_log)
    z = np.where(present & np.isfinite(upper), (upper - center) / sd, 0.0)
    return _Standardised(present, censored, is_log, is_lost, lower, upper, center, sd, slope, by_parameter, z)


def _scaled(values: np.ndarray, is_log: np.ndarray) -> np.ndarray:
    """Values, or their logarithms; minus infinity for the logarithm of what is not positive."""
    if not is_log.any():
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.maximum(values, 0.0))
    return np.where(is_log, logs, values)


def _log_probability(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The log probability of an interval in standard deviations."""
    flip = lower > 0  # differences of upper tails, where those of lower ones would cancel
    a, b = np.where(flip, -upper, lower), np.where(flip, -lower, upper)
    log = log_ndtr(b)
    both = np.isfinite(a)
    log[both] += np.log1p(-np.exp(np.minimum(log_ndtr(a[both]) - log[both], -1e-16)))
    return log


def _censored(lower: np.ndarray, upper: np.ndarray, log: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, ...]:
    """Scores and information, by centre and deviation, of an interval of a log probability in standard deviations."""
    u, v = (_density_ratio(end, log) for end in (upper, lower))
    zu, zv = (ratio * np.where(np.isfinite(end), end, 0.0) for ratio, end in ((u, upper), (v, lower)))
    by_center, by_sd = (v - u) / sd, (zv - zu) / sd
    return by_center, by_sd, np.maximum(((u - v) ** 2 + zu - zv) / sd**2, 0.0), by_sd**2


def _density_ratio(z: np.ndarray, log_probability: np.ndarray) -> np.ndarray:
    """The normal density at the end of an interval over the probability of the interval; 0 at an infinite end."""
    return np.exp(-0.5 * np.where(np.isfinite(z), z * z, np.inf) - 0.5 * LOG_2PI - log_probability)
