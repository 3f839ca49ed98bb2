"""Measures of a dataset, over every patient and draw."""

# some methods of xarray have no complete types, and what a user gives is checked, whatever its annotation says
# pyright: reportUnknownMemberType=false, reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from kinetics.errors import Fault, InputError, UnitError, UnknownNameError
from kinetics.measures.curves import check_increasing, interpolated
from kinetics.measures.evaluation import Measure, check_time_unit, evaluate
from kinetics.measures.registry import read_measures
from kinetics.results import LIMIT_LEVEL, variable
from kinetics.units import Unit, conversion, parse_unit, to_unit
from kinetics.units.levels import slack


def measure(
    data: xr.Dataset,
    measures: Measure | str | Iterable[Measure | str],
    courses: xr.DataArray | Sequence[str] | None = None,
    *,
    limits: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Take measures of simulated or observed values, course by course.

    Values between times are those of a monotone cubic through the points (doi:10.1137/0905021), so that a nadir or a
    peak is one of the points. `kinetics.simulate` takes measures on the solution itself.

    Parameters
    ----------
    data : xarray.Dataset, (time, ...)
        Variables with ``units`` over the coordinate ``time``, which has ``units`` of time too; other dims such as
        patient and draw stay. NaN is a missing value.
    measures : Measure, str, or iterable of them
        What to take: objects, or texts such as ``"nadir"`` (of every series) and ``"A time_to 40 % of baseline"``;
        `kinetics.measures.MEASURES` has all names. ``"recovery"`` is the time to ``limits``.
    courses : xarray.DataArray, (course, ...), or sequence of str, optional
        First dose of each course: an array with units of time, NaN where a patient had no such course, or quantities
        such as ``"12 month"``. Without it ``data["course_start"]``, else one course at time 0.
    limits : mapping of str to str, optional
        The lower limit of normal by variable, such as ``{"A": "0.5 1e9/L"}``; by default what a simulation says of it.

    Returns
    -------
    xarray.Dataset
        One variable a measure, (..., course), float64, with ``units`` and ``long_name``; ``course`` counts from 1.
        Times are in the unit of the time coordinate.

    Raises
    ------
    UnknownNameError
        If an output is not in ``data``.
    UnitError
        If units are missing or do not fit.
    InputError
        If something is no measure, time does not increase, courses are not in order or not those of the patients, a
        value is infinite, or two measures have one name; also for faults of several kinds, all listed.

    Examples
    --------
    >>> time = xr.Variable("time", [0.0, 30.0, 60.0, 90.0], {"units": "day"})
    >>> data = xr.Dataset({"A": ("time", [1.0, 0.2, 0.6, 0.8], {"units": "1/nL"})}, {"time": time})
    >>> result = measure(data, ["nadir", "A time_to 60 % of baseline"])
    >>> result.A_nadir.attrs["units"], round(result.A_time_to_60_percent_of_baseline.item(), 6)
    ('1/nL', 60.0)
    """
    measures = read_measures(measures, _measurable(data), {**_limits(data), **(limits or {})})
    time_unit = _time_unit(data)
    starts = _starts(data, courses, time_unit)
    units = _checked_units(data, measures, time_unit)
    number = np.arange(1, starts.sizes["course"] + 1)
    coords = {"course": xr.Variable("course", number, {"long_name": "course of treatment"})}
    results = xr.Dataset(coords=coords, attrs=data.attrs)
    for each in measures:
        results = _with_measure(results, data, each, starts, units[each.output], time_unit)
    return results


def _measurable(data: xr.Dataset) -> list[str]:
    """The variables that can be measured, of what must be a dataset and not one variable of it."""
    if not isinstance(data, xr.Dataset):
        hint = f"; write result[['{data.name}']]" if isinstance(data, xr.DataArray) and data.name else ""
        raise InputError(Fault(f"must be an xarray.Dataset; found {type(data).__name__}{hint}", name="data"))
    return [str(name) for name in data.data_vars if _is_series(data[name])]


def _limits(data: xr.Dataset) -> dict[str, str]:
    """The lower limits of normal that a simulation says, as levels."""
    return {str(name): str(row.attrs[LIMIT_LEVEL]) for name, row in data.data_vars.items() if LIMIT_LEVEL in row.attrs}


def _with_measure(
    results: xr.Dataset, data: xr.Dataset, measure: Measure, starts: xr.DataArray, unit: Unit, time_unit: Unit
) -> xr.Dataset:
    """The results with one measure more, (..., course)."""
    times, share = np.asarray(data["time"].values, dtype=float), _slack(data, measure.output)

    def of_one(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
        return evaluate(measure, interpolated(times, values, share), starts, float(times[-1]), unit, time_unit)

    taken = xr.apply_ufunc(
        of_one,
        data[measure.output].astype(float),
        starts,
        input_core_dims=[["time"], ["course"]],
        output_core_dims=[["course"]],
        vectorize=True,
        output_dtypes=[float],
        keep_attrs=False,
    )
    results[measure.name] = variable(taken.dims, taken.values, measure.unit(unit, time_unit), measure.long_name)
    return results.assign_coords({name: taken.coords[name] for name in taken.coords if name != "course"})


def _slack(data: xr.Dataset, output: str) -> float:
    """That of a simulation's integrator; none of data, or of what was reported in steps, which may meet a level."""
    relative = data.attrs.get("relative_tolerance")
    if relative is None or "rounding" in data[output].attrs:
        return 0.0
    return slack(float(relative))


def _time_unit(data: xr.Dataset) -> Unit:
    """The unit of the times, which are checked."""
    if "time" not in data.coords:
        raise UnknownNameError("the data have no coordinate 'time'")
    time = data["time"]
    if time.dtype.kind not in "iuf":
        raise UnitError(
            "time must be numbers with units such as 'day'; open files with decode_times=False, decode_timedelta=False"
        )
    unit = _unit(time, "time")
    check_time_unit(unit)
    if time.ndim != 1 or time.size == 0:
        raise InputError("time must be one-dimensional and not empty")
    check_increasing(np.asarray(time.values, dtype=float))
    return unit


def _unit(array: xr.DataArray, name: str) -> Unit:
    text = array.attrs.get("units")
    if text is None:
        raise UnitError(f"'{name}' has no units; set attrs['units'], or ds.pint.dequantify() if they are pint's")
    try:
        return parse_unit(text)
    except UnitError as error:
        raise UnitError(f"'{name}': {error}") from error


def _starts(data: xr.Dataset, courses: xr.DataArray | Sequence[str] | None, time_unit: Unit) -> xr.DataArray:
    """First doses, (course, ...), in the unit of time, without a course coordinate."""
    if courses is None:
        courses = (
            data["course_start"]
            if "course_start" in data
            else xr.DataArray([0.0], dims="course", attrs=data["time"].attrs)
        )
    if not isinstance(courses, xr.DataArray):
        return xr.DataArray([to_unit(text, time_unit) for text in courses], dims="course")
    if "course" not in courses.dims:
        raise InputError(f"courses need the dim 'course', not {courses.dims}")
    try:
        xr.align(data, courses, join="exact", exclude=["course"])
    except ValueError as error:
        raise InputError(f"courses and data do not have the same patients: {error}") from error
    factor = float(conversion(_unit(courses, "courses"), time_unit))
    return (courses.astype(float) * factor).drop_vars("course", errors="ignore")


def _checked_units(data: xr.Dataset, measures: Sequence[Measure], time_unit: Unit) -> dict[str, Unit]:
    """The unit of each output, after every measure has been checked against it."""
    units: dict[str, Unit] = {}
    errors: list[InputError] = []
    names = [each.name for each in measures]
    for each in measures:
        try:
            if names.count(each.name) > 1:
                raise InputError(f"two measures have the name '{each.name}'; leave one out")
            units[each.output] = _unit(_series(data, each.output), each.output)
            each.check(units[each.output], time_unit)
        except InputError as error:
            errors.append(error)
    if errors:
        kinds = {type(error) for error in errors}
        kind = kinds.pop() if len(kinds) == 1 else InputError
        raise kind(*dict.fromkeys(fault for error in errors for fault in error.faults))
    return units


def _is_series(array: xr.DataArray) -> bool:
    return "time" in array.dims and "course" not in array.dims


def _series(data: xr.Dataset, output: str) -> xr.DataArray:
    if output not in data.data_vars:
        raise UnknownNameError(f"the data have no variable '{output}'; there are {', '.join(map(str, data.data_vars))}")
    if not _is_series(data[output]):
        raise InputError(f"'{output}' is no series: its dims are {data[output].dims}, not time and others than course")
    if data[output].dtype.kind not in "iuf":
        raise InputError(f"'{output}' does not hold numbers")
    return data[output]
