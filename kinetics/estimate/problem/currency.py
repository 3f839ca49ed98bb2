"""Whether estimates still belong to their fit problem: hashes of its model and data, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinetics.cohorts.fit_results import in_model_units, warn_of_result
from kinetics.errors import InputError
from kinetics.estimate.problem.problem import FitProblem
from kinetics.units import unit_text

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

__all__ = ["outdated", "outside_bounds", "warn_of_problem"]

ROUNDING = 1e-6
"""Relative; a committed result has ten digits."""


def outdated(facts: Mapping[str, Any], problem: FitProblem) -> list[str]:
    """What has changed since the fit with those `Estimates.facts`: ``problem or tables``, ``model``."""
    now = (
        ("data_hash", "problem or tables", problem.data_hash),
        ("model_hash", "model", problem.model.content_hash),
    )
    return [what for key, what, current in now if facts.get(key) != current]


def outside_bounds(values: Mapping[str, float], problem: FitProblem) -> list[tuple[str, str]]:
    """The name of each estimate outside its bounds, with what to say of it; ``values`` are by flat name."""
    return [
        (
            free.name,
            f"{values[free.flat]:.10g} is outside its bounds {free.lower:g} to {free.upper:g} {unit_text(free.unit)}",
        )
        for free in problem.free
        if free.flat in values and not free.lower * (1 - ROUNDING) <= values[free.flat] <= free.upper * (1 + ROUNDING)
    ]


def warn_of_problem(estimates: Estimates, committed: Path, problem: FitProblem | Path) -> None:
    """Warn if estimates from a committed result are older than the data of their problem, or outside its bounds.

    Whoever simulates with them warns if they are older than the model.
    """
    try:
        problem = problem if isinstance(problem, FitProblem) else FitProblem.load(problem)
        outside = outside_bounds(in_model_units(problem.model, estimates.rows), problem)
    except InputError as error:
        warn_of_result(committed, f"not compared with its problem: {error.faults[0]}")
        return
    for name, message in outside:
        warn_of_result(committed, f"{name}: {message}")
    if estimates.facts["data_hash"] not in ("", problem.data_hash):
        warn_of_result(committed, "older than its problem or tables", again=True)
