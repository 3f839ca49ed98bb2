"""How well left-out numbers are predicted: coverage of 90 % intervals, and log scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kinetics.crossvalidation.discrepancy import estimated_classes, sd_of
from kinetics.crossvalidation.estimating import NONE
from kinetics.crossvalidation.folds import KINDS, UNFITTED, Fold
from kinetics.crossvalidation.left_out import FoldResult, LeftOutNumber

LEVEL = 0.9
"""Of the intervals whose coverage is counted."""


@dataclass(frozen=True)
class ScoredNumber:
    """A left-out number beside its predictions, without and with the discrepancy that all other folds tell.

    ``discrepancy_sd`` is of the logarithm. ``reach`` and ``reach_with`` are half the widths of the 90 % intervals,
    ``log_density`` and ``log_density_with`` are of the error, without and with the discrepancy.
    """

    fold: Fold
    left_out: LeftOutNumber
    discrepancy_sd: float
    reach: float
    reach_with: float
    log_density: float
    log_density_with: float

    @property
    def inside(self) -> bool:
        """Whether the interval without the discrepancy holds the published number."""
        return abs(self.left_out.error) <= self.reach

    @property
    def inside_with(self) -> bool:
        """Whether the interval with the discrepancy does."""
        return abs(self.left_out.error) <= self.reach_with

    @property
    def standardised(self) -> float:
        """The error in units of its standard deviation without the discrepancy."""
        return self.left_out.error / math.sqrt(self.left_out.variance)

    def summary(self) -> dict[str, Any]:
        """As plain numbers and texts."""
        own = self.left_out
        return {
            "by": self.fold.by,
            "fold": self.fold.name,
            "row": own.row,
            "output": own.output,
            "number": own.number,
            "error": own.error,
            "sampling_sd": own.sampling_sd,
            "parameter_sd": own.parameter_sd,
            "steps": own.steps,
            "weight": own.weight,
            "discrepancy_sd": self.discrepancy_sd,
            "standardised": self.standardised,
            "informative": own.informative,
            "inside": self.inside,
            "inside_with": self.inside_with,
            "log_density": self.log_density,
            "log_density_with": self.log_density_with,
        }


def scored_numbers(results: Sequence[FoldResult]) -> Iterator[ScoredNumber]:
    """Every left-out number; the discrepancy of a fold is estimated without the rows of that fold."""
    for result in results:
        if result.numbers:
            classes = estimated_classes(results, result.fold.rows)
            for one in result.numbers:
                discrepancy, variance = sd_of(classes, one.output, one.steps, one.number), one.variance
                yield ScoredNumber(
                    result.fold,
                    one,
                    discrepancy.log_sd,
                    NONE.reach(variance, LEVEL),
                    discrepancy.reach(variance, LEVEL),
                    NONE.log_density(one.error, variance),
                    discrepancy.log_density(one.error, variance),
                )


def score_rows(numbers: Sequence[ScoredNumber]) -> list[Mapping[str, Any]]:
    """One row a kind of fold: how many numbers, coverage as shares of those that the rest predicts, and log scores.

    The numbers of one finding count as one in shares and scores.
    """
    rows = list[Mapping[str, Any]]()
    for by in (*KINDS, UNFITTED):
        own = [one for one in numbers if one.fold.by == by]
        informative = [one for one in own if one.left_out.informative]
        if own:
            rows.append(
                {
                    "by": by,
                    "folds": len({one.fold.name for one in own}),
                    "numbers": len(own),
                    "findings": round(sum(one.left_out.weight for one in own)),
                    "not_predicted": len(own) - len(informative),
                    "coverage": _share(informative, [one.inside for one in informative]),
                    "coverage_with": _share(informative, [one.inside_with for one in informative]),
                    "log_score": float(sum(one.left_out.weight * one.log_density for one in own)),
                    "log_score_with": float(sum(one.left_out.weight * one.log_density_with for one in own)),
                }
            )
    return rows


def _share(numbers: Sequence[ScoredNumber], inside: Sequence[bool]) -> float:
    weights = [one.left_out.weight for one in numbers]
    counted = sum(weight for weight, is_inside in zip(weights, inside, strict=True) if is_inside)
    return counted / sum(weights) if weights else math.nan
