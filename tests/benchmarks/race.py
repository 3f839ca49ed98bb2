"""One engine at the setting it is compared at: one patient, and a thousand."""

from __future__ import annotations

import importlib
from typing import Any

from clock import pace, repeated
from kinetics.engines import Tolerances
from ladder import COHORT, TOGETHER
from workload import load_workload

__all__ = ["measure"]


def measure(engine: str, relative: float, absolute: float, seconds: float, sampled: int) -> dict[str, Any]:
    """Time it.

    Parameters
    ----------
    engine : str
        A module of this folder.
    relative, absolute : float
        Tolerances.
    seconds : float
        How long to repeat each.
    sampled : int
        Random patients that stand for a thousand, of an engine that takes one after the other.
    """
    work, tolerances = load_workload(), Tolerances(relative, absolute)
    solver = importlib.import_module(engine).Engine(work)
    before = pace()
    typical = work.typical(COHORT)[None]
    one = repeated(lambda: solver.outputs(typical, tolerances, work.months), seconds=seconds, least=7)
    number = TOGETHER if solver.together else sampled
    patients = work.patients(COHORT, number)
    many = repeated(lambda: solver.outputs(patients, tolerances, work.months), seconds=seconds, least=3)
    return {
        "pace": [before, pace()],
        "one_ms": 1e3 * one["least"],
        "one_median_ms": 1e3 * one["median"],
        "one_processor_ms": 1e3 * one["processor"],
        "measured_patients": number,
        "thousand_s": many["least"] * TOGETHER / number,
        "thousand_median_s": many["median"] * TOGETHER / number,
        "thousand_processor_s": many["processor"] * TOGETHER / number,
        "repeats": [one["repeats"], many["repeats"]],
    }
