r"""The normal distribution at complex arguments, for derivatives by a complex step.

A function of complex numbers that is real on the real line has the derivative
:math:`f'(x) = \operatorname{Im} f(x + ih)/h` to rounding, with :math:`h` as small as one likes (Squire and Trapp 1998,
doi 10.1137/S003614459631241X). Summaries are computed so: they hold no branch on an imaginary part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

STEP = 1e-30
"""The imaginary step: its square vanishes beside any real part."""


def density(z: Any) -> Any:
    """The standard normal density, same shape.

    >>> round(float(density(0.0)), 6)
    0.398942
    """
    return np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)


def cumulative(z: Any) -> Any:
    """The standard normal distribution function, same shape; first order in the imaginary part.

    >>> bool(np.isclose(cumulative(0.0 + 1e-30j).imag / 1e-30, density(0.0)))
    True
    """
    if not np.iscomplexobj(z):
        return ndtr(z)
    return ndtr(z.real) + 1j * z.imag * density(z.real)


def log(x: Any) -> Any:
    """The natural logarithm of a number; minus infinity, and no warning, if its real part is not positive.

    >>> float(log(1.0)), log(0j)
    (0.0, -inf)
    """
    return np.log(x) if np.real(x) > 0 else -np.inf


def log_density_of_normals(error: np.ndarray, covariance: np.ndarray) -> Any:
    """The log density of normal errors about zero, (k,), by their covariance, (k, k); both may be complex.

    Minus infinity if the real part of the covariance is not positive definite.
    """
    try:
        np.linalg.cholesky(np.real(covariance))
    except np.linalg.LinAlgError:
        return -np.inf
    sign, log_size = np.linalg.slogdet(covariance)
    log_determinant = np.log(sign) + log_size if np.iscomplexobj(covariance) else log_size
    return -0.5 * (error @ np.linalg.solve(covariance, error) + log_determinant + error.size * np.log(2 * np.pi))
