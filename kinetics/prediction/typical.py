"""The typical patient of a prediction: counts and recovery over draws of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from kinetics.measures import TimeToThreshold
from kinetics.measures.patient_statistics import censored_quantiles, share_recovered
from kinetics.results import MEDIAN_AND_95, variable
from kinetics.units import parse_unit


def drawn_interval(drawn: xr.Dataset) -> xr.Dataset:
    """Quantiles of the counts over draws, (quantile, time)."""
    names = [name for name, array in drawn.data_vars.items() if array.dims == ("draw", "time")]
    interval = drawn[names].quantile(list(MEDIAN_AND_95), dim="draw", skipna=True, keep_attrs=True)
    interval["quantile"].attrs |= {"long_name": "quantile over parameter draws", "units": "1"}
    return interval


def recovery_over_draws(root: xr.Dataset, drawn: xr.Dataset, measures: Sequence[TimeToThreshold]) -> xr.Dataset:
    """Recovery times stacked over outputs."""
    unit, one = parse_unit(root["time"].attrs["units"]), parse_unit("1")
    outputs, courses = [measure.output for measure in measures], root["course"]
    estimate = np.array([root[measure.name].values for measure in measures]).reshape(len(outputs), courses.size)
    times = np.empty((drawn.sizes["draw"], len(outputs), courses.size))
    for index, measure in enumerate(measures):
        times[:, index] = drawn[measure.name].values
    long_name = "time from the course's first dose to the lower limit of normal"
    return xr.Dataset(
        {
            "estimate": variable(("output", "course"), estimate, unit, f"{long_name}, at the estimates"),
            "quantiles": variable(
                ("quantile", "output", "course"),
                censored_quantiles(times, MEDIAN_AND_95),
                unit,
                f"{long_name}, over parameter draws; one that does not recover is later than any that does",
            ),
            "share_recovered": variable(
                ("output", "course"),
                share_recovered(times),
                one,
                "share that recovers, of the draws that fell below the limit",
            ),
        },
        {
            "output": outputs,
            "course": courses,
            "quantile": ("quantile", list(MEDIAN_AND_95), {"units": "1", "long_name": "quantile over parameter draws"}),
        },
    )
