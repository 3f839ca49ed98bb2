"""The published rows of a visual predictive check beside the model's counterparts, in the units of the axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from kinetics.published import PopulationTarget
from kinetics.published.likelihoods import PredictedSummary
from kinetics.units import conversion, parse_unit, to_unit

__all__ = ["ROW", "row_table"]

ROW = (
    "at",
    "published",
    "published_lower",
    "published_upper",
    "model",
    "model_lower",
    "model_upper",
    "height",
)
"""Variables of a row: where it stands on the axis of time; two numbers with their bars, which are on that axis if
``at`` is NaN, and then stand at ``height``, else on the other."""


def row_table(
    targets: Sequence[PopulationTarget],
    shown: Sequence[PredictedSummary],
    unit: str,
    time: str,
    until: str,
    ever: float = 1.0,
) -> xr.Dataset:
    """The rows of a panel.

    Parameters
    ----------
    targets : sequence of PopulationTarget
        The rows.
    shown : sequence of PredictedSummary
        What the population shows of each.
    unit, time : str
        Of the axes.
    until : str
        Where a row of no time stands: a share that is ever reached.
    ever : float
        The share of patients that is ever seen back. A mean time is of these: it stands at half of their share, which
        is where the median of a symmetric distribution of logarithms would; a median of all stands at one half.

    Returns
    -------
    xarray.Dataset, (row,)
        `ROW`. A bar is the standard deviation about the mean where that was published, else the 95 % interval.
    """
    records = []
    for target, one in zip(targets, shown, strict=True):
        row = target.row
        if row.kind == "time_to_threshold":
            of_all = row.statistic not in ("mean", "geometric_mean")
            numbers = _numbers(one, float(conversion(parse_unit(row.unit), parse_unit(time))))
            records.append((math.nan, *numbers, 50.0 if of_all else 50.0 * ever))
        else:
            numbers = _numbers(one, float(conversion(parse_unit(row.unit), parse_unit(unit))))
            records.append((to_unit(until if row.time is None else row.time, time), *numbers, math.nan))
    columns: Mapping[str, tuple[str, np.ndarray]] = {
        key: ("row", np.array(column)) for key, column in zip(ROW, zip(*records, strict=True), strict=True)
    }
    names = np.array([target.row.name for target in targets], dtype=object)
    return xr.Dataset(columns, {"row": names})


def _numbers(shown: PredictedSummary, factor: float) -> list[float]:
    row, model = shown.row, shown.interval
    value = math.nan if row.value is None else row.value
    if row.sd is not None and shown.spread is not None:
        ends, sd = (value - row.sd, value + row.sd), shown.spread.value
        model_ends = model.value - sd, model.value + sd
    else:
        ends = (math.nan, math.nan) if row.lower is None or row.upper is None else (row.lower, row.upper)
        model_ends = model.lower, model.upper
    return [factor * each for each in (value, *ends, model.value, *model_ends)]
