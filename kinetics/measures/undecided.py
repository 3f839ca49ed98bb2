"""Notes on outputs that approach a level only in the limit, for readers of times to that level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from kinetics.measures.evaluation import Measure
from kinetics.measures.thresholds import TimeBelow, TimeToThreshold
from kinetics.units import parse_unit
from kinetics.units.levels import read_level, slack

__all__ = ["undecided"]


def undecided(result: xr.Dataset, measures: Sequence[Measure]) -> list[str]:
    """One line for each output that cannot be told from its level at the end of a course.

    Parameters
    ----------
    result : xarray.Dataset
        Of a simulation, with its measures.
    measures : sequence of Measure
        Those of a time to a level or below it are looked at.
    """
    starts = result["course_start"].values if "course_start" in result else np.empty(0)
    times, share = result["time"].values, slack(result.attrs["relative_tolerance"])
    last = np.searchsorted(times, np.append(starts[1:], np.inf), side="right") - 1
    lines: dict[str, None] = {}
    for measure in measures:
        # a state that the result does not hold is not looked at
        if not starts.size or type(measure) not in (TimeToThreshold, TimeBelow) or measure.output not in result:
            continue
        assert isinstance(measure, TimeToThreshold | TimeBelow)
        ends = result[measure.output].isel(time=last).values
        level = read_level(measure.level)
        baseline = result[measure.output].isel(time=0).values[..., None]
        fixed = level.unit is not None
        unit = parse_unit(result[measure.output].attrs["units"])
        threshold = np.asarray(level.value(unit, np.nan)) if fixed else level.number * baseline
        below = result[measure.name].values
        # never back, or below for some time: an output that rests at the level is neither
        below = np.isinf(below) if isinstance(measure, TimeToThreshold) else below > 0
        close = (below & (np.abs(ends - threshold) <= share * np.abs(threshold))).reshape(-1, starts.size).any(axis=1)
        if close.any():
            among = f" in {close.sum()} of {close.size}" if close.size > 1 else ""
            lines[
                f"{measure.output} only comes within rounding of {measure.level}{among}, as a limit does: "
                "it counts as below and never back"
            ] = None
    return list(lines)
