"""Means and covariance matrix of the measurements of n subjects, as those of a normal sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.errors import InputError


@dataclass(frozen=True, eq=False)
class JointNormal:
    r"""The likelihood of n subjects of whom mean and covariance matrix are published.

    If the :math:`k` measurements of a subject are normal with mean :math:`\mu` and covariance :math:`P`, mean
    :math:`m` and covariance :math:`V` (with divisor :math:`n`) are sufficient, and

    .. math::
        -2 \ln L = n\,[\,k \ln 2\pi + \ln\det P + \operatorname{tr}(P^{-1} V) + (m-\mu)^T P^{-1} (m-\mu)\,]

    (Anderson 2003, An Introduction to Multivariate Statistical Analysis, 3.2; as a fit of summaries, Välitalo 2021, doi
    10.1007/s10928-021-09760-1).

    Parameters
    ----------
    n : int
        Subjects.
    mean : ndarray, (measurement,)
        Their mean.
    covariance : ndarray, (measurement, measurement)
        Their sample covariance, with divisor n - 1, as publications and programs have it.

    Raises
    ------
    InputError
        If the covariance is not positive definite.

    Examples
    --------
    >>> one = JointNormal(4, np.array([1.0]), np.array([[4 / 3]]))
    >>> values = np.array([0.0, 0.0, 2.0, 2.0])
    >>> of_each = -2 * np.sum(-0.5 * (values - 0.5) ** 2 / 3 - 0.5 * np.log(2 * np.pi * 3))
    >>> bool(np.isclose(one.minus_2_log_likelihood(np.array([0.5]), np.array([[3.0]])), of_each))
    True
    """

    n: int
    mean: np.ndarray
    covariance: np.ndarray

    def __post_init__(self) -> None:
        if not np.linalg.eigvalsh(self.covariance)[0] > 0:
            raise InputError("the covariance is not positive definite")

    @property
    def maximum_likelihood_covariance(self) -> np.ndarray:
        """The covariance with divisor n, (measurement, measurement)."""
        return self.covariance * (self.n - 1) / self.n

    def minus_2_log_likelihood(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """Of subjects with an expected mean, (measurement,), and covariance, (measurement, measurement).

        Infinite where the covariance is not positive definite.
        """
        about = self.about(mean)
        sign, log_determinant = np.linalg.slogdet(covariance)
        if sign <= 0 or not np.linalg.eigvalsh(covariance)[0] > 0:
            return np.inf
        trace = float(np.trace(np.linalg.solve(covariance, about)))
        return self.n * (self.mean.size * float(np.log(2 * np.pi)) + float(log_determinant) + trace)

    def about(self, mean: np.ndarray) -> np.ndarray:
        """The mean product of deviations from an expected mean, (measurement, measurement)."""
        difference = self.mean - mean
        return self.maximum_likelihood_covariance + np.outer(difference, difference)

    def log_likelihood_gradient(
        self, mean: np.ndarray, covariance: np.ndarray, by_mean: np.ndarray, by_covariance: np.ndarray
    ) -> np.ndarray:
        """The gradient of the log likelihood, (parameter,).

        ``by_mean``, (parameter, measurement), and ``by_covariance``, (parameter, measurement, measurement), are
        derivatives of what is expected.
        """
        inverse = np.linalg.inv(covariance)
        pull = inverse @ (self.about(mean) - covariance) @ inverse
        return self.n * (by_mean @ inverse @ (self.mean - mean) + 0.5 * np.einsum("ij,aij->a", pull, by_covariance))

    def whitened(
        self, mean: np.ndarray, covariance: np.ndarray, by_mean: np.ndarray, by_covariance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        r"""Errors in units of their standard errors, (number,), and their derivatives, (number, parameter).

        With :math:`P = LL^T` they are :math:`\sqrt n\,L^{-1}(m-\mu)` and :math:`\sqrt{n/2}\,L^{-1}(V-P)L^{-T}`; the
        squares of the derivatives sum to the Fisher information.
        """
        root = np.linalg.inv(np.linalg.cholesky(covariance))
        errors = [
            np.sqrt(self.n) * root @ (self.mean - mean),
            np.sqrt(self.n / 2) * (root @ (self.maximum_likelihood_covariance - covariance) @ root.T).ravel(),
        ]
        slopes = [
            -np.sqrt(self.n) * root @ by_mean.T,
            -np.sqrt(self.n / 2) * (root @ by_covariance @ root.T).reshape(len(by_mean), -1).T,
        ]
        return np.concatenate(errors), np.vstack(slopes)
