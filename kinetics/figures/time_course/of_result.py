"""A time course of a result, without a figure file: its outputs in panels by unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from kinetics.errors import InputError
from kinetics.figures.base.rows import CountPanelRow, TimeRow
from kinetics.figures.time_course.draw import PATIENTS, TimeCourse
from kinetics.figures.time_course.spec import CurveRow, SizeRow, SpecRows, TimeCourseHeaderRow, TimeCourseSpec
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.units import to_unit

__all__ = ["over_patients", "time_course_of"]

_QUANTILES = (0.05, 0.5, 0.95)
"""Of patients: ends of the band, and the curve."""
_CURVES = 5
"""In a panel, at most."""
_DECADES = 4
"""Of a logarithmic axis, at most; an axis is one if the values cover more than ``_LEAST_RATIO``."""
_LEAST_RATIO = 30
_TICKS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Steps of the axis of time."""


def over_patients(tree: xr.DataTree) -> xr.DataTree:
    """The median of patients, and 5 and 95 % of them as group ``interval``, if the result is of patients."""
    root = tree.to_dataset()
    if "patient" not in root.dims:
        return tree
    names = [name for name, values in root.data_vars.items() if values.dims == ("patient", "time")]
    found = root[names].quantile(list(_QUANTILES), dim="patient", skipna=True, keep_attrs=True)
    middle = found.sel(quantile=_QUANTILES[1], drop=True)
    if "course_start" in root:
        middle["course_start"] = root["course_start"]
    middle.attrs = root.attrs | {PATIENTS: root.sizes["patient"]}
    return xr.DataTree.from_dict({"/": middle, "interval": found})


def time_course_of(tree: xr.DataTree, model: Model | None = None, outputs: Sequence[str] = ()) -> TimeCourse:
    """A figure of a simulation or a prediction.

    Parameters
    ----------
    tree : xarray.DataTree
        From `over_patients`: one value a time.
    model : Model, optional
        What was simulated; by default the model that ships by that name.
    outputs : sequence of str
        Which are drawn; all by default.

    Raises
    ------
    InputError
        If it holds no output of the model, or lacks one that is named.
    """
    root = tree.to_dataset()
    model = model or _model_of(root)
    available = [name for name in model.outputs if name in root]
    if unknown := [name for name in outputs if name not in available]:
        raise InputError(f"the result has no output '{unknown[0]}'; there are {', '.join(available)}")
    if not available:
        raise InputError(f"the result has no output of model '{model.name}'; it has {', '.join(map(str, root))}")
    panels, curves = _panels(root, list(outputs) or available)
    time = root["time"]
    days = float(time[-1]) * to_unit(f"1 {time.attrs['units']}", "day")
    unit = "month" if days > 60 else "day"
    length = days / to_unit(f"1 {unit}", "day")
    step = next((step for step in _TICKS if length / step <= 8), length / 8)
    columns = min(2, len(panels))
    header = TimeCourseHeaderRow(
        kind="time_course",
        title=" ".join(filter(None, (model.name, str(root.attrs.get("cohort") or "")))),
        model=model.name,
        cohort=root.attrs.get("cohort"),
        regimen="",
        until=f"{days:.12g} day",
        every=f"{days:.12g} day",
    )
    rows = SpecRows(
        header=header,
        retreat=None,
        size=SizeRow(height=30 + 60 * -(-len(panels) // columns), columns=columns),
        time=TimeRow(unit=unit, ticks=f"{step:.6g} {unit}"),
        panels=panels,
        curves=dict(enumerate(curves)),
    )
    return TimeCourse(TimeCourseSpec("result", rows, model, Regimen.none(), {}, Path()))


def _model_of(root: xr.Dataset) -> Model:
    name = root.attrs.get("model")
    if not name:
        raise InputError("the result does not say its model; draw(result, model=MODEL) names it")
    try:
        return Model.load(str(name))
    except InputError as error:
        message = f"the result is of model '{name}', which does not ship; draw(result, model=MODEL) names its file"
        raise InputError(message) from error


def _panels(root: xr.Dataset, outputs: Sequence[str]) -> tuple[dict[str, CountPanelRow], list[CurveRow]]:
    """Outputs of one unit in as many panels as they need."""
    units: dict[str, list[str]] = {}
    for name in outputs:
        units.setdefault(str(root[name].attrs.get("units", "1")), []).append(name)
    panels: dict[str, CountPanelRow] = {}
    curves: list[CurveRow] = []
    for unit, names in units.items():
        for first in range(0, len(names), _CURVES):
            own = names[first : first + _CURVES]
            panel = f"panel_{len(panels) + 1}"
            panels[panel] = _panel(root[own], unit)
            curves += [CurveRow(panel=panel, output=name, label=name) for name in own]
    return panels, curves


def _panel(found: xr.Dataset, unit: str) -> CountPanelRow:
    values = np.concatenate([np.ravel(found[name].values) for name in found])
    positive = values[np.isfinite(values) & (values > 0)]
    label = "value" if unit == "1" else "amount"
    if not positive.size or positive.max() / positive.min() < _LEAST_RATIO:
        return CountPanelRow(unit=unit, label=label)
    lower = float(positive.max() / 10**_DECADES)
    return CountPanelRow(unit=unit, label=label, scale="log", lower=lower if positive.min() < lower else None)
