"""`predict_patient`: counts and recovery of one patient, under the doses given and after a further course."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.errors import Faults, InputError
from kinetics.files.arguments import loaded, whole_number
from kinetics.measures import Measure, lower_limits, read_measures, recovery_measures
from kinetics.patients.individual.over_draws import difference, measured_counts, share_below
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.population.seeds import checked_seed
from kinetics.prediction.typical import drawn_interval, recovery_over_draws
from kinetics.regimen import Course, Regimen
from kinetics.regimen.times import Amount
from kinetics.simulation.simulating import simulate
from kinetics.units import to_unit, unit_text


def predict_patient(
    fit: PatientFit,
    *,
    until: Amount,
    every: Amount = "1 month",
    retreat: Amount | None = None,
    retreat_with: Course | Regimen | str | Path | None = None,
    draws: int = 200,
    seed: int = 0,
    measures: Measure | str | Iterable[Measure | str] = (),
) -> xr.DataTree:
    """Predict the counts of a patient, with intervals, under the doses given and, if planned, a further course.

    Parameters
    ----------
    fit : PatientFit
        Of `fit_patient`.
    until, every : str or pint.Quantity
        The last time, counted from time zero of the data, and the step of the output.
    retreat : str or pint.Quantity, optional
        When a further course begins, counted from time zero of the data.
    retreat_with : Course, Regimen, str or pathlib.Path, optional
        That course; the patient's last one again by default.
    draws : int
        Parameter sets, drawn from the distribution of the patient's parameters.
    seed : int
        Of draws and of the noise of measurements. What draw number k is depends on seed and k alone.
    measures
        Further measures, as of `simulate`.

    Returns
    -------
    xarray.DataTree
        The root: outputs on (time) at the most probable parameters; times are those of the data. ``draws``: on (draw,
        time). ``interval``: true counts, on (quantile, time), at 2.5, 50 and 97.5 %. ``measured``: the same of
        measurements, of those outputs that were measured. ``below``: the probability that a true count is below its
        lower limit of normal, on (time). ``recovery``: the time to the lower limit after each course, as of `predict`.
        ``observations`` and ``parameters`` of the patient. With a further course, ``without``: ``interval`` without
        it, and ``difference``: what it changes, on (quantile, time).

    Raises
    ------
    InputError
        If a time, number or measure is wrong, or a further course would begin before the last dose.

    Examples
    --------
    >>> tree = predict_patient(fit, until="60 month", retreat="30 month")  # doctest: +SKIP
    """
    faults, model = Faults(), fit.model
    attempt = faults.attempt
    size = attempt("", lambda: whole_number("draws", draws, 2))
    checked = attempt("seed", lambda: checked_seed(seed))
    last = attempt("until", lambda: to_unit(until, model.time) - fit.time_zero)
    planned = attempt("retreat", lambda: _planned(fit, retreat, retreat_with))
    (values,) = fit.values(fit.random[None])
    typical = {**fit.patients.cohort.values, **values}
    limits = lower_limits(model, typical)
    further = attempt("measures", lambda: read_measures(measures, model.outputs, limits))
    faults.raise_if_any()
    assert size is not None
    assert checked is not None
    assert last is not None
    assert planned is not None
    assert further is not None
    recovery = recovery_measures(model, typical)
    common: dict[str, Any] = {
        "until": f"{last!r} {unit_text(model.time)}", "every": every, "cohort": fit.patients.cohort,
        "measures": [*recovery, *(each for each in further if each not in recovery)],
    }  # fmt: skip
    drawn_values = fit.values(fit.draws(size, checked))
    root = simulate(model, planned, parameters=values, **common)
    drawn = simulate(model, planned, parameters=drawn_values, **common)
    groups = {
        "draws": drawn,
        "interval": drawn_interval(drawn),
        "measured": measured_counts(fit, drawn, checked),
        "below": share_below(
            drawn, {each.output: each.threshold(model.outputs[each.output].unit, np.nan) for each in recovery}
        ),
        "recovery": recovery_over_draws(root, drawn, recovery),
    }
    if retreat is not None:
        without = simulate(model, fit.regimen, parameters=drawn_values, **common)
        groups |= {"without": drawn_interval(without), "difference": difference(drawn, without)}
    shifted = {name: _at_times_of_data(group, fit.time_zero) for name, group in {"/": root, **groups}.items()}
    observed = fit.data.select(fit.id).to_dataset()
    tree = xr.DataTree.from_dict({**shifted, "parameters": fit.parameters, "observations": observed})
    tree.attrs |= {"patient": fit.id, "seed": checked, "draws": size, "data_hash": fit.data.content_hash}
    return tree


def _planned(fit: PatientFit, retreat: Amount | None, retreat_with: Course | Regimen | str | Path | None) -> Regimen:
    """What was given and what is planned."""
    if retreat is None:
        if retreat_with is not None:
            raise InputError("a further course needs the time at which it begins")
        return fit.regimen
    begin = to_unit(retreat, fit.model.time) - fit.time_zero
    course, given = _further_course(fit, retreat_with), fit.regimen
    planned = course.at(f"{begin!r} {unit_text(fit.model.time)}")
    if given.courses and planned.start < given.courses[-1].end:
        raise InputError(f"begins before the last dose of patient {fit.id} is given; found '{retreat}'")
    return given + planned


def _further_course(fit: PatientFit, course: Course | Regimen | str | Path | None) -> Course:
    if isinstance(course, Course):
        return course
    if course is None:
        if not fit.regimen.courses:
            raise InputError(f"patient {fit.id} has no course to be given again; name one with retreat_with")
        return fit.regimen.courses[-1]
    regimen = loaded("retreat_with", course, Regimen)
    if len(regimen.courses) != 1:
        raise InputError(f"'{regimen.name}' has {len(regimen.courses)} courses; a further course is one")
    return regimen.courses[0]


def _at_times_of_data(group: xr.Dataset, time_zero: float) -> xr.Dataset:
    """The same with times counted from time zero of the data."""
    moved = {name: group[name] + time_zero for name in ("time", "course_start") if name in group.variables}
    for name, array in moved.items():
        array.attrs = group[name].attrs
    return (
        group.assign_coords(time=moved["time"]).assign({name: array for name, array in moved.items() if name != "time"})
        if "time" in moved
        else group.assign(moved)
    )
