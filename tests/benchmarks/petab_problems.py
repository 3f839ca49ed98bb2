"""Objectives and gradients of published problems in PEtab at equal error, here and by peers."""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from clock import pace, repeated
from kinetics import FitProblem
from kinetics.engines import Tolerances
from process import measured, say

__all__ = ["compared", "measure"]

ROOT = Path(__file__).resolve().parents[2]
ORACLES = ROOT.parent / "shared" / "oracles" / "benchmark"
PROBLEMS = ("Boehm_JProteomeRes2014", "Fujita_SciSignal2010", "Weber_BMC2015")
LIMIT = 1e-5
"""The largest error that counts: of a log-likelihood, and of its gradient, |a - b| / (1 + |b|) of any parameter."""
EXACT, SHARE = 1e-12, 1e-5
"""The relative tolerance of what others are compared with, and absolute tolerances over relative ones."""
RELATIVE = tuple(10.0**-power for power in (5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10))
AMICI = ROOT / "build" / "amici" / "bin" / "python"
"""Of an environment of its own: `make amici`."""


def compared(seconds: float) -> dict[str, Any]:
    """All programs in turn; a peer that is not here says so in the place of its rows."""
    ours = measured("petab_problems", seconds=seconds)
    if "failed" in ours:
        return ours
    request = {"seconds": seconds, "problems": [row["problem"] for row in ours["rows"]]}
    say("pyPESTO with libroadrunner")
    answers = [ours, measured("by_pypesto", **request)]
    if AMICI.is_file():
        say("AMICI")
        request["folder"] = str(ROOT / "build" / "benchmarks" / "amici")
        # models are compiled by what the environment has installed
        path = {"PATH": f"{AMICI.parent}:{os.environ['PATH']}"}
        answers.append(measured("by_amici", path, interpreter=str(AMICI), **request))
    else:
        answers.append({"failed": "AMICI is not here: make amici"})
    able = [one for one in answers if "rows" in one]
    return {
        "limit": LIMIT,
        "rows": [_beside(number, ours, one) for number in range(len(PROBLEMS)) for one in able],
        "paces": [one["pace"] for one in able],
        "left_out": [one["failed"] for one in answers if "failed" in one],
    }


def _beside(number: int, ours: dict[str, Any], engine: dict[str, Any]) -> dict[str, Any]:
    """The row of a problem, with how many times longer a peer takes."""
    own, row = ours["rows"][number], engine["rows"][number]
    ratios = {
        f"{kind}_ratio": row[f"{kind}_ms"] / own["objective_ms" if kind == "objective" else "gradient_ms"]
        for kind in ("objective", "gradient", "differences")
        if f"{kind}_ms" in row and engine is not ours
    }
    return {**row, **ratios, "problem": own["name"], "engine": engine["engine"]}


def measure(seconds: float) -> dict[str, Any]:
    """Each problem at its nominal values, at the quickest tolerances that are exact enough.

    Parameters
    ----------
    seconds : float
        How long each objective is repeated.
    """
    if not ORACLES.is_dir():
        return {"failed": "the problems are not here: ../shared/oracles/benchmark"}
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    return {"engine": "lymphokinetics", "pace": pace(), "rows": [_row(name, seconds) for name in PROBLEMS]}


def _row(name: str, seconds: float) -> dict[str, Any]:
    path = ORACLES / name / f"{name}.yaml"
    problem = FitProblem.from_petab(path)
    objective, values = problem.objective, problem.objective.vector()
    rows, by_scale = objective.plan.problem.parameters, {"lin": 0.0 * values + 1.0, "log": values}
    by_scale["log10"] = np.log(10.0) * values
    by_scaled = np.array([by_scale[rows[one].scale][number] for number, one in enumerate(objective.names)])
    exact = replace(objective, tolerances=Tolerances(EXACT, SHARE * EXACT)).at(values, gradient=True)
    slopes, found = exact.gradient * by_scaled, dict[str, dict[str, float]]()
    for relative in RELATIVE:
        ours = replace(objective, tolerances=Tolerances(relative, SHARE * relative))
        at = ours.at(values, gradient=True)
        wrong = np.abs(at.gradient * by_scaled - slopes) / (1.0 + np.abs(slopes))
        errors = {"objective": abs(ours.at(values).llh - exact.llh), "gradient": float(wrong.max())}
        for kind, error in errors.items():
            if error <= LIMIT and kind not in found:
                time = repeated(
                    lambda: ours.at(values, gradient=kind == "gradient"),  # noqa: B023
                    seconds=seconds,
                    least=5,
                )
                found[kind] = {"ms": 1e3 * time["processor"], "error": error, "relative": relative}
    gradient = dict(zip(objective.names, slopes.tolist(), strict=True))
    reference = {"path": str(path), "llh": exact.llh, "gradient": gradient, "limit": LIMIT}
    row = {f"{kind}_{key}": value for kind, one in found.items() for key, value in one.items()}
    return {"name": name, "parameters": values.size, "problem": reference, **row}
