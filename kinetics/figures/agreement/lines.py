"""Every published number of a fit beside the model's: the lines of a figure of agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.figures.base.labels import row_label, unit_label
from kinetics.figures.base.of_fit import log_parameters
from kinetics.published import PublishedRow, Target
from kinetics.published.likelihoods import Interval, PredictedSummary

if TYPE_CHECKING:
    from kinetics.estimate import Estimates, FitProblem

__all__ = ["NUMBERS", "agreement_lines"]

NUMBERS = ("published", "published_lower", "published_upper", "rounding", "model", "model_lower", "model_upper")
"""Variables of a line, in its unit; NaN for what was not published, or has no interval."""


@dataclass(frozen=True)
class _Line:
    row: PublishedRow
    name: str
    label: str
    published: tuple[float, float, float, float]
    model: tuple[float, float, float]
    inside: bool | None


def agreement_lines(problem: FitProblem, estimates: Estimates) -> xr.Dataset:
    """All targets of a fit, and the published standard deviations of a population fit, each beside the model's.

    Parameters
    ----------
    problem : FitProblem
        The fit.
    estimates : Estimates
        Where the model stands.

    Returns
    -------
    xarray.Dataset, (line,)
        `NUMBERS`, of a range the nearest value in it as ``published`` and its ends as interval; ``rounding`` is how far
        the number that was rounded may be off; ``inside``: 1 if the
        published number lies where that of a study of its size would, 0 if not, -1 if nobody can tell; ``label``,
        ``unit``, ``use``, ``source``, ``is_range``.
    """
    lines = [line for target in _shown(problem, estimates) for line in _lines_of(*target)]
    numbers = {
        name: ("line", values, {"long_name": name.replace("_", " "), "comment": "in the unit of the line"})
        for name, values in zip(NUMBERS, np.array([(*line.published, *line.model) for line in lines]).T, strict=True)
    }
    verdicts = [-1 if line.inside is None else int(line.inside) for line in lines]
    texts = {
        "label": [line.label for line in lines],
        "unit": [unit_label(line.row.unit) for line in lines],
        "use": [line.row.use for line in lines],
        "source": [line.row.source for line in lines],
    }
    return xr.Dataset(
        numbers
        | {"inside": ("line", np.array(verdicts, dtype=np.int8), {"units": "1", "long_name": "-1 is unknown"})}
        | {"is_range": ("line", np.array([line.row.is_range for line in lines], dtype=np.int8), {"units": "1"})}
        | {name: ("line", np.array(cells, dtype=object)) for name, cells in texts.items()},
        {"line": np.array([line.name for line in lines], dtype=object)},
    )


def _shown(problem: FitProblem, estimates: Estimates) -> list[tuple[Target, PredictedSummary]]:
    """What the model has to say of each target; a typical patient has no interval."""
    from kinetics.estimate.objective.population import PopulationObjective
    from kinetics.estimate.objective.typical import Objective

    at, targets = log_parameters(problem, estimates), problem.targets
    if problem.population is not None:
        return list(zip(targets, PopulationObjective(problem).shown(at, targets), strict=True))
    values = Objective(problem).values(at, targets)
    alone = [Interval(float(value), math.nan, math.nan) for value in values]
    return [(target, PredictedSummary(target.row, one, None)) for target, one in zip(targets, alone, strict=True)]


def _lines_of(target: Target, shown: PredictedSummary) -> Sequence[_Line]:
    row, nan = target.row, math.nan
    ends = (row.lower, row.upper) if row.is_range or row.interval == "confidence" else (None, None)
    lower, upper = (nan if end is None else end for end in ends)
    value = row.value if row.value is not None else min(max(shown.interval.value, lower), upper)
    half = nan if row.rounding is None else 0.5 * row.rounding
    lines = [_Line(row, row.name, row_label(row), (value, lower, upper, half), shown.interval, shown.inside())]
    if shown.spread is not None and row.sd is not None:
        label = row_label(row, "SD")
        lines.append(_Line(row, f"{row.name}.sd", label, (row.sd, nan, nan, half), shown.spread, shown.spread_inside()))
    return lines
