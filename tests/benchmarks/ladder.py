"""Error and time of one engine at each of its tolerances, and its time at the one that is compared."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np

from clock import pace, repeated
from kinetics.engines import Tolerances
from reference import truth
from workload import COHORTS, LIMIT, load_workload, worst_errors

__all__ = ["ENGINES", "absent", "cheapest", "measure"]

ENGINES = ("by_batch", "by_scipy", "by_casadi")
TOGETHER = 1000
COHORT = COHORTS[0]


_PACKAGES = {"by_casadi": ("casadi", "bench"), "cluster": ("distributed", "cluster")}
"""What a module needs, and the extra that installs it."""


def absent(module: str) -> str:
    """Why a module of this folder cannot run here, or nothing."""
    package, extra = _PACKAGES.get(module, ("", ""))
    if package and importlib.util.find_spec(package) is None:
        return f"{package} is not installed (the extra '{extra}')"
    return ""


def cheapest(steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The quickest setting whose error is at most the limit."""
    return min((step for step in steps if step["error"] <= LIMIT), key=lambda step: step["one_ms"], default=None)


def measure(engine: str, patients: int) -> dict[str, Any]:
    """Climb the ladder.

    Parameters
    ----------
    engine : str
        A module of this folder.
    patients : int
        How many of the sample the errors are taken over.
    """
    work = load_workload()
    solver = importlib.import_module(engine).Engine(work)
    sample, exact = work.sample(COHORT, patients), truth(COHORT, patients)
    steps = []
    for relative in solver.relative:
        for share in solver.absolute:
            tolerances = Tolerances(relative, relative * share)
            errors = worst_errors(solver.outputs(sample, tolerances, work.checked), exact)
            patient, output = np.unravel_index(errors.argmax(), errors.shape)
            took = repeated(lambda: solver.outputs(sample[:1], tolerances, work.months), seconds=0.3, least=5)  # noqa: B023
            steps.append(
                {
                    "relative": relative,
                    "absolute": tolerances.absolute,
                    "error": float(errors[patient, output]),
                    "typical_error": float(errors[0].max()),
                    "worst_output": work.system.outputs[output],
                    "one_ms": 1e3 * took["least"],
                    "one_median_ms": 1e3 * took["median"],
                }
            )
    return {"engine": solver.name, "about": solver.about, "pace": pace(), "patients": patients, "steps": steps}
