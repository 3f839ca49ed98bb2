"""Published problems in PEtab fitted from 20 starts, beside what pyPESTO with AMICI has published of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from clock import pace
from kinetics import FitProblem, fit

__all__ = ["ORACLES", "measure"]

ORACLES = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "benchmark"
CORE_SECONDS = 12 * 8640
"""Of each of the ten runs of pyPESTO's fides with AMICI: Grein, Penas, Weindl, Lakrisenko, Banga and Hasenauer (2026),
doi 10.5281/zenodo.21296723, data/successful_starts.json and data/problem_overview_table.csv."""
PUBLISHED = {"Boehm_JProteomeRes2014": (138.2220, 5531.0), "Crauste_CellSystems2017": (190.4571, 1010.1)}
"""Of each problem: the lowest negative log-likelihood of any run there, and how many starts of a run came within 1.92
of it, on average."""


def measure(seeds: list[int]) -> dict[str, Any]:
    """Each problem with each seed, by the default search.

    Parameters
    ----------
    seeds : list of int
        Of the starts.
    """
    if not ORACLES.is_dir():
        return {"failed": "the problems are not here: ../shared/oracles/benchmark"}
    return {"pace": pace(), "fits": [_fitted(name, seed) for name in PUBLISHED for seed in seeds]}


def _fitted(name: str, seed: int) -> dict[str, Any]:
    problem = FitProblem.from_petab(ORACLES / name / f"{name}.yaml")
    problem.objective(gradient=True)  # compiled
    begin = time.process_time()
    found = fit(problem, starts=20, seed=seed)
    seconds = time.process_time() - begin
    heights = [one.log_posterior for one in found.searches]
    best, successes = PUBLISHED[name]
    reached = sum(one > -best - 1.92 for one in heights)
    return {
        "problem": name,
        "seed": seed,
        "log_likelihood": max(heights),
        "same": found.agreeing,
        "reached": reached,
        "evaluations": sum(one.evaluations for one in found.searches),
        "seconds": seconds,
        "seconds_of_one": seconds / reached if reached else None,
        "published_seconds_of_one": CORE_SECONDS / successes,
    }
