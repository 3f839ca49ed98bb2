"""Numbers of a prediction as rows for a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from kinetics.reports.course import chosen_times, time_factor
from kinetics.units import display_unit, parse_unit


def rows_of_times(tree: xr.DataTree, facts: Mapping[str, Any], columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a printed time: what it is of, months, and numbers."""
    root = tree.to_dataset()
    _, index = chosen_times(root)
    times = root["time"].values * time_factor(tree, "month")
    return [
        {**facts, "months": float(times[at]), **{key: float(column[at]) for key, column in columns.items()}}
        for at in index
    ]


def unit_of(array: xr.DataArray) -> str:
    """The unit of a variable, as it is printed."""
    return display_unit(parse_unit(array.attrs["units"]))
