"""Objectives of problems in PEtab by pyPESTO, which simulates with libroadrunner (the extra `peers`)."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import warnings
from typing import Any

import numpy as np

from clock import pace, repeated

__all__ = ["measure"]

TOLERANCES = tuple(10.0**-power for power in range(6, 13))
"""Relative ones; absolute ones are a ten-thousandth of them."""


def measure(problems: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Each problem at its nominal values, at the largest tolerance that is exact enough.

    It has no gradient: one-sided differences ask once more for each parameter, and their error is not measured.

    Parameters
    ----------
    problems : list of dict
        See `by_amici.measure`.
    seconds : float
        How long each objective is repeated.
    """
    try:
        import roadrunner
        from pypesto.petab import PetabImporter
    except ImportError as reason:
        return {"failed": f"pyPESTO and libroadrunner are not here: {reason}"}
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("pypesto", "libroadrunner")]
    with contextlib.redirect_stderr(None):
        rows = [_row(one, PetabImporter, seconds) for one in problems]
    return {"engine": " with ".join(versions), "pace": pace(), "rows": rows}


def _row(problem: dict[str, Any], importer: Any, seconds: float) -> dict[str, Any]:
    from petab.v1 import Problem

    try:
        objective = importer.from_yaml(problem["path"], simulator_type="roadrunner").create_problem().objective
        at = np.array(Problem.from_yaml(problem["path"]).x_nominal_free_scaled)
        for relative in TOLERANCES:
            objective.solver_options.relative_tolerance = relative
            objective.solver_options.absolute_tolerance = 1e-4 * relative
            error = abs(-objective(at) - problem["llh"])
            if error <= problem["limit"]:
                time = 1e3 * repeated(lambda: objective(at), seconds=seconds, least=5)["processor"]
                row = {"objective_ms": time, "objective_error": error, "objective_relative": relative}
                return row | {"differences_ms": (at.size + 1) * time}
    except Exception as reason:  # whatever the peer cannot do is a result, not a fault of the benchmark
        return {"reason": f"{type(reason).__name__}: {reason!s:.80}"}
    return {"reason": "no tolerance is exact enough"}
