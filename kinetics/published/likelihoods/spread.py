"""The standard deviation that a study of some patients finds, whatever the tails of the population."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from kinetics.observation.distribution import Expected, Observed, Scalar

STEP = 0.75
"""Of the trapezoid rule in ln t, whose error falls as exp(-pi^2/step) for functions as smooth as these."""

_LOG_T = np.arange(-16.0, 24.0, STEP)
_T = np.exp(_LOG_T)


class Spread(NamedTuple):
    """The logarithm of the standard deviation of n draws: mean and variance over studies, covariance with their mean.

    ``influence``, (patient, 1), is what one patient adds to it, times n.
    """

    mean: Scalar
    variance: Scalar
    with_mean: Scalar
    influence: Expected


def log_spread(observed: Observed, mean: Scalar, variance: Scalar, size: float, *, log: bool) -> Spread:
    r"""The law of :math:`\ln s` by Laplace transforms.

    Let :math:`x = (y - \mu)^2/((n-1)\mu_2)` and :math:`T` the sum of :math:`n - 1` of them, as which :math:`s^2/\mu_2`
    is distributed: exactly for a normal population, and but for terms of relative size :math:`1/n` for any. With
    :math:`\varphi(t) = E e^{-tx}`, :math:`D = e^{-t} - \varphi^{n-1}` and Euler's :math:`\gamma`,

    .. math::
        E \ln T = \int_0^\infty D\,\frac{dt}t, \qquad
        E \ln^2 T = -2\int_0^\infty D \ln t\,\frac{dt}t - 2\gamma E \ln T,

    from the expansion of :math:`\Gamma(s) (1 - E T^{-s}) = \int_0^\infty D\,t^{s-1} dt` about :math:`s = 0`. One
    patient of known :math:`y` moves :math:`E \ln T` by
    :math:`\psi(y) = \int_0^\infty (\varphi - e^{-tx})\,\varphi^{n-2}\,dt/t` (Hajek 1968, doi
    10.1214/aoms/1177698394), so that :math:`\operatorname{cov}(m, \ln s) = \frac{n-1}{2n} E[(y-\mu)\psi]`.

    The usual :math:`\operatorname{var} \ln s = (\mu_4/\mu_2^2 - 1)/4n` is the limit for many patients. For a log-normal
    population of CV 1.5 and a hundred patients it is six times too large, and the bias that goes with it. The ``size``
    :math:`n` is more than one; of an expected number of patients that have a value it need not be whole.
    """
    values, weights = observed.nodes(log=log)
    weights = weights / weights.sum()
    away = values - mean
    x = away**2 / ((size - 1) * variance)
    one = _exponentials(np.real(x).tobytes())
    log_transform = np.log(_transform(one, x.ravel(), weights.ravel()) + 1e-300)
    difference = np.exp(-_T) - np.exp((size - 1) * log_transform)
    first, second = STEP * difference.sum(), STEP * (_LOG_T * difference).sum()
    power = np.exp((size - 2) * log_transform)
    moved = np.exp((size - 1) * log_transform).sum() - _weighted(one, x.ravel(), power)
    moved = 0.5 * (size - 1) * STEP * moved.reshape(x.shape)
    return Spread(
        mean=0.5 * (np.log(variance) + first),
        variance=0.25 * (-2 * second - 2 * np.euler_gamma * first - first**2),
        with_mean=(weights * away * moved).sum() / size,
        influence=observed.averaged(moved),
    )


@lru_cache(maxsize=1)  # a summary is differentiated by many parameters about the same values
def _exponentials(x: bytes) -> np.ndarray:
    """The exponentials of -tx at real x, (t, node)."""
    return np.exp(-_T[:, None] * np.frombuffer(x))


def _transform(one: np.ndarray, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean of the exponentials of -tx over the nodes, (t,), first order in imaginary parts of x and weights."""
    real = one @ np.real(weights)
    if not np.iscomplexobj(x):
        return real
    return real + 1j * (one @ np.imag(weights) - _T * (one @ (np.real(weights) * np.imag(x))))


def _weighted(one: np.ndarray, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sum of the exponentials of -tx over t, weighted, (node,), first order in imaginary parts."""
    real = np.real(weights) @ one
    if not np.iscomplexobj(x):
        return real
    return real + 1j * (np.imag(weights) @ one - np.imag(x) * ((_T * np.real(weights)) @ one))
