"""Bounded least squares from several starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from kinetics.errors import IntegrationError
from kinetics.estimate.objective import Objective

__all__ = ["Search", "search"]

START_SD = 0.5
FAR = 1e3


@dataclass(frozen=True)
class Search:
    """One search.

    Parameters
    ----------
    start, end : ndarray, (parameter,)
        Logarithms of the parameters where it began and ended.
    cost : float
        Half the sum of squared residuals at the end.
    converged : bool
        Whether it ended by its own criterion.
    message : str
        Why it ended.
    """

    start: np.ndarray
    end: np.ndarray
    cost: float
    converged: bool
    message: str


def search(
    objective: Objective, progress: Callable[[str], None] | None = None, done: tuple[Search, ...] = ()
) -> tuple[Search, ...]:
    """Search from the given start and from others drawn about it.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    progress : callable, optional
        Called with a line of text after each evaluation.
    done : tuple of Search
        Searches of an earlier, interrupted call; they are not repeated.

    Returns
    -------
    tuple of Search
        In the order of their starts. A KeyboardInterrupt ends the list after the searches that are complete; if none is, it is raised.

    Notes
    -----
    scipy's trust-region reflective algorithm (Branch, Coleman, Li 1999, doi 10.1137/S1064827595289108) on logarithms, with the exact Jacobian.
    """
    searches = list(done)
    try:
        for index in range(len(searches), objective.problem.starts):
            searches.append(_one(objective, _start(objective, index), index, progress))
    except KeyboardInterrupt:
        if not searches:
            raise
    return tuple(searches)


def _start(objective: Objective, index: int) -> np.ndarray:
    """The first start is the model's own values; others scatter about it, keyed by the seed and their number."""
    if index == 0:
        return objective.start
    generator = np.random.default_rng(np.random.SeedSequence((objective.problem.seed, index)))
    width = np.where(objective.with_prior, np.minimum(objective.prior_sd, START_SD), START_SD)
    drawn = objective.start + width * generator.standard_normal(objective.start.size)
    margin = 1e-3 * (objective.upper - objective.lower)
    return np.clip(drawn, objective.lower + margin, objective.upper - margin)


def _one(objective: Objective, start: np.ndarray, index: int, progress: Callable[[str], None] | None) -> Search:
    latest: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def both(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = x.tobytes()
        if key not in latest:
            try:
                pair = objective.residuals(x)
            except IntegrationError:
                size = len(objective.problem.fitted) + int(objective.with_prior.sum())
                pair = np.full(size, FAR), np.zeros((size, x.size))
            latest.clear()
            latest[key] = pair
            if progress is not None:
                progress(f"start {index + 1} of {objective.problem.starts}, cost {0.5 * float(pair[0] @ pair[0]):.6g}")
        return latest[key]

    found = least_squares(
        lambda x: both(x)[0],
        start,
        jac=lambda x: both(x)[1],  # pyright: ignore[reportArgumentType]
        bounds=(objective.lower, objective.upper),
        method="trf",
        x_scale="jac",
        xtol=1e-7,
        ftol=1e-9,
        gtol=1e-9,
        max_nfev=200,
    )
    return Search(start, found.x, float(found.cost), found.status > 0, found.message)
