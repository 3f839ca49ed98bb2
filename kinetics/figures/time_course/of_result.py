"""A time course of a result, without a figure file: its outputs in panels by unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from kinetics.errors import InputError
from kinetics.figures.base.labels import cohort_label, output_label
from kinetics.figures.base.rows import CountPanelRow, PageRow
from kinetics.figures.base.time_axis import time_axis_of
from kinetics.figures.time_course.draw import TimeCourse
from kinetics.figures.time_course.explaining import PATIENTS
from kinetics.figures.time_course.spec import CurveRow, SpecRows, TimeCourseHeaderRow, TimeCourseSpec
from kinetics.model import Model
from kinetics.regimen import Regimen
from kinetics.results import MEDIAN_AND_90

_CURVES = 5
"""In a panel, at most."""
_DECADES = 4
"""Of a logarithmic axis, at most; an axis is one if the values cover more than ``_LEAST_RATIO``."""
_LEAST_RATIO = 30
_TICKS = 8
"""Of the axis of time, at most."""


def with_interval_of_patients(tree: xr.DataTree) -> xr.DataTree:
    """The median of patients, and 5 and 95 % of them as group ``interval``, if the result is of patients."""
    root = tree.to_dataset()
    if "patient" not in root.dims:
        return tree
    names = [name for name, values in root.data_vars.items() if values.dims == ("patient", "time")]
    interval = root[names].quantile(list(MEDIAN_AND_90), dim="patient", skipna=True, keep_attrs=True)
    middle = interval.sel(quantile=MEDIAN_AND_90[1], drop=True)
    if "course_start" in root:
        middle["course_start"] = root["course_start"]
    middle.attrs = root.attrs | {PATIENTS: root.sizes["patient"]}
    return xr.DataTree.from_dict({"/": middle, "interval": interval})


def time_course_of(tree: xr.DataTree, model: Model | None = None, outputs: Sequence[str] = ()) -> TimeCourse:
    """A figure of a simulation or a prediction from `with_interval_of_patients`, of all outputs or of some.

    ``model`` is what was simulated, by default the model that ships by the name in the result. An `InputError` if the
    result holds no output of the model, or lacks one that is named.
    """
    root = tree.to_dataset()
    model = model or _model_of(root)
    available = [name for name in model.outputs if name in root]
    if unknown := [name for name in outputs if name not in available]:
        raise InputError(f"the result has no output '{unknown[0]}'; there are {', '.join(available)}")
    if not available:
        raise InputError(f"the result has no output of model '{model.name}'; it has {', '.join(map(str, root))}")
    panels, curves = _panels(root, list(outputs) or available, model)
    end, unit, cohort = float(root["time"][-1]), root["time"].attrs["units"], root.attrs.get("cohort")
    until, columns = f"{end:.12g} {unit}", min(2, len(panels))
    rows = SpecRows(
        header=TimeCourseHeaderRow(
            kind=TimeCourse.name,
            title=f"{model.title}, {cohort_label(model, cohort)}" if cohort else model.title,
            model=model.name,
            cohort=cohort,
            regimen=str(root.attrs.get("regimen") or "no drug"),
            until=until,
            every=until,
        ),
        retreat=None,
        page=PageRow(columns=columns),
        time=time_axis_of(end, unit, _TICKS),
        panels=panels,
        curves=dict(enumerate(curves)),
    )
    return TimeCourse(TimeCourseSpec(model.name, rows, model, Regimen.none(), {}, Path()))


def _model_of(root: xr.Dataset) -> Model:
    name = root.attrs.get("model")
    if not name:
        raise InputError("the result does not say its model; --model FILE names it, draw(result, model=FILE) in Python")
    try:
        return Model.load(str(name))
    except InputError as error:
        remedy = "--model FILE names it, draw(result, model=FILE) in Python"
        raise InputError(f"the result is of model '{name}', which does not ship; {remedy}") from error


def _panels(root: xr.Dataset, outputs: Sequence[str], model: Model) -> tuple[dict[str, CountPanelRow], list[CurveRow]]:
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
            panels[panel] = _panel(root[own], unit, model)
            curves += [CurveRow(panel=panel, output=name, label=output_label(model, name)) for name in own]
    return panels, curves


def _panel(data: xr.Dataset, unit: str, model: Model) -> CountPanelRow:
    values = np.concatenate([np.ravel(data[name].values) for name in data])
    positive = values[np.isfinite(values) & (values > 0)]
    # where units are unchecked, the name stands beside the axis
    title = output_label(model, str(next(iter(data)))) if len(data) == 1 and not model.is_unchecked else ""
    if not positive.size or positive.max() / positive.min() < _LEAST_RATIO:
        return CountPanelRow(unit=unit, title=title)
    lower = float(positive.max() / 10**_DECADES)
    end = lower if positive.min() < lower else None
    return CountPanelRow(unit=unit, title=title, scale="log", lower=end)
