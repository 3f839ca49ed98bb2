"""Gauss-Newton in a box of trust: the largest log posterior of facts, which are slow and move in small steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.search.search import Search

LONGEST, SHORTEST = 1.0, 0.02
"""How far a step moves a logarithm: beyond, residuals are not linear; within, simulations jump."""

STEPS = 60

ROUGH = 0.125
"""A step that promises less, half a standard error, and gains nothing at any length is within what simulations jump."""


def search_by_gauss_newton(
    objective: LikelihoodObjective,
    start: np.ndarray,
    moving: np.ndarray,
    on_evaluation: Callable[[str], None] | None = None,
) -> Search:
    r"""Climb from the logarithms of a start to the largest log posterior; only the parameters of some indices move.

    Each step solves the least squares of the linear residuals in a box about the point, within the bounds (Bjorck 1996,
    Numerical Methods for Least Squares Problems, 9.2). The box is four times smaller after a step that gains nothing,
    and twice as large, up to `LONGEST`, after one that does. The search ends where a step promises, or gains, less than
    `LikelihoodObjective.close`, or the box is smaller than `SHORTEST`. Only points that gain need a Jacobian.
    """
    x, radius = start.copy(), LONGEST
    try:
        height = objective.log_posterior(x)
        for _ in range(STEPS):
            if on_evaluation is not None:
                on_evaluation(f"log posterior {height:.6g}")
            step, promise = _step(objective, x, moving, radius)
            if promise < objective.close and radius == LONGEST:
                return Search(start, x, -height, True, "no step promises more")
            gain = _height(objective, x + step) - height
            if gain > 0:
                x, height, radius = x + step, height + gain, min(LONGEST, 2 * radius)
                if gain < objective.close and promise < ROUGH:
                    return Search(start, x, -height, True, "no step gains more")
            elif (radius := radius / 4) < SHORTEST:
                _, promise = _step(objective, x, moving, LONGEST)
                return Search(start, x, -height, promise < ROUGH, "no step gains anything")
    except IntegrationError as error:
        return Search(start, x, np.inf, False, str(error))
    return Search(start, x, -height, False, f"no end after {STEPS} steps")


def _step(objective: LikelihoodObjective, x: np.ndarray, moving: np.ndarray, radius: float) -> tuple[np.ndarray, float]:
    """The step to the least squares of the linear residuals, (parameter,), and the gain that it promises."""
    # slow to import, and only a search needs it
    from scipy.optimize import lsq_linear

    values, jacobian = objective.residuals(x)
    below, above = (np.clip(bound - x, -radius, radius) for bound in (objective.lower, objective.upper))
    # an interval without inside is none
    free = moving[(above - below)[moving] > 0]
    step = np.zeros(x.size)
    if free.size:
        step[free] = lsq_linear(jacobian[:, free], -values, (below[free], above[free])).x
    linear = values + jacobian @ step
    return step, 0.5 * float(values @ values - linear @ linear)


def _height(objective: LikelihoodObjective, x: np.ndarray) -> float:
    """The log posterior; minus infinity where the model cannot be simulated."""
    try:
        return objective.log_posterior(np.clip(x, objective.lower, objective.upper))
    except IntegrationError:
        return -np.inf
