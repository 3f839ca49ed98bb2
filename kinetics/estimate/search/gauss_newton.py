"""Damped Gauss-Newton: the largest log posterior of facts, of which an evaluation is slow and moves in small steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.search.search import Search

LONGEST = 1.0
"""A step moves no logarithm further: beyond, residuals are not linear."""

DAMPING = (1.0, 0.5, 0.25, 0.125)
"""What shares of a step are tried."""

ITERATIONS = 30

ROUGH = 0.125
"""A step that promises less, half a standard error, and gains nothing at any length is within what simulations jump."""


def search_by_gauss_newton(
    objective: LikelihoodObjective,
    start: np.ndarray,
    moving: np.ndarray,
    on_evaluation: Callable[[str], None] | None = None,
) -> Search:
    r"""Climb from the logarithms of a start to the largest log posterior; only the parameters of some indices move.

    Each step solves the least squares of the linear residuals within the bounds (Bjorck 1996, Numerical Methods for
    Least Squares Problems, 9.2), and is halved until the log posterior rises. It ends where a step promises, or gains,
    less than `LikelihoodObjective.close`. Only accepted steps need a Jacobian.
    """
    x = start.copy()
    try:
        height = objective.log_posterior(x)
    except IntegrationError as error:
        return Search(start, start, np.inf, False, str(error))
    for _ in range(ITERATIONS if moving.size else 0):
        if on_evaluation is not None:
            on_evaluation(f"log posterior {height:.6g}")
        step, promise = _step(objective, x, moving)
        if promise < objective.close:
            return Search(start, x, -height, True, "no step promises more")
        after, reached = _climb(objective, x, step, height)
        if reached <= height:
            return Search(start, x, -height, promise < ROUGH, "no step gains anything")
        gain, x, height = reached - height, after, reached
        if gain < objective.close:
            return Search(start, x, -height, True, "no step gains more")
    message = f"no end after {ITERATIONS} steps" if moving.size else "nothing moves"
    return Search(start, x, -height, not moving.size, message)


def _step(objective: LikelihoodObjective, x: np.ndarray, moving: np.ndarray) -> tuple[np.ndarray, float]:
    """The step to the least squares of the linear residuals, (parameter,), and the gain that it promises."""
    # slow to import, and only a search needs it
    from scipy.optimize import lsq_linear

    values, jacobian = objective.residuals(x)
    below, above = (np.clip(bound - x, -LONGEST, LONGEST)[moving] for bound in (objective.lower, objective.upper))
    step = np.zeros(x.size)
    # an interval without inside is none
    inside = above - below > 0
    free = moving[inside]
    solved = lsq_linear(jacobian[:, free], -values, (below[inside], above[inside]))
    step[free] = solved.x
    linear = values + jacobian @ step
    return step, 0.5 * float(values @ values - linear @ linear)


def _climb(objective: LikelihoodObjective, x: np.ndarray, step: np.ndarray, height: float) -> tuple[np.ndarray, float]:
    """The first of the shorter and shorter steps that rises, or where it began, and the log posterior there."""
    for share in DAMPING:
        after = np.clip(x + share * step, objective.lower, objective.upper)
        try:
            reached = objective.log_posterior(after)
        except IntegrationError:
            continue
        if reached > height:
            return after, reached
    return x, height
