"""Where the searches of a PEtab problem begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinetics.interop.petab.scales import scaled

if TYPE_CHECKING:
    from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem

MOST_DRAWS = 30
"""Draws of one start."""


def start_of(problem: PetabFitProblem, number: int) -> np.ndarray:
    """Where a search begins: the first draw that can be simulated, of `MOST_DRAWS`.

    Parameters
    ----------
    problem : PetabFitProblem
        Its seed is that of the draws.
    number : int
        Of the search.

    Returns
    -------
    ndarray, (parameter,)
        In the units of the problem on its scales.
    """
    start = _drawn(problem, number, 0)
    for draw in range(1, MOST_DRAWS):
        if np.isfinite(problem.objective.at(problem.unscaled(start)).llh):
            break
        start = _drawn(problem, number, draw)
    return start


def _drawn(problem: PetabFitProblem, number: int, draw: int) -> np.ndarray:
    """A draw from the priors of starts, within the bounds.

    A parameter without such a prior begins anywhere between its bounds, one without finite bounds at its nominal value.
    """
    generator = np.random.default_rng(np.random.SeedSequence((problem.seed, number, draw)))
    uniform, (lower, upper) = generator.uniform(size=len(problem.names)), problem.bounds
    rows = [problem.tables.parameters[name] for name in problem.names]
    nominal = problem.scaled(np.array([row.nominal for row in rows]))
    start = np.where(np.isfinite(upper - lower), lower + uniform * (upper - lower), nominal)
    for index, row in enumerate(rows):
        if row.start_prior is not None:
            start[index] = scaled(row.start_prior.draw(float(uniform[index])), problem.scales[index])
    return np.clip(start, lower, upper)
