"""What a fit held at other values than its own, and how its estimates move with that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinetics.cohorts.lineage import committed_result
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search import AnyObjective
from kinetics.estimate.uncertainty.covariance import Uncertainty


def _earlier(problem: FitProblem, cohorts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Parameters held at the estimates of earlier fits, by dotted name: flat name, and the cohort that holds them."""
    free = {parameter.flat for parameter in problem.free}
    results: dict[Path, Estimates] = {}
    earlier: dict[str, tuple[str, str]] = {}
    for cohort in cohorts:
        for name in problem.fits_before(cohort):
            path = committed_result(problem.model, name, cohort)
            if path not in results:
                results[path] = Estimates.read(path)
            flats = zip(results[path].names, results[path].by_flat_name(problem.model), strict=True)
            earlier |= {parameter: (flat, cohort) for parameter, flat in flats if flat not in free}
    return earlier


def with_response(
    objective: AnyObjective, optimum: np.ndarray, at_best: Uncertainty, cohorts: Sequence[str]
) -> dict[str, Any]:
    """The fields of `Estimates` on what was held: estimates of earlier fits, and priors that the optimum moves with."""
    problem = objective.problem
    earlier, free = _earlier(problem, cohorts), {parameter.flat for parameter in problem.free}
    known = free | {flat for flat, _ in earlier.values()}
    resting = [(flat, cohort) for cohort in cohorts for flat in problem.cohorts[cohort].priors]
    held = earlier | {flat: (flat, cohort) for flat, cohort in resting if flat not in known}
    response = _response(objective, optimum, at_best, [flat for flat, _ in held.values()])
    kept = [index for index, name in enumerate(held) if name in earlier or response[:, index].any()]
    values = [problem.cohorts[cohort].estimable[flat] for flat, cohort in held.values()]
    return {
        "earlier": tuple(name for index, name in enumerate(held) if index in kept),
        "earlier_values": np.array([values[index] for index in kept]),
        "response": response[:, kept],
    }


def _response(objective: AnyObjective, optimum: np.ndarray, at_best: Uncertainty, held: Sequence[str]) -> np.ndarray:
    """How the optimum moves with parameters that are held, (parameter, held).

    B = -(J'J)^-1 J' K, with J and K the Jacobians of the fitted rows by the free and by the held parameters.
    """
    if not held:
        return np.zeros((optimum.size, 0))
    both = objective.rows(optimum, [*objective.names, *held]).jacobian
    by_free, by_held = both[:, : optimum.size], both[:, optimum.size :]
    return -at_best.covariance @ by_free.T @ by_held
