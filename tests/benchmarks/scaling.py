"""Cost against the number of patients: a straight line, if the engine does its work patient by patient."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from by_batch import Engine
from clock import pace
from kinetics.engines import batch
from ladder import COHORT
from process import say
from workload import load_workload

__all__ = ["line", "measure"]

CHUNK = 1000
DRAWN = 2000


def measure(sizes: list[int]) -> dict[str, Any]:
    """Seconds for each number of patients, in chunks of a thousand whose results are dropped.

    Parameters
    ----------
    sizes : list of int
        Increasing. Two thousand patients are drawn and taken again and again; small sizes are repeated.
    """
    work = load_workload()
    solver, drawn = Engine(work), work.patients(COHORT, min(max(sizes), DRAWN))

    def run(size: int) -> float:
        begin = time.perf_counter()
        for done in range(0, size, CHUNK):
            places = np.arange(done, min(done + CHUNK, size)) % len(drawn)
            solver.outputs(drawn[places], batch.TOLERANCES, work.months)
        return time.perf_counter() - begin

    run(1)
    steps = []
    for size in sizes:
        took = [run(size) for _ in range(3 if size <= 10_000 else 1)]
        steps.append({"patients": size, "seconds": min(took), "repeats": len(took)})
        say(f"  {size} patients: {min(took):.3g} s")
    return {"pace": pace(), "steps": steps, "line": line(sizes, [step["seconds"] for step in steps])}


def line(sizes: list[int], seconds: list[float]) -> dict[str, float]:
    """Least squares of seconds = intercept + slope * patients, each size weighed by its own seconds, and the power law.

    Returns
    -------
    dict
        ``slope_ms`` a patient, ``intercept_s``, ``r_squared`` of the relative residuals, ``exponent`` of
        seconds ~ patients^exponent.
    """
    x, y = np.array(sizes, dtype=float), np.array(seconds)
    (intercept, slope), *_ = np.linalg.lstsq(np.column_stack([1 / y, x / y]), np.ones_like(y), rcond=None)
    relative = (intercept + slope * x) / y - 1.0
    spread = np.log(y) - np.log(y).mean()
    exponent = np.polyfit(np.log(x), np.log(y), 1)[0]
    return {
        "slope_ms": 1e3 * float(slope),
        "intercept_s": float(intercept),
        "r_squared": float(1 - (relative**2).sum() / (spread**2).sum()),
        "worst_relative_residual": float(np.abs(relative).max()),
        "exponent": float(exponent),
    }
