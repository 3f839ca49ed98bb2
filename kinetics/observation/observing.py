"""What the visits of a schedule show of simulated patients, and what one measurement reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.errors import InputError, UnknownNameError
from kinetics.expressions.reserved import OBSERVED, joined
from kinetics.files.arguments import loaded
from kinetics.model import Model
from kinetics.model.quantities import Output
from kinetics.observation.series import Series
from kinetics.observation.visits import VisitSchedule
from kinetics.population.seeds import checked_seed
from kinetics.regimen.times import DAY, SAME
from kinetics.results import variable
from kinetics.units import Unit, conversion, parse_unit, unit_text

STREAM = int.from_bytes(b"seen", "big")
"""Sets these draws apart from those of parameters, whose key is (seed, patient) alone."""

VISIT = "time of the visit since the first dose"


def normal_draws(seed: int, patients: Iterable[int], visits: int, outputs: int, columns: Sequence[int]) -> np.ndarray:
    """Standard normal numbers of each patient's measurements, (patient, visit, column).

    What a patient draws depends on (seed, number of the patient) alone, not on how many there are, and its first visits
    not on how many follow. All outputs of the model are drawn, and some columns of them returned. `InputError` if the
    seed is negative.
    """
    if seed < 0:
        raise InputError(f"the seed is {seed}; it must not be negative")
    keys = [np.random.SeedSequence((seed, int(patient)), spawn_key=(STREAM,)) for patient in patients]
    table = np.empty((len(keys), visits, len(columns)))
    for row, key in enumerate(keys):
        table[row] = np.random.default_rng(key).standard_normal((visits, outputs))[:, columns]
    return table


def measured(output: Output, true: np.ndarray, normal: np.ndarray | float = 0.0) -> np.ndarray:
    r"""What measurements report.

    A value :math:`x` is measured as :math:`x e^{\sigma z}`: the median is the true value, the mean lies above it by the
    factor :math:`e^{\sigma^2/2}`. What is then below the limit of quantification is reported as that limit, and the
    report is the nearest multiple of the step of rounding.

    What of ``noise``, ``quantification`` and ``rounding`` the output does not have is left out. True values and the
    standard normal numbers z have one shape; the report has that shape and the unit of the output, NaN where ``true``
    is.

    >>> row = Output(name="A", unit="1/nL", value=0, quantification=0.03, rounding=0.01)
    >>> measured(row, np.array([0.001, 0.2949, 0.4]))
    array([0.03, 0.29, 0.4 ])
    """
    reported = true * np.exp(output.noise * normal) if output.noise is not None else np.array(true, dtype=float)
    if output.quantification is not None:
        reported = np.maximum(reported, output.quantification)
    return reported if output.rounding is None else _rounded(reported, output.rounding)


def _rounded(values: np.ndarray, step: float) -> np.ndarray:
    """The nearest multiples of a step, each the double that its decimal text means: 0.40 is at the level 0.4."""
    exact = Fraction(repr(float(step)))
    steps = np.rint(values / step)
    if abs(exact.numerator) < 2**53 > exact.denominator:
        return steps * exact.numerator / exact.denominator
    return steps * step


def observe(result: xr.Dataset, model: Model, schedule: VisitSchedule | str | Path, seed: int = 0) -> xr.Dataset:
    """Measure the outputs of simulated patients at the visits of a schedule.

    Parameters
    ----------
    result : xarray.Dataset, (patient, time)
        A simulation of the model whose output times include the visits: nothing is interpolated.
        ``simulate(..., observe=schedule)`` integrates at them.
    model : Model
        What was simulated; its outputs say how they are measured.
    schedule : VisitSchedule, str or pathlib.Path
        When they are measured, or its name or path.
    seed : int
        Seed of the random numbers. The noise of a patient depends on (seed, patient) alone.

    Returns
    -------
    xarray.Dataset
        ``OUTPUT_seen`` on (patient, visit_SERIES) in the unit of the output, for every output that the schedule
        measures, with its ``noise``, ``quantification`` and ``rounding``; the times of the visits are the coordinate
        ``visit_SERIES``, also of a series that has tests and no outputs. ``course_start`` comes along. NaN is a patient
        who could not be integrated, and a visit that comes later than the patient's own last course asks for.

    Raises
    ------
    UnknownNameError
        If the result lacks an output of the model, or the schedule names one that is not the model's, or measures none.
    InputError
        If there is no dim ``patient``, or a visit is at none of the output times.
    """
    seed, schedule = checked_seed(seed), loaded("schedule", schedule, VisitSchedule)
    if "patient" not in result.dims:
        raise InputError("visits are of patients; simulate with patients=N")
    times = np.asarray(result["time"].values, dtype=float)
    unit = parse_unit(result["time"].attrs["units"])
    starts = result["course_start"].values if "course_start" in result else np.empty(0)
    given = result["triggered_time"].transpose("patient", ...).values if "triggered_time" in result else None
    starts = starts if given is None else _with_last(starts, float(times[-1]))
    visits = _visits(model, schedule, unit, starts, float(times[-1]))
    if missing := [name for name in visits if name not in result]:
        raise UnknownNameError(f"the result has no output {', '.join(missing)}; is it of model '{model.name}'?")
    indices = {name: _time_indices(times, at, unit) for name, at in visits.items()}
    normal = _noise(result["patient"].values, model, indices, seed)
    data: dict[str, Any] = {"course_start": result["course_start"]} if "course_start" in result else {}
    coords: dict[str, Any] = {"patient": result["patient"], **_dates(schedule, unit, starts, float(times[-1]))}
    for name, index in indices.items():
        row, series = model.outputs[name], schedule.series_of(name)
        assert series is not None
        values = measured(row, result[name].transpose("patient", "time").values[:, index], normal.get(name, 0.0))
        if given is not None:
            values[_is_over(series, visits[name], unit, starts[:-1], given)] = np.nan
        dim, long_name = f"visit_{series.name}", f"{row.about or name}, as visits show it"
        attrs = {"exploratory": row.exploratory, **row.measurement}
        data[f"{name}{OBSERVED}"] = variable(("patient", dim), values, row.unit, long_name, **attrs)
        coords[dim] = variable((dim,), visits[name], unit, VISIT)
    facts = {"visits": schedule.name, "visits_hash": schedule.content_hash, "visits_seed": seed}
    return xr.Dataset(data, coords, {**result.attrs, **facts})


def _dates(schedule: VisitSchedule, unit: Unit, starts: np.ndarray, until: float) -> dict[str, Any]:
    """The visits of each series of tests, by the name of their dim."""
    return {
        (dim := f"visit_{series.name}"): variable(
            (dim,), schedule.times_of(series, unit, starts, until), unit, VISIT, tests=", ".join(series.tests)
        )
        for series in schedule.series
        if series.tests
    }


def _with_last(starts: np.ndarray, until: float) -> np.ndarray:
    """First doses of courses, and the end: a rule may give a course up to then."""
    return np.append(starts if starts.size else 0.0, until)


def _is_over(series: Series, visits: np.ndarray, unit: Unit, starts: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Which visits, (patient, visit), come after the end that the last course or dose of a rule sets."""
    last = np.fmax(starts[-1], np.fmax.reduce(given, axis=1, initial=-np.inf))
    per_day = float(conversion(DAY, unit))
    return series.is_over((visits - starts[0]) / per_day, (last - starts[0]) / per_day)


def _noise(patients: np.ndarray, model: Model, indices: Mapping[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Standard normal numbers, (patient, visit), of each output that is measured with noise."""
    every = np.unique(np.concatenate(list(indices.values())))
    noisy = [name for name, row in model.outputs.items() if name in indices and row.noise is not None]
    if not noisy:
        return {}
    columns = [list(model.outputs).index(name) for name in noisy]
    normal = normal_draws(seed, patients, every.size, len(model.outputs), columns)
    return {name: normal[:, np.searchsorted(every, indices[name]), column] for column, name in enumerate(noisy)}


def _visits(
    model: Model, schedule: VisitSchedule, unit: Unit, starts: np.ndarray, until: float
) -> dict[str, np.ndarray]:
    """The times at which each output is measured, (visit,), of those that are."""
    schedule.check_outputs(model)
    times = {name: schedule.times(name, unit, starts, until) for name in model.outputs}
    times = {name: at for name, at in times.items() if at.size}
    if not times:
        outputs = ", ".join(model.outputs) or "none"
        raise UnknownNameError(f"schedule '{schedule.name}' measures no output in this time; outputs are {outputs}")
    return times


def _time_indices(times: np.ndarray, visits: np.ndarray, unit: Unit) -> np.ndarray:
    """The index of each visit among the output times, (visit,)."""
    after = np.clip(np.searchsorted(times, visits), 1, times.size - 1)
    nearest = np.where(visits - times[after - 1] < times[after] - visits, after - 1, after)
    wrong = np.abs(times[nearest] - visits) > SAME * float(conversion(DAY, unit))
    if wrong.any():
        raise InputError(
            f"the visit at {visits[wrong][0]:.6g} {unit_text(unit)} is none of the output times; "
            "simulate(..., observe=...) integrates at the visits"
        )
    return nearest


def times_with_visits(
    model: Model, schedule: VisitSchedule, output_times: np.ndarray, starts: np.ndarray, *, rules: bool = False
) -> np.ndarray:
    """The output times and all visits, (time,), of courses that start at ``starts``, (course,), all in model time.

    With ``rules`` a course may be given up to the end. `InputError` if the schedule measures nothing, or what is seen
    would be called as something else is.
    """
    until = float(output_times[-1])
    visits = _visits(model, schedule, model.time, _with_last(starts, until) if rules else starts, until)
    taken = {*model.outputs, *model.states}
    if clash := [f"{name}{OBSERVED}" for name in visits if f"{name}{OBSERVED}" in taken]:
        raise InputError(f"what visits show would be called {', '.join(clash)}, as an output or state is; rename it")
    return np.unique(np.concatenate([output_times, *visits.values()]))


def with_visits(
    result: xr.Dataset, model: Model, schedule: VisitSchedule, seed: int, output_times: np.ndarray
) -> xr.Dataset:
    """A result at `times_with_visits`, reduced to the output times, with what visits show."""
    observed = observe(result, model, schedule, seed)
    reduced = result.isel(time=np.searchsorted(result["time"].values, output_times))
    both = {"patient", "course", "course_start"}
    joined(reduced.variables, {name: array for name, array in observed.variables.items() if name not in both})
    return reduced.assign_coords(observed.coords).assign(observed.data_vars).assign_attrs(observed.attrs)
