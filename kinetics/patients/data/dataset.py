"""The data of patients as an xarray dataset.

A patient has fewer counts, doses or changes of a covariate than another; what is missing is NaN, empty text or 0.

========================  ======================  ==============================================================
variable                  dims                    what
========================  ======================  ==============================================================
``time``                  (patient, visit)        of counts, in the unit of time of the data
``NAME``                  (patient, visit)        value of an output, in its unit; of a censored one, its limit
``NAME_censored``         (patient, visit)        -1 below, 1 above, 0 measured; only if any is censored
``NAME_limit``            (patient, visit)        lower limit of quantification, in the unit of the output
``NAME_bound``            (patient, visit)        other end of the interval of a censored value, in that unit
``occasion``              (patient, visit)        the occasion of counts, as the file has it; only if there are any
``dose_occasion``         (patient, dose)         that of doses
``dose_time``             (patient, dose)         in the unit of time
``dose_drug``             (patient, dose)         the dose of the model; empty for a reset alone
``dose_amount_DRUG``      (patient, dose)         in the unit of the drug
``dose_rate_DRUG``        (patient, dose)         in that unit per unit of time
``dose_duration`` ...     (patient, dose)         the other columns of `DoseRecord`
``covariate_NAME``        (patient,)              of a covariate that never changes, in its unit, or text
``covariate_NAME``        (patient, change)       of one that does; ``covariate_NAME_time`` has the times
========================  ======================  ==============================================================
"""

# some methods of xarray have no complete types
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import xarray as xr

from kinetics.patients.data.records import Observation, Patient
from kinetics.results import provenance, variable
from kinetics.units import Unit, parse_unit

if TYPE_CHECKING:
    from kinetics.patients.data.patient_data import PatientData

Variables: TypeAlias = dict[str, xr.Variable]
_ONE = parse_unit("1")
_SIDES = {"below": -1, "": 0, "above": 1}


def patient_dataset(data: PatientData) -> xr.Dataset:
    """The dataset of `PatientData.to_dataset`."""
    variables = {**_counts(data), **_doses(data), **_covariates(data)}
    sources = [f"{name} (SHA-256 {checksum})" for name, checksum in data.sources.items()]
    facts = {
        "sources": "; ".join(sources) or None,
        "content_hash": data.content_hash,
        "notes": list(data.notes) or None,
    }
    ids = np.array(data.ids, dtype=np.dtypes.StringDType()).astype(object) if data.ids else np.array([], dtype=object)
    return xr.Dataset(variables, {"patient": ids.astype(str)}, provenance(**facts))


def _table(columns: Sequence[Sequence[Any]], fill: Any) -> np.ndarray:
    """Rows of unequal length as (patient, number), filled up."""
    width = max(map(len, columns), default=0)
    return np.array([[*row, *[fill] * (width - len(row))] for row in columns]).reshape(len(columns), width)


def _visits(patient: Patient) -> Iterator[tuple[float, dict[str, Observation]]]:
    """The counts of one time together; replicates at the next number of the same time."""
    visits: dict[tuple[float, int], dict[str, Observation]] = {}
    for row in patient.observations:
        number = 0
        while row.output in visits.setdefault((row.time, number), {}):
            number += 1
        visits[row.time, number][row.output] = row
    yield from ((time, visits[time, number]) for time, number in sorted(visits))


def _counts(data: PatientData) -> Variables:
    visits = [list(_visits(patient)) for patient in data]
    dims, nan = ("patient", "visit"), math.nan
    times = _table([[time for time, _ in own] for own in visits], nan)
    variables = {"time": variable(dims, times, data.time, "time of the counts")}
    if any(patient.occasions for patient in data):
        rows = zip(data, visits, strict=True)
        names = [[patient.occasion(next(iter(own.values()))) for _, own in visit] for patient, visit in rows]
        variables["occasion"] = xr.Variable(dims, _table(names, ""), {"long_name": "occasion of the counts"})
    for name, unit in data.outputs.items():

        def read(key: str, fill: Any, name: str = name) -> np.ndarray:
            return _table(
                [[getattr(rows[name], key) if name in rows else fill for _, rows in own] for own in visits], fill
            )

        variables[name] = variable(dims, read("value", nan), unit, name)
        sides = np.vectorize(_SIDES.__getitem__, otypes=[np.int8])(read("censored", ""))
        if sides.any():
            long_name = f"whether {name} is below (-1) or above (1) its value"
            variables[f"{name}_censored"] = variable(dims, sides, _ONE, long_name)
        for key, what in (("limit", "lower limit of quantification"), ("bound", "other end of the interval")):
            if not np.isnan(values := read(key, nan)).all():
                variables[f"{name}_{key}"] = variable(dims, values, unit, f"{what} of {name}")
    return variables


def _doses(data: PatientData) -> Variables:
    if not any(patient.doses for patient in data):
        return {}
    dims = ("patient", "dose")

    def read(key: str, fill: Any, drug: str | None = None) -> np.ndarray:
        return _table(
            [[getattr(row, key) if drug in (None, row.drug) else fill for row in patient.doses] for patient in data],
            fill,
        )

    variables = {"dose_time": variable(dims, read("time", math.nan), data.time, "time of the first dose")}
    if any(patient.occasions for patient in data):
        names = [[*map(patient.occasion, patient.doses)] for patient in data]
        variables["dose_occasion"] = xr.Variable(dims, _table(names, ""), {"long_name": "occasion"})
    for key in ("drug", "modelled"):
        variables[f"dose_{key}"] = xr.Variable(dims, read(key, ""), {"long_name": key})
    for key in ("duration", "interval"):
        variables[f"dose_{key}"] = variable(dims, read(key, math.nan), data.time, f"{key} of doses")
    for key in ("additional", "steady_state", "reset"):
        variables[f"dose_{key}"] = variable(dims, read(key, 0).astype(np.int64), _ONE, key.replace("_", " "))
    compartments = [[row.compartment or 0 for row in patient.doses] for patient in data]
    variables["dose_compartment"] = variable(dims, _table(compartments, 0).astype(np.int64), _ONE, "compartment")
    for drug, unit in data.drugs.items():
        variables[f"dose_amount_{drug}"] = variable(dims, read("amount", math.nan, drug), unit, f"amount of {drug}")
        rates, rate_unit = read("rate", math.nan, drug), cast(Unit, unit / data.time)
        variables[f"dose_rate_{drug}"] = variable(dims, rates, rate_unit, f"rate of {drug}; 0: a bolus")
    return variables


def _covariates(data: PatientData) -> Variables:
    variables: Variables = {}
    for name, unit in data.covariates.items():
        series = [patient.covariates.get(name) for patient in data]
        own = [() if one is None else one.values for one in series]
        fill = "" if unit is None else math.nan
        values, times = _table(own, fill), _table([() if one is None else one.times for one in series], math.nan)
        changes = values.shape[1] > 1
        dims = ("patient", f"change_of_{name}") if changes else ("patient",)
        values = values if changes else values[:, 0]
        key = f"covariate_{name}"
        described = {"long_name": name}
        variables[key] = xr.Variable(dims, values, described) if unit is None else variable(dims, values, unit, name)
        if (sets := data.parameters.get(name)) is not None:
            variables[key].attrs |= {"parameter": sets.parameter, "rule": sets.rule or ""}
        if changes:
            variables[f"{key}_time"] = variable(dims, times, data.time, f"time of {name}")
    return variables
