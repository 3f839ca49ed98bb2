"""The typical patient of a prediction: counts and recovery over draws of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from kinetics.measures import TimeToThreshold
from kinetics.results import variable
from kinetics.units import parse_unit

__all__ = ["QUANTILES", "drawn_interval", "later_quantiles", "recovery_over_draws"]

QUANTILES = (0.025, 0.5, 0.975)


def drawn_interval(drawn: xr.Dataset) -> xr.Dataset:
    """Quantiles of the counts over draws, (quantile, time)."""
    names = [name for name, array in drawn.data_vars.items() if array.dims == ("draw", "time")]
    interval = drawn[names].quantile(list(QUANTILES), dim="draw", skipna=True, keep_attrs=True)
    interval["quantile"].attrs |= {"long_name": "quantile over parameter draws", "units": "1"}
    return interval


def recovery_over_draws(root: xr.Dataset, drawn: xr.Dataset, measures: Sequence[TimeToThreshold]) -> xr.Dataset:
    """Recovery times stacked over outputs."""
    unit, one = parse_unit(root["time"].attrs["units"]), parse_unit("1")
    outputs, courses = [measure.output for measure in measures], root["course"]
    estimate = np.array([root[measure.name].values for measure in measures]).reshape(len(outputs), courses.size)
    over_draws = [_over_draws(column) for measure in measures for column in drawn[measure.name].values.T]
    table = np.array(over_draws).reshape(len(outputs), courses.size, len(QUANTILES) + 1)
    long_name = "time from the course's first dose to the lower limit of normal"
    return xr.Dataset(
        {
            "estimate": variable(("output", "course"), estimate, unit, f"{long_name}, at the estimates"),
            "quantiles": variable(
                ("quantile", "output", "course"),
                np.moveaxis(table[:, :, :-1], -1, 0),
                unit,
                f"{long_name}, over parameter draws; one that does not recover is later than any that does",
            ),
            "share_recovered": variable(
                ("output", "course"),
                table[:, :, -1],
                one,
                "share that recovers, of the draws that fell below the limit",
            ),
        },
        {
            "output": outputs,
            "course": courses,
            "quantile": ("quantile", list(QUANTILES), {"units": "1", "long_name": "quantile over parameter draws"}),
        },
    )


def _over_draws(times: np.ndarray) -> list[float]:
    """Quantiles of the times of the draws at risk, (draw,), then the share that recovers; NaN if none is at risk."""
    at_risk = times[~np.isnan(times)]
    return [*later_quantiles(at_risk), float(np.isfinite(at_risk).mean()) if at_risk.size else np.nan]


def later_quantiles(times: np.ndarray) -> list[float]:
    """`QUANTILES` of times, (draw,), of which some are infinite, later than any other; NaN if there are none."""
    if not times.size:
        return [np.nan] * len(QUANTILES)
    return np.quantile(times, QUANTILES, method="inverted_cdf").tolist()
