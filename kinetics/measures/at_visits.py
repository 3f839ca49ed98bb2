"""Recovery, nadir and return to baseline as visits show them, course by course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from kinetics.errors import InputError, UnknownNameError
from kinetics.expressions.reserved import OBSERVED
from kinetics.measures.returns import first_return
from kinetics.measures.thresholds import TimeToThreshold
from kinetics.regimen.times import SAME, units_per_day
from kinetics.results import variable
from kinetics.units import Unit, parse_unit
from kinetics.units.levels import read_level, visited_level


@dataclass(frozen=True, eq=False)
class _Visits:
    """The visits of one output: values (patient, visit), times (visit,), and the first dose of each course."""

    values: np.ndarray
    unit: Unit
    times: np.ndarray
    time_unit: Unit
    starts: np.ndarray

    @classmethod
    def of(cls, observed: xr.Dataset, output: str) -> _Visits:
        name = f"{output}{OBSERVED}"
        if name not in observed:
            measured = [str(key).removesuffix(OBSERVED) for key in observed.data_vars if str(key).endswith(OBSERVED)]
            raise UnknownNameError(f"visits show no '{output}'; they show {', '.join(measured) or 'nothing'}")
        array = observed[name].transpose("patient", ...)
        times = array[array.dims[1]]
        starts = observed["course_start"].values if "course_start" in observed else np.zeros(1)
        unit, time_unit = parse_unit(array.attrs["units"]), parse_unit(times.attrs["units"])
        return cls(array.values, unit, times.values, time_unit, np.asarray(starts, dtype=float))

    @property
    def baseline(self) -> np.ndarray | None:
        """The last value before the first dose of the first course, (patient,); None without such a visit."""
        before = np.flatnonzero(self.times <= self.starts[0] + self._same)
        return self.values[:, before[-1]] if before.size else None

    def windows(self) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        """Of each course its first dose, and times and values of its visits.

        These are after that dose, up to that of the next course, which is given after the visit of its day.
        """
        for start, stop in zip(self.starts, [*self.starts[1:], np.inf], strict=True):
            inside = (self.times > start + self._same) & (self.times <= stop + self._same)
            yield float(start), self.times[inside], self.values[:, inside]

    @property
    def _same(self) -> float:
        return SAME * float(units_per_day(self.time_unit))


def _by_course(observed: xr.Dataset, columns: list[np.ndarray], unit: Unit, long_name: str) -> xr.DataArray:
    coords = {"course": xr.Variable("course", np.arange(1, len(columns) + 1), {"long_name": "course of treatment"})}
    if "patient" in observed.coords:
        coords["patient"] = observed["patient"].variable
    return xr.DataArray(variable(("patient", "course"), np.stack(columns, axis=1), unit, long_name), coords)


def observed_recovery(observed: xr.Dataset, output: str, level: str) -> xr.DataArray:
    """Time from a course's first dose to the first visit at or above a level, after a visit below it.

    Visits of a course are those after its first dose, up to the first dose of the next. Noise and the wait for a visit
    make this differ from the time of the true crossing, `kinetics.measures.TimeToThreshold`, which it tends to when
    visits without noise become dense and the count falls below the level once.

    Parameters
    ----------
    observed : xarray.Dataset
        Of `observe`, or of a simulation with visits.
    output : str
        The output.
    level : str
        A quantity, ``"baseline"``, or a share such as ``"40 % of baseline"``; baseline is what the patient's own last
        visit before the first dose showed.

    Returns
    -------
    xarray.DataArray, (patient, course)
        In the unit of time of the visits; infinite if no visit is at the level again, NaN if none was below it.

    Raises
    ------
    UnknownNameError
        If visits do not show the output.
    UnitError
        If the level is none, or of another dimension.
    InputError
        If the level is a share of baseline and no visit is before the first dose.
    """
    visits = _Visits.of(observed, output)
    baseline = visits.baseline
    if baseline is None:
        if read_level(level).unit is None:
            raise InputError(f"no visit shows the baseline of '{output}'; add one at '0 month' to its series")
        baseline = np.full(len(visits.values), np.nan)
    limits = TimeToThreshold(output, level).threshold(visits.unit, baseline[:, None])
    limits = np.broadcast_to(limits, (baseline.size, 1))
    simulated = "relative_tolerance" in observed.attrs and "rounding" not in observed[f"{output}{OBSERVED}"].attrs
    limits, margin = visited_level(limits, reported=not simulated)
    columns = [
        first_return(values, limits, margin).times(times - start) if times.size else np.full(baseline.size, np.nan)
        for start, times, values in visits.windows()
    ]
    long_name = f"time from the course's first dose until a visit shows {output} back at {level}"
    return _by_course(observed, columns, visits.time_unit, long_name)


def ever_back(observed: xr.Dataset, output: str, level: str = "baseline") -> xr.DataArray:
    """Whether a visit of a course shows an output back at a level; by default at the patient's own seen baseline.

    Arguments and errors are those of `observed_recovery`.

    Returns
    -------
    xarray.DataArray, (patient, course)
        1 or 0; NaN if no visit was below the level. Its mean over patients is the share ever back.
    """
    times = observed_recovery(observed, output, level).values
    ever = np.where(np.isnan(times), np.nan, np.isfinite(times))
    return _by_course(observed, list(ever.T), parse_unit("1"), f"whether a visit shows {output} back at {level}")


def observed_nadir(observed: xr.Dataset, output: str) -> xr.DataArray:
    """The lowest value that a visit of each course shows, (patient, course), in the unit of the output.

    NaN without a value at any visit, and for a patient who could not be integrated.

    Raises
    ------
    UnknownNameError
        If visits do not show the output.
    """
    visits = _Visits.of(observed, output)
    columns = [
        np.fmin.reduce(values, axis=1) if times.size else np.full(len(values), np.nan)
        for _, times, values in visits.windows()
    ]
    return _by_course(observed, columns, visits.unit, f"lowest {output} that visits show")
