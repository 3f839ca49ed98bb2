"""What the objectives of a typical patient and of a population share: bounds, priors, and arms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from kinetics.estimate.problem.problem import FitProblem
from kinetics.published.typical import Target
from kinetics.regimen import Segments, segments

__all__ = ["BaseObjective"]

T = TypeVar("T", bound=Target)


class BaseObjective:
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

    def with_priors(
        self, log_parameters: np.ndarray, residual: np.ndarray, jacobian: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Residuals of rows, then of the priors, (residual,), and their Jacobian, (residual, parameter)."""
        prior = ((log_parameters - self.start) / self.prior_sd)[self.with_prior]
        return np.concatenate([residual, prior]), np.vstack([jacobian, np.diag(1 / self.prior_sd)[self.with_prior]])

    def log_prior(self, log_parameters: np.ndarray) -> float:
        """The log density of the priors, without the constant."""
        return -0.5 * float(np.sum(((log_parameters - self.start) / self.prior_sd) ** 2))

    def _estimates(self, log_parameters: np.ndarray) -> dict[str, float]:
        return dict(zip(self.names, np.exp(log_parameters).tolist(), strict=True))

    def _by_arm(self, targets: Sequence[T]) -> list[list[T]]:
        """The targets of one cohort under one regimen together: one simulation gives them all."""
        arms: dict[tuple[str, str], list[T]] = defaultdict(list)
        for target in targets:
            arms[target.row.cohort, target.regimen.content_hash].append(target)
        return list(arms.values())

    def _plan(self, target: Target, until: float) -> Segments:
        model = self.problem.model
        doses = {name: dose.unit for name, dose in model.doses.items()}
        return segments(target.regimen, doses, model.time, until)
