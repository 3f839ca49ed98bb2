"""What objectives share: bounds and priors, and of those that are no sum of squares, likelihood and gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from kinetics.estimate.problem.problem import FitProblem
from kinetics.published import Target
from kinetics.published.likelihoods import PredictedSummary


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


@dataclass(frozen=True, eq=False)
class Linearised:
    """The likelihood of all fitted rows about a point.

    ``gradient``, (name,), are its derivatives by the logarithms of named estimates. One array a study: ``errors``,
    (number,), published minus expected; their ``covariances``, (number, number); their ``jacobians``, (number, name).
    """

    log_likelihood: float
    gradient: np.ndarray
    errors: list[np.ndarray]
    covariances: list[np.ndarray]
    jacobians: list[np.ndarray]


class LikelihoodObjective(BaseObjective):
    """A log posterior with an exact gradient, as a function of the logarithms of the free parameters.

    Methods raise IntegrationError if the model, or too many patients, cannot be simulated.
    """

    close: ClassVar[float] = 1e-6
    """A step of a search that promises less than this of the log posterior is none."""

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        self.evaluations: dict[bytes, Linearised] = {}
        """What was computed before, by the bytes of the logarithms: a repeated search takes it from here."""
        self.on_evaluation: Callable[[bytes, Linearised], None] = lambda key, evaluation: None
        """Called with what is computed anew."""

    @abstractmethod
    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """The log posterior, without gradient."""

    @abstractmethod
    def linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, computed anew."""

    @abstractmethod
    def predicted(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> tuple[PredictedSummary, ...]:
        """What the model says of each target, and where a study of its size lies."""

    def linearised(self, log_parameters: np.ndarray, names: Sequence[str] | None = None) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, by default the free ones."""
        if names is not None and list(names) != self.names:
            return self.linearise(log_parameters, names)
        key = log_parameters.tobytes()
        if key not in self.evaluations:
            self.evaluations[key] = self.linearise(log_parameters, self.names)
            self.on_evaluation(key, self.evaluations[key])
        return self.evaluations[key]

    def best(self) -> np.ndarray:
        """The parameters, (parameter,), of the largest log posterior that was computed."""
        heights = {
            key: evaluation.log_likelihood + self.log_prior(np.frombuffer(key))
            for key, evaluation in self.evaluations.items()
        }
        return np.exp(np.frombuffer(max(heights, key=heights.__getitem__)))

    def rows(self, log_parameters: np.ndarray, names: Sequence[str]) -> Residuals:
        """Errors in units of their standard errors, independent, with derivatives by named estimates."""
        at = self.linearised(log_parameters, names)
        errors, jacobians = [], []
        for error, joint, jacobian in zip(at.errors, at.covariances, at.jacobians, strict=True):
            root = np.linalg.cholesky(joint)
            errors.append(np.linalg.solve(root, error))
            jacobians.append(np.linalg.solve(root, jacobian))
        return Residuals(np.concatenate(errors), np.vstack(jacobians))
