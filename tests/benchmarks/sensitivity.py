"""Ten exact sensitivities: their cost against a plain solve, and their error against differences of high order."""

from __future__ import annotations

from typing import Any

import numpy as np

from by_batch import Engine
from clock import pace, repeated
from gradient import varying_parameters
from kinetics.engines import Tolerances
from kinetics.engines.batch import integrate, integrate_with_sensitivities
from ladder import COHORT
from workload import Workload, load_workload

__all__ = ["measure"]

ROUNDS = 5
STEP = 1e-2  # relative; smaller ones drown in the noise of the solutions they are taken of
SMALL = 1e-6
TIGHT = Tolerances(relative=1e-12, absolute=1e-16)
# central differences of order 6: Fornberg 1988, Mathematics of Computation 51:699
STENCIL = np.array([[-3, -1 / 60], [-2, 3 / 20], [-1, -3 / 4], [1, 3 / 4], [2, -3 / 20], [3, 1 / 60]])


def measure(seconds: float) -> dict[str, Any]:
    """One patient, at the same tolerances with and without; rounds in turn, so that both meet the same machine."""
    work = load_workload()
    cohort = work.cohort(COHORT)
    parameters = work.system.parameter_array(cohort.values)
    constants = work.system.constants(parameters)
    names = varying_parameters()
    rounds = []
    for _ in range(ROUNDS):
        plain = repeated(lambda: integrate(work.reduced, constants, work.segments), seconds=seconds, least=7)
        exact = repeated(
            lambda: integrate_with_sensitivities(work.reduced, parameters, names, work.segments),
            seconds=seconds,
            least=7,
        )
        rounds.append((plain["processor"], exact["processor"]))
    plain_s, exact_s = np.array(rounds).T
    return {
        "pace": pace(),
        "parameters": names,
        "plain_ms": 1e3 * float(plain_s.min()),
        "with_sensitivities_ms": 1e3 * float(exact_s.min()),
        "ratio": float(np.median(exact_s / plain_s)),
        "ratio_of_each_round": (exact_s / plain_s).tolist(),
        "error": _error(work, parameters, names),
    }


def _error(work: Workload, parameters: np.ndarray, names: list[str]) -> float:
    """The largest difference of an output's derivative by a parameter from its differences, by the peak of both.

    Where a parameter moves an output by less than a millionth of itself there is nothing to compare.
    """
    columns = [work.system.parameters.index(name) for name in names]
    moved = np.repeat(parameters[None], len(names) * len(STENCIL), axis=0).reshape(len(names), len(STENCIL), -1)
    for row, column in enumerate(columns):
        moved[row, :, column] *= 1 + STEP * STENCIL[:, 0]
    constants = np.array([work.system.constants(one) for one in moved.reshape(-1, parameters.size)])
    outputs = Engine(work).outputs(constants, TIGHT, work.checked).reshape(*moved.shape[:2], work.checked.size, -1)
    expected = np.einsum("s,psto->top", STENCIL[:, 1], outputs) / (STEP * parameters[columns])
    found = integrate_with_sensitivities(work.reduced, parameters, names, work.segments).output_gradient(work.checked)
    peaks = np.abs(expected).max(axis=0)
    matters = peaks * np.abs(parameters[columns]) > SMALL * outputs.max(axis=(0, 1, 2))[:, None]
    errors = np.abs(found - expected).max(axis=0) / np.where(peaks > 0, peaks, 1.0)
    return float(errors[matters].max())
