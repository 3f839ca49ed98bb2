"""Whether the committed result of a fit is current, and whether fresh estimates agree with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinetics.cohorts.fit_results import result_path
from kinetics.errors import InputError
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.problem.problem import FitProblem
from kinetics.units import conversion, parse_unit

TOLERANCE = 0.01
"""Relative difference of a fresh estimate from the committed one that passes for agreement."""
ROUNDING = 1e-9
"""The same of numbers that are written with the same ten digits."""


@dataclass(frozen=True)
class EstimateAgreement:
    """How far fresh estimates are from committed ones."""

    largest: float | None
    """The largest relative difference of an estimate; None if there is nothing to compare with."""
    name: str
    """The parameter that differs most, or why there is no comparison."""
    standard_errors: float | None = None
    """The largest difference of the logarithm of an estimate, in committed standard errors of it."""
    is_equal: bool = False
    """Whether all estimates and their standard errors are the committed ones, to the ten digits that are written."""

    @property
    def differs(self) -> bool:
        """Whether the committed result does not stand for this fit."""
        return self.largest is None or self.largest > TOLERANCE

    def __str__(self) -> str:
        if self.largest is None:
            return f"not compared with a committed result: {self.name}"
        verdict = "differ from" if self.differs else "agree with"
        difference = f"the largest difference is {100 * self.largest:.2g} %, of {self.name}"
        return f"The estimates {verdict} the committed result: {difference}."


def agreement(fresh: Estimates, committed: Path) -> EstimateAgreement:
    """Compare fresh estimates with the committed result at a path."""
    if not committed.is_file():
        return EstimateAgreement(None, f"there is no {committed.name}; --save writes it")
    try:
        before = Estimates.read(committed)
    except InputError as error:
        return EstimateAgreement(None, f"{error.faults[0]}; --save writes it anew")
    if sorted(before.names) != sorted(fresh.names):
        return EstimateAgreement(None, f"{committed.name} has other parameters; --save writes it anew")
    rows = [(fresh[name], before[name]) for name in fresh]
    factors = [float(conversion(parse_unit(old.unit), parse_unit(new.unit))) for new, old in rows]
    ratios = np.array([new.value / (old.value * factor) for (new, old), factor in zip(rows, factors, strict=True)])
    new_se, old_se = (np.array([each[side].log_se for each in rows]) for side in (0, 1))
    differences = np.abs(ratios - 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # a committed standard error may be 0
        in_errors = np.where(ratios == 1, 0.0, np.abs(np.log(ratios)) / old_se)
    is_equal = bool((differences <= ROUNDING).all() and np.allclose(new_se, old_se, rtol=ROUNDING, atol=0))
    worst = int(np.argmax(differences))
    return EstimateAgreement(float(differences[worst]), fresh.names[worst], float(np.max(in_errors)), is_equal)


def current_result(problem: FitProblem) -> Estimates | None:
    """The committed result of a problem; None without one, or if it is older than its problem, tables or model.

    `InputError` if its file cannot be read.
    """
    path = result_path(problem.path)
    if not path.is_file():
        return None
    estimates = Estimates.read(path)
    return None if problem.outdated(estimates.facts) else estimates
