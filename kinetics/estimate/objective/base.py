"""What the objectives of a typical patient and of a population share: bounds and priors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kinetics.estimate.problem.problem import FitProblem


class Residuals(NamedTuple):
    """Residuals, (residual,), and their derivatives by the logarithms of named parameters, (residual, name)."""

    values: np.ndarray
    jacobian: np.ndarray


class BaseObjective(ABC):
    """Bounds and normal priors of the logarithms of the free parameters, each an array (parameter,).

    ``names`` are flat, that of a spread ends in ``.spread``; ``start`` is also the centre of the prior; ``prior_sd`` is
    infinite where the prior is flat, and ``with_prior`` says where it is not.
    """

    def __init__(self, problem: FitProblem) -> None:
        self.problem = problem
        self.names = [free.flat for free in problem.free]
        self.start = np.log([free.start for free in problem.free])
        self.lower = np.log([free.lower for free in problem.free])
        self.upper = np.log([free.upper for free in problem.free])
        self.with_prior = np.array([free.log_sd is not None for free in problem.free])
        self.prior_sd = np.array([free.prior_sd for free in problem.free])

    @abstractmethod
    def rows(self, log_parameters: np.ndarray, names: Sequence[str]) -> Residuals:
        """Residuals of the fitted rows, with derivatives by the logarithms of named parameters."""

    def residuals(self, log_parameters: np.ndarray) -> Residuals:
        """Residuals of the fitted rows, then of the priors, with derivatives by the free parameters."""
        rows = self.rows(log_parameters, self.names)
        prior = ((log_parameters - self.start) / self.prior_sd)[self.with_prior]
        by_free = np.diag(1 / self.prior_sd)[self.with_prior]
        return Residuals(np.concatenate([rows.values, prior]), np.vstack([rows.jacobian, by_free]))

    def log_prior(self, log_parameters: np.ndarray) -> float:
        """The log density of the priors, without the constant."""
        return -0.5 * float(np.sum(((log_parameters - self.start) / self.prior_sd) ** 2))

    def _estimates(self, log_parameters: np.ndarray) -> dict[str, float]:
        return dict(zip(self.names, np.exp(log_parameters).tolist(), strict=True))
