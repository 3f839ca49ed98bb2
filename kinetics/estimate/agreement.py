"""Whether fresh estimates agree with the committed result of the same fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kinetics.errors import InputError
from kinetics.estimate.estimates import Estimates
from kinetics.units import conversion, parse_unit

TOLERANCE = 0.01
"""Relative difference of a fresh estimate from the committed one that passes for agreement."""


@dataclass(frozen=True)
class EstimateAgreement:
    """How far fresh estimates are from committed ones."""

    largest: float | None
    """The largest relative difference of an estimate; None if there is nothing to compare with."""
    name: str
    """The parameter that differs most, or why there is no comparison."""

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
    differences = {}
    for name, row in fresh.by_name.items():
        factor = float(conversion(parse_unit(before.by_name[name].unit), parse_unit(row.unit)))
        differences[name] = abs(row.value / (before.by_name[name].value * factor) - 1)
    worst = max(differences, key=differences.__getitem__)
    return EstimateAgreement(differences[worst], worst)
