"""The published rows of a visual predictive check beside the model's counterparts, in the units of the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from kinetics.figures.visual_predictive_check.spec import CheckSpec
from kinetics.published.likelihoods import PredictedSummary
from kinetics.units import conversion, parse_unit, to_unit

__all__ = ["ROW", "row_table"]

ROW = ("at", "published", "published_lower", "published_upper", "model", "model_lower", "model_upper", "height")
"""Variables of a row: where it stands on the axis of time; two numbers with their bars, which are on that axis if
``at`` is NaN, and then stand at ``height``, else on the other."""


def row_table(
    spec: CheckSpec, panel: str, summaries: Sequence[PredictedSummary], curve: xr.Dataset, ever: float
) -> xr.Dataset:
    """The rows of a panel.

    Parameters
    ----------
    spec : CheckSpec
        The figure.
    panel : str
        Its name.
    summaries : sequence of PredictedSummary
        What the population shows of each row.
    curve : xarray.Dataset
        The panel's, in the unit of the axis.
    ever : float
        The share of patients that is ever seen back. A mean time is of these: it stands at half of their share, which
        is where the median of a symmetric distribution of logarithms would; a median of all stands at one half.

    Returns
    -------
    xarray.Dataset, (row,)
        `ROW`. A bar is the standard deviation about the mean where that was published, else the 95 % interval. A row of
        no time, a share that is ever reached, stands at the end of the axis.
    """
    rows = [target.row for target in spec.targets[panel]]
    unit, time, records = parse_unit(curve["value"].attrs["units"]), parse_unit(spec.time.unit), []
    for row, summary in zip(rows, summaries, strict=True):
        along_time = row.kind == "time_to_threshold"
        numbers = _numbers(summary, float(conversion(parse_unit(row.unit), time if along_time else unit)))
        if along_time:
            share = ever if row.statistic in ("mean", "geometric_mean") else 1.0
            records.append((math.nan, *numbers, 50.0 * share))
        else:
            at = spec.header.until if row.time is None else row.time
            records.append((to_unit(at, spec.time.unit), *numbers, math.nan))
    columns = {key: ("row", np.array(column)) for key, column in zip(ROW, zip(*records, strict=True), strict=True)}
    return xr.Dataset(columns, {"row": np.array([row.name for row in rows], dtype=object)})


def _numbers(summary: PredictedSummary, factor: float) -> list[float]:
    row, model = summary.row, summary.interval
    value = math.nan if row.value is None else row.value
    if row.sd is not None and summary.spread is not None:
        ends, sd = (value - row.sd, value + row.sd), summary.spread.value
        model_ends = model.value - sd, model.value + sd
    else:
        ends = (math.nan, math.nan) if row.lower is None or row.upper is None else (row.lower, row.upper)
        model_ends = model.lower, model.upper
    return [factor * each for each in (value, *ends, model.value, *model_ends)]
