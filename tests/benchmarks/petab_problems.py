"""Objectives and gradients of published problems in PEtab, beside pyPESTO, which simulates with libroadrunner."""

from __future__ import annotations

import contextlib
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from clock import pace, repeated
from kinetics import FitProblem

__all__ = ["ORACLES", "measure"]

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "benchmark"
PROBLEMS = ("Boehm_JProteomeRes2014", "Fujita_SciSignal2010", "Weber_BMC2015")
TOLERANCES = tuple(10.0**-power for power in range(6, 13))
"""Relative tolerances of the peer: the first whose error is at most ours counts."""


def measure(seconds: float) -> dict[str, Any]:
    """Each problem at its nominal values.

    Parameters
    ----------
    seconds : float
        How long each objective is repeated.
    """
    if not ORACLES.is_dir():
        return {"failed": "the problems are not here: ../shared/oracles/benchmark"}
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    return {"pace": pace(), "problems": [_problem(name, seconds) for name in PROBLEMS]}


def _problem(name: str, seconds: float) -> dict[str, Any]:
    path = ORACLES / name / f"{name}.yaml"
    problem = FitProblem.from_petab(path)
    objective, values = problem.objective, problem.objective.vector()
    exact = problem.with_settings(engine="scipy").objective.at(values).llh
    error = abs(objective.at(values).llh - exact)
    plain = repeated(lambda: objective.at(values), seconds=seconds, least=5)
    gradient = repeated(lambda: objective.at(values, gradient=True), seconds=seconds, least=5)
    row = {"problem": name, "error": error, "objective_ms": 1e3 * plain["processor"]}
    row |= {"gradient_ms": 1e3 * gradient["processor"]}
    try:
        peer = _peer(path, exact, error, seconds)
    except Exception as reason:  # whatever the peer cannot do is a result, not a fault of the benchmark
        return row | {"reason": f"{type(reason).__name__}: {reason!s:.80}"}
    # the peer has no gradient: one-sided differences ask once more for each parameter
    return row | peer | {"peer_gradient_ms": (values.size + 1) * peer["peer_objective_ms"]}


def _peer(path: Path, exact: float, error: float, seconds: float) -> dict[str, float]:
    """The time of its objective at the first tolerance that is as exact as ours, or at the last."""
    import roadrunner
    from petab.v1 import Problem
    from pypesto.petab import PetabImporter

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    with contextlib.redirect_stderr(None):
        objective = PetabImporter.from_yaml(str(path), simulator_type="roadrunner").create_problem().objective
        at = np.array(Problem.from_yaml(str(path)).x_nominal_free_scaled)
        for relative in TOLERANCES:
            objective.solver_options.relative_tolerance = relative
            objective.solver_options.absolute_tolerance = 1e-4 * relative
            own = abs(-objective(at) - exact)
            if own <= max(error, 1e-9):
                break
        time = repeated(lambda: objective(at), seconds=seconds, least=5)
    return {"peer_error": own, "peer_objective_ms": 1e3 * time["processor"]}
