"""Every published number of a fit beside the model's: the lines of a figure of agreement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.figures.base.labels import row_label, unit_label
from kinetics.model import Model
from kinetics.published import Target
from kinetics.published.likelihoods import Interval, PredictedSummary

if TYPE_CHECKING:
    from kinetics.estimate import Estimates, FitProblem

NUMBERS = ("published", "published_lower", "published_upper", "rounding", "model", "model_lower", "model_upper")
"""Variables of a line, in its unit; NaN for what was not published, or has no interval."""
OUTER = ("outer_lower", "outer_upper")
"""The ends of a wider interval of the model, which lines may have too."""

_NUMBER = {"comment": "in the unit of the line"}
_ATTRS = {name: {"long_name": name.replace("_", " "), **_NUMBER} for name in (*NUMBERS, *OUTER)}
_ATTRS |= {"inside": {"units": "1", "long_name": "-1 is unknown"}, "is_range": {"units": "1"}}
"""Of the variables that are numbers; the others are texts."""


def agreement_lines(problem: FitProblem, estimates: Estimates) -> xr.Dataset:
    """All targets of a fit, and the published standard deviations of a population fit, each beside the model's.

    Returned, over (line,): `NUMBERS`, of a range the nearest value in it as ``published`` and its ends as interval;
    ``rounding`` is how far the number that was rounded may be off; ``inside``, 1 if the published number lies where
    that of a study of its size would, 0 if not, -1 if it cannot be judged; ``label``, ``unit``, ``use``, ``source``,
    ``is_range``.
    """
    lines = [line for target in predicted_summaries(problem, estimates) for line in _lines_of(*target, problem.model)]
    return dataset_of_lines(lines)


def dataset_of_lines(lines: Sequence[dict[str, Any]]) -> xr.Dataset:
    """Lines of a figure of agreement, each with all of its numbers and texts, over (line,)."""
    columns = {name: [line[name] for line in lines] for name in lines[0]}
    names = np.array(columns.pop("line"), dtype=object)
    return xr.Dataset(
        {
            name: ("line", np.array(cells, dtype=None if name in _ATTRS else object), _ATTRS.get(name))
            for name, cells in columns.items()
        },
        {"line": names},
    )


def predicted_summaries(problem: FitProblem, estimates: Estimates) -> list[tuple[Target, PredictedSummary]]:
    """The model's value of each target; a typical patient has no interval."""
    from kinetics.estimate.objective.base import LikelihoodObjective
    from kinetics.estimate.search import objective_of

    at, targets = problem.log_parameters(estimates.by_flat_name(problem.model)), problem.targets
    objective = objective_of(problem)
    if isinstance(objective, LikelihoodObjective):
        return list(zip(targets, objective.predicted(at, targets), strict=True))
    values = objective.values(at, targets)
    alone = [Interval(float(value), math.nan, math.nan) for value in values]
    return [(target, PredictedSummary(target.row, value, None)) for target, value in zip(targets, alone, strict=True)]


def _lines_of(target: Target, shown: PredictedSummary, model: Model) -> Iterator[dict[str, Any]]:
    """The number of a row, and its standard deviation if there is one on both sides."""
    row, nan = target.row, math.nan
    ends = (row.lower, row.upper) if row.is_range or row.interval == "confidence" else (None, None)
    lower, upper = (nan if end is None else end for end in ends)
    value = row.value if row.value is not None else min(max(shown.interval.value, lower), upper)
    half = nan if row.rounding is None else 0.5 * row.rounding

    def line(name: str, label: str, published: Sequence[float], model: Interval, inside: bool | None) -> dict[str, Any]:
        numbers = dict(zip(NUMBERS, (*published, half, *model), strict=True))
        verdict = np.int8(-1 if inside is None else inside)
        texts = {"label": label, "unit": unit_label(row.unit), "use": row.use, "source": row.source}
        return {"line": name, **numbers, "inside": verdict, "is_range": np.int8(row.is_range), **texts}

    yield line(row.name, row_label(row, model=model), (value, lower, upper), shown.interval, shown.inside())
    if shown.spread is not None and row.sd is not None:
        yield line(
            f"{row.name}.sd", row_label(row, "SD", model), (row.sd, nan, nan), shown.spread, shown.spread_inside()
        )
